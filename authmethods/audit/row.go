package audit

import (
	"encoding/json"
	"fmt"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
)

type eventRow struct {
	db.Owned
	Seq          int64
	ActorKind    string
	ActorID      string
	ActorName    string
	Action       string
	ObjectID     string
	ObjectRef    string
	RequestID    string
	Changes      string // as hashed, so it is kept as text
	PreviousHash []byte
	Hash         []byte
}

func (eventRow) TableName() string { return "audit_events" }

// newEventRow returns the row of e, without its place in the chain.
func newEventRow(e authmethods.Event) (*eventRow, error) {
	changes, err := json.Marshal(e.Changes)
	if err != nil {
		return nil, fmt.Errorf("audit: the changes of %s are not plain JSON: %w", e.Action, err)
	}
	row := &eventRow{
		Seq:       e.Seq,
		ActorKind: string(e.Actor.Kind), ActorID: string(e.Actor.ID), ActorName: e.Actor.Name,
		Action: e.Action, ObjectID: string(e.Object), ObjectRef: e.ObjectRef,
		RequestID: e.RequestID, Changes: string(changes),
	}
	row.ID, row.CreatedAt = e.ID, db.At(e.At)
	return row, nil
}

func (r *eventRow) event() (authmethods.Event, error) {
	e := authmethods.Event{
		ID: r.ID, Seq: r.Seq, At: r.CreatedAt.Time(),
		Actor:  authmethods.Actor{Kind: authmethods.ActorKind(r.ActorKind), ID: authmethods.ID(r.ActorID), Name: r.ActorName},
		Action: r.Action, Object: authmethods.ID(r.ObjectID), ObjectRef: r.ObjectRef, RequestID: r.RequestID,
	}
	if err := json.Unmarshal([]byte(r.Changes), &e.Changes); err != nil {
		return e, fmt.Errorf("audit: the changes of event %d: %w", r.Seq, err)
	}
	return e, nil
}

// headID is the same in every tenant: each has one head.
const headID authmethods.ID = "head"

// headRow is the end of a tenant's chain.
type headRow struct {
	db.Owned
	Seq  int64
	Hash []byte
	// The events up to KeptAfter are no longer kept; KeptHash is the hash of the last of
	// them, nil while all are there.
	KeptAfter int64
	KeptHash  []byte
}

func (headRow) TableName() string { return "audit_heads" }

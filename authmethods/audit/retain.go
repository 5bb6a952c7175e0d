package audit

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
)

// trimmed is the action of the event that says up to where events were removed. It is
// in the chain, so that nobody can remove more and say that this was all.
const trimmed = "audit.trimmed"

// AtOnce bounds what one transaction removes.
const AtOnce = 5000

var errNothing = errors.New("nothing to remove")

// Trim removes the tenant's events from before a time, the oldest first and some
// thousands at most, and returns how many. What stays is still a chain: it goes on from
// the hash of the last event that went, and says so itself.
func Trim(ctx context.Context, in db.Tenant, c authmethods.Caller, before time.Time) (removed int64, err error) {
	err = db.Tx(ctx, in, func(in db.Tenant) error {
		// Writing what is there makes other writers of the log wait.
		if _, err := db.UpdateIf[headRow](ctx, in, headID, []db.Set{db.Plus("seq", 0)}); err != nil {
			return err
		}
		head, err := db.Get[headRow](ctx, in, headID)
		if err != nil {
			return err
		}
		last, err := lastBefore(ctx, in, head, before)
		if err != nil {
			return err
		}
		if removed, err = db.DeleteIf[eventRow](ctx, in, db.Below("seq", last.Seq+1)); err != nil {
			return err
		}
		sets := []db.Set{db.To("kept_after", last.Seq), db.To("kept_hash", last.Hash)}
		if _, err := db.UpdateIf[headRow](ctx, in, headID, sets); err != nil {
			return err
		}
		return Record(ctx, in, c, authmethods.Event{Action: trimmed, Changes: map[string]authmethods.Change{
			"kept_after": {From: head.KeptAfter, To: last.Seq}, "kept_hash": {To: hex.EncodeToString(last.Hash)},
			"before": {To: before.UTC().Format(time.RFC3339)},
		}})
	})
	if err == errNothing {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("audit: removing old events: %w", err)
	}
	return removed, nil
}

// lastBefore returns the last event that goes: from before the time, as are all before
// it, whatever clock one of them was written by.
func lastBefore(ctx context.Context, in db.Tenant, head *headRow, before time.Time) (*eventRow, error) {
	last := min(head.Seq, head.KeptAfter+AtOnce)
	staying, err := db.Oldest[eventRow](ctx, in, "seq", 1, db.After("seq", head.KeptAfter), db.After("created_at", db.At(before)-1))
	if err != nil {
		return nil, err
	}
	if len(staying) == 1 {
		last = min(last, staying[0].Seq-1)
	}
	if last <= head.KeptAfter {
		return nil, errNothing
	}
	return db.First[eventRow](ctx, in, db.Eq("seq", last))
}

// Begins returns the number of the last event that was removed, 0 if none was, and
// when the oldest that is kept was written.
func Begins(ctx context.Context, in db.Tenant) (after int64, oldest time.Time, err error) {
	head, err := db.Get[headRow](ctx, in, headID)
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("audit: finding the beginning: %w", err)
	}
	first, err := db.First[eventRow](ctx, in, db.Eq("seq", head.KeptAfter+1))
	if errors.Is(err, authmethods.NotFound) {
		return head.KeptAfter, time.Time{}, nil
	}
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("audit: finding the beginning: %w", err)
	}
	return head.KeptAfter, first.CreatedAt.Time(), nil
}

// attests reports whether an event says that the log begins where the head says so.
func (r *eventRow) attests(head *headRow) bool {
	if r.Action != trimmed {
		return false
	}
	var said struct {
		After struct {
			To int64 `json:"to"`
		} `json:"kept_after"`
		Hash struct {
			To string `json:"to"`
		} `json:"kept_hash"`
	}
	if json.Unmarshal([]byte(r.Changes), &said) != nil {
		return false
	}
	hash, err := hex.DecodeString(said.Hash.To)
	return err == nil && said.After.To == head.KeptAfter && bytes.Equal(hash, head.KeptHash)
}

package api

import (
	"net/http"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/web/list"
	"latchkey/web/route"
)

// event is an entry of the audit log on the wire.
type event struct {
	ID        authmethods.ID                `json:"id"`
	Seq       int64                         `json:"seq"`
	At        time.Time                     `json:"at"`
	Actor     actor                         `json:"actor"`
	Action    string                        `json:"action"`
	Object    authmethods.ID                `json:"object,omitempty"`
	ObjectRef string                        `json:"object_ref,omitempty"`
	RequestID string                        `json:"request_id,omitempty"`
	Changes   map[string]authmethods.Change `json:"changes,omitempty"`
}

type actor struct {
	Kind authmethods.ActorKind `json:"kind"`
	ID   authmethods.ID        `json:"id,omitempty"`
	Name string                `json:"name,omitempty"`
}

func showEvent(e authmethods.Event) event {
	return event{
		ID: e.ID, Seq: e.Seq, At: e.At.UTC(), Actor: actor(e.Actor), Action: e.Action,
		Object: e.Object, ObjectRef: e.ObjectRef, RequestID: e.RequestID, Changes: e.Changes,
	}
}

// ListEvents lists the audit log, the newest first.
func (h *Handlers) ListEvents(c *route.Call) error {
	q := list.Read(c.Request(), "object")
	aq := audit.Query{Object: authmethods.ID(q.Text("object", maxRef)), BeforeSeq: q.BeforeSeq(), Limit: q.Limit + 1}
	if err := q.Err(); err != nil {
		return err
	}
	t, err := h.in(c)
	if err != nil {
		return err
	}
	found, err := t.Events(c.Request().Context(), aq)
	if err != nil {
		return err
	}
	return replyEvents(c, found, q.Limit)
}

func replyEvents(c *route.Call, found []authmethods.Event, limit int) error {
	page := list.PageOf(found, limit, func(e authmethods.Event) string { return list.SeqCursor(e.Seq) })
	return c.Reply(http.StatusOK, list.Show(page, showEvent))
}

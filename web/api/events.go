package api

import (
	"net/http"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/web/list"
	"latchkey/web/route"
)

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
	return c.Reply(http.StatusOK, list.Show(page, audit.LineOf))
}

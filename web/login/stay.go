package login

import (
	"net/http"
	"time"

	"latchkey/web/route"
)

// Stay is GET /account/session: how many seconds the session goes on if nothing is done
// from now on, and at the most. To ask is to be there, unless a page asks by itself.
func (h *Handlers) Stay(c *route.Call) error {
	return c.Reply(http.StatusOK, struct {
		Left       int64 `json:"left_seconds"`
		LeftAtMost int64 `json:"left_at_most_seconds"`
	}{int64(c.Person.Left() / time.Second), int64(c.Person.LeftAtMost() / time.Second)})
}

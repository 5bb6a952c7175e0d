package api

import (
	"net/http"
	"slices"
	"time"

	"latchkey/authmethods"
	"latchkey/sso/session"
	"latchkey/web/list"
	"latchkey/web/route"
)

// stay is a session on the wire.
type stay struct {
	ID           authmethods.ID `json:"id"`
	Connector    authmethods.ID `json:"connector,omitempty"`
	Means        session.Means  `json:"means"`
	SecondFactor bool           `json:"second_factor"`
	Current      bool           `json:"current"` // the one that asks
	Address      string         `json:"address"`
	UserAgent    string         `json:"user_agent"`
	CreatedAt    time.Time      `json:"created_at"`
	SeenAt       time.Time      `json:"seen_at"`
	ExpiresAt    time.Time      `json:"expires_at"`
}

// ListSessions lists where a person is signed in.
func (h *Handlers) ListSessions(c *route.Call) error {
	found, err := h.sessions(c)
	if err != nil {
		return err
	}
	show := func(s session.Session) stay {
		return stay{
			ID: s.ID, Connector: s.Connector, Means: s.Means, SecondFactor: s.SecondFactor,
			Current: c.Person != nil && c.Person.Session.ID == s.ID, Address: s.Address, UserAgent: s.UserAgent,
			CreatedAt: s.CreatedAt.UTC(), SeenAt: s.SeenAt.UTC(), ExpiresAt: s.ExpiresAt.UTC(),
		}
	}
	return c.Reply(http.StatusOK, list.Show(list.Page[session.Session]{Items: found}, show))
}

// sessions lists those of the person whom the path names.
func (h *Handlers) sessions(c *route.Call) ([]session.Session, error) {
	u, _, err := h.user(c)
	if err != nil {
		return nil, err
	}
	return h.Sessions.List(c.Request().Context(), c.Caller, u.ID)
}

// EndSessions signs a person out everywhere.
func (h *Handlers) EndSessions(c *route.Call) error {
	u, _, err := h.user(c)
	if err != nil {
		return err
	}
	if _, err := h.Sessions.EndAllOf(c.Request().Context(), c.Caller, u.ID); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// EndSession signs a person out in one browser.
func (h *Handlers) EndSession(c *route.Call) error {
	found, err := h.sessions(c)
	if err != nil {
		return err
	}
	named := func(s session.Session) bool { return string(s.ID) == c.Param("session_id") }
	i := slices.IndexFunc(found, named)
	if i < 0 {
		return authmethods.Missing()
	}
	if err := h.Sessions.End(c.Request().Context(), c.Caller, found[i].ID); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

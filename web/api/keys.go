package api

import (
	"net/http"
	"time"

	"latchkey/authmethods"
	"latchkey/web/list"
	"latchkey/web/route"
	"latchkey/web/strict"
)

// key is what may be shown of an API key.
type key struct {
	ID         authmethods.ID `json:"id"`
	Service    authmethods.ID `json:"service_account"`
	Name       string         `json:"name"`
	ExpiresAt  time.Time      `json:"expires_at,omitzero"`
	RevokedAt  time.Time      `json:"revoked_at,omitzero"`
	LastUsedAt time.Time      `json:"last_used_at,omitzero"`
	CreatedAt  time.Time      `json:"created_at"`
}

// issuedKey is a new key, shown this once.
type issuedKey struct {
	key
	Shown string `json:"key"`
}

func showKey(k authmethods.APIKey) key {
	return key{k.ID, k.Service, k.Name, k.ExpiresAt.UTC(), k.RevokedAt.UTC(), k.LastUsedAt.UTC(), k.CreatedAt.UTC()}
}

// ListKeys lists the API keys of the tenant or of one service account.
func (h *Handlers) ListKeys(c *route.Call) error {
	q := list.Read(c.Request(), "service_account")
	after, of := q.AfterID("key"), q.Text("service_account", maxName)
	if err := q.Err(); err != nil {
		return err
	}
	t, err := h.in(c)
	if err != nil {
		return err
	}
	var services []authmethods.Service
	if of == "" {
		services, err = t.Services(c.Request().Context())
	} else {
		services = make([]authmethods.Service, 1)
		services[0], err = t.Service(c.Request().Context(), of)
	}
	if err != nil {
		return err
	}
	var all []authmethods.APIKey
	for _, s := range services {
		all = append(all, s.Keys...)
	}
	id := func(k authmethods.APIKey) authmethods.ID { return k.ID }
	return c.Reply(http.StatusOK, list.Show(pageBehind(all, after, q.Limit, id), showKey))
}

// IssueKey makes a key for a service account.
func (h *Handlers) IssueKey(c *route.Call) error {
	body, err := strict.Decode(c.Request())
	if err != nil {
		return err
	}
	body.Require("service_account", "name")
	of, name, expiresAt := body.Line("service_account", maxName), body.Line("name", maxName), body.Time("expires_at")
	if err := body.Err(); err != nil {
		return err
	}
	t, err := h.in(c)
	if err != nil {
		return err
	}
	return replyIssued(c)(t.IssueKey(c.Request().Context(), of, name, expiresAt))
}

// replyIssued shows a new key. This is the only time.
func replyIssued(c *route.Call) func(authmethods.IssuedKey, error) error {
	return func(k authmethods.IssuedKey, err error) error {
		if err != nil {
			return err
		}
		return c.Reply(http.StatusCreated, issuedKey{showKey(k.APIKey), k.Shown.Reveal()})
	}
}

// RevokeKey ends a key for good.
func (h *Handlers) RevokeKey(c *route.Call) error {
	t, err := h.in(c)
	if err != nil {
		return err
	}
	if err := t.RevokeKey(c.Request().Context(), authmethods.ID(c.Param("id"))); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// usualOverlap is how long a rolled key goes on working.
const usualOverlap = 24 * time.Hour

// RollKey issues a key in the place of another, which works a while longer.
func (h *Handlers) RollKey(c *route.Call) error {
	body, err := strict.DecodeOptional(c.Request())
	if err != nil {
		return err
	}
	overlap := usualOverlap
	if body.Has("overlap_seconds") {
		overlap = time.Duration(body.Int("overlap_seconds", 0, 366*24*60*60)) * time.Second
	}
	if err := body.Err(); err != nil {
		return err
	}
	t, err := h.in(c)
	if err != nil {
		return err
	}
	return replyIssued(c)(t.RollKey(c.Request().Context(), authmethods.ID(c.Param("id")), overlap))
}

package api

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/web/list"
	"latchkey/web/route"
	"latchkey/web/strict"
)

// service is a service account on the wire.
type service struct {
	ID        authmethods.ID `json:"id"`
	Name      string         `json:"name"`
	Admin     bool           `json:"admin"`
	Disabled  bool           `json:"disabled"`
	Permits   []permit       `json:"permits"`
	Keys      []key          `json:"keys"`
	Rev       int64          `json:"rev"`
	CreatedAt time.Time      `json:"created_at"`
}

type permit struct {
	ID          authmethods.ID `json:"id"`
	Method      string         `json:"method"`
	Environment string         `json:"environment"`
	Scopes      []string       `json:"scopes"`
}

func showService(s authmethods.Service) service {
	shown := service{
		ID: s.ID, Name: s.Name, Admin: s.Admin, Disabled: s.Disabled, Permits: []permit{}, Keys: []key{},
		Rev: s.Rev, CreatedAt: s.CreatedAt.UTC(),
	}
	for _, p := range s.Permits {
		shown.Permits = append(shown.Permits, permit{p.ID, p.Method, p.Environment, append([]string{}, p.Scopes...)})
	}
	for _, k := range s.Keys {
		shown.Keys = append(shown.Keys, showKey(k))
	}
	return shown
}

// readPermit reads a permit. Which tenant it is about is not to be said here: a
// tenant's service borrows from its own.
func readPermit(body *strict.Object) authmethods.Permit {
	body.Require("method", "environment")
	return authmethods.Permit{
		Method:      body.Line("method", maxRef),
		Environment: strict.Choice(body, "environment", authmethods.Any, string(authmethods.Production), string(authmethods.Sandbox), string(authmethods.Developer)),
		Scopes:      body.Texts("scopes", maxScopes, maxText),
	}
}

// ListServices lists the service accounts.
func (h *Handlers) ListServices(c *route.Call) error {
	q := list.Read(c.Request())
	after := q.AfterID("sa")
	if err := q.Err(); err != nil {
		return err
	}
	t, err := h.in(c)
	if err != nil {
		return err
	}
	all, err := t.Services(c.Request().Context())
	if err != nil {
		return err
	}
	of := func(s authmethods.Service) authmethods.ID { return s.ID }
	return c.Reply(http.StatusOK, list.Show(pageBehind(all, after, q.Limit, of), showService))
}

// pageBehind cuts a page out of a list that was read as a whole.
func pageBehind[T any](all []T, after authmethods.ID, limit int, id func(T) authmethods.ID) list.Page[T] {
	slices.SortFunc(all, func(a, b T) int { return cmp.Compare(id(a), id(b)) })
	rest := slices.DeleteFunc(all, func(x T) bool { return id(x) <= after })
	return list.PageOf(rest, limit, func(x T) string { return list.IDCursor(id(x)) })
}

// CreateService makes a service account.
func (h *Handlers) CreateService(c *route.Call) error {
	body, err := strict.Decode(c.Request())
	if err != nil {
		return err
	}
	body.Require("name")
	n := store.NewService{Name: body.Line("name", maxName), Admin: body.Bool("admin")}
	for _, p := range body.Objects("permits", maxPermits) {
		n.Permits = append(n.Permits, readPermit(p))
	}
	if err := body.Err(); err != nil {
		return err
	}
	t, err := h.in(c)
	if err != nil {
		return err
	}
	s, err := t.CreateService(c.Request().Context(), n)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Location", "/api/v1/service-accounts/"+string(s.ID))
	return replyRev(c, http.StatusCreated, s.Rev, showService(s))
}

// GetService shows a service account.
func (h *Handlers) GetService(c *route.Call) error {
	t, err := h.in(c)
	if err != nil {
		return err
	}
	s, err := t.Service(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	return replyRev(c, http.StatusOK, s.Rev, showService(s))
}

// ChangeService applies a merge patch.
func (h *Handlers) ChangeService(c *route.Call) error {
	rev, change, err := patch(c, func(body *strict.Object) store.ServiceChange {
		return store.ServiceChange{
			Name: body.PatchText("name", maxName), Admin: body.PatchBool("admin"), Disabled: body.PatchBool("disabled"),
		}
	})
	if err != nil {
		return err
	}
	t, err := h.in(c)
	if err != nil {
		return err
	}
	s, err := t.ChangeService(c.Request().Context(), c.Param("id"), rev, change)
	if err != nil {
		return err
	}
	return replyRev(c, http.StatusOK, s.Rev, showService(s))
}

// DeleteService deletes a service account; its keys stop working.
func (h *Handlers) DeleteService(c *route.Call) error {
	return remove(c, h.in, (*store.Tenant).DeleteService)
}

// AddPermit lets a service account borrow more.
func (h *Handlers) AddPermit(c *route.Call) error {
	body, err := strict.Decode(c.Request())
	if err != nil {
		return err
	}
	p := readPermit(body)
	if err := body.Err(); err != nil {
		return err
	}
	t, err := h.in(c)
	if err != nil {
		return err
	}
	s, err := t.AddPermit(c.Request().Context(), c.Param("id"), p)
	if err != nil {
		return err
	}
	return replyRev(c, http.StatusCreated, s.Rev, showService(s))
}

// RemovePermit takes a permit away.
func (h *Handlers) RemovePermit(c *route.Call) error {
	t, err := h.in(c)
	if err != nil {
		return err
	}
	if err := t.RemovePermit(c.Request().Context(), c.Param("id"), authmethods.ID(c.Param("permit_id"))); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

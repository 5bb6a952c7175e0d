package api

import (
	"errors"
	"net/http"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/web/list"
	"latchkey/web/route"
	"latchkey/web/strict"
)

// ListMethods lists the methods.
func (h *Handlers) ListMethods(c *route.Call) error {
	q := list.Read(c.Request())
	after := q.AfterID("am")
	if err := q.Err(); err != nil {
		return err
	}
	t, err := h.in(c)
	if err != nil {
		return err
	}
	found, err := t.Methods(c.Request().Context(), after, q.Limit+1)
	if err != nil {
		return err
	}
	page := list.PageOf(found, q.Limit, func(m authmethods.Method) string { return list.IDCursor(m.ID) })
	return c.Reply(http.StatusOK, list.Show(page, showMethod))
}

// CreateMethod makes a method.
func (h *Handlers) CreateMethod(c *route.Call) error {
	body, err := strict.Decode(c.Request())
	if err != nil {
		return err
	}
	n := readNewMethod(body)
	if err := body.Err(); err != nil {
		return err
	}
	t, err := h.in(c)
	if err != nil {
		return err
	}
	m, err := t.CreateMethod(c.Request().Context(), n)
	if err != nil {
		return err
	}
	return created(c, m)
}

func created(c *route.Call, m authmethods.Method) error {
	c.Response().Header().Set("Location", "/api/v1/auth-methods/"+string(m.ID))
	return replyRev(c, http.StatusCreated, m.Rev, showMethod(m))
}

// GetMethod shows a method.
func (h *Handlers) GetMethod(c *route.Call) error {
	m, err := h.method(c)
	if err != nil {
		return err
	}
	return replyRev(c, http.StatusOK, m.Rev, showMethod(m))
}

// method reads the method that the path names by id or reference.
func (h *Handlers) method(c *route.Call) (authmethods.Method, error) {
	t, err := h.in(c)
	if err != nil {
		return authmethods.Method{}, err
	}
	return t.Method(c.Request().Context(), c.Param("id"))
}

// ChangeMethod applies a merge patch.
func (h *Handlers) ChangeMethod(c *route.Call) error {
	rev, err := ifMatch(c.Request())
	if err != nil {
		return err
	}
	body, err := strict.Decode(c.Request())
	if err != nil {
		return err
	}
	t, err := h.in(c)
	if err != nil {
		return err
	}
	now, err := h.method(c)
	if err != nil {
		return err
	}
	mc := readMethodPatch(body, now)
	if err := body.Err(); err != nil {
		return err
	}
	if rev == 0 && mc.Settings != nil {
		// The settings were merged with those of this revision, and of no other.
		rev = now.Rev
	}
	m, err := t.ChangeMethod(c.Request().Context(), string(now.ID), rev, mc)
	if err != nil {
		return err
	}
	return replyRev(c, http.StatusOK, m.Rev, showMethod(m))
}

// DeleteMethod deletes a method on which nothing depends.
func (h *Handlers) DeleteMethod(c *route.Call) error {
	return remove(c, h.in, (*store.Tenant).DeleteMethod)
}

// DuplicateMethod makes a method like another, without its secret.
func (h *Handlers) DuplicateMethod(c *route.Call) error {
	body, err := strict.Decode(c.Request())
	if err != nil {
		return err
	}
	body.Require("name")
	name, reference := body.Line("name", maxName), body.Line("reference", maxRef)
	if err := body.Err(); err != nil {
		return err
	}
	t, err := h.in(c)
	if err != nil {
		return err
	}
	m, err := t.DuplicateMethod(c.Request().Context(), c.Param("id"), name, reference)
	if err != nil {
		return err
	}
	return created(c, m)
}

type dependents struct {
	Connections []dependentConnection `json:"connections"`
	Permits     []dependentPermit     `json:"permits"`
}

type dependentConnection struct {
	ID          authmethods.ID          `json:"id"`
	Environment authmethods.Environment `json:"environment"`
	Subject     string                  `json:"subject"`
	AccountName string                  `json:"account_name,omitempty"`
	Live        bool                    `json:"live"`
}

type dependentPermit struct {
	ID          authmethods.ID `json:"id"`
	Service     authmethods.ID `json:"service_account"`
	ServiceName string         `json:"service_account_name"`
	Environment string         `json:"environment"`
}

// Dependents lists what hangs on a method.
func (h *Handlers) Dependents(c *route.Call) error {
	t, err := h.in(c)
	if err != nil {
		return err
	}
	found, err := t.Dependents(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	return c.Reply(http.StatusOK, showDependents(found))
}

func showDependents(found store.Dependents) dependents {
	d := dependents{Connections: []dependentConnection{}, Permits: []dependentPermit{}}
	for _, x := range found.Connections {
		d.Connections = append(d.Connections, dependentConnection(x))
	}
	for _, x := range found.Permits {
		d.Permits = append(d.Permits, dependentPermit(x))
	}
	return d
}

// History lists what happened to a method, the newest first.
func (h *Handlers) History(c *route.Call) error {
	q := list.Read(c.Request())
	before := q.BeforeSeq()
	if err := q.Err(); err != nil {
		return err
	}
	t, err := h.in(c)
	if err != nil {
		return err
	}
	found, err := t.History(c.Request().Context(), c.Param("id"), before, q.Limit+1)
	if err != nil {
		return err
	}
	return replyEvents(c, found, q.Limit)
}

// temporary gives a diagnosis the kind by which its problem is answered.
func temporary(code authmethods.Code) authmethods.Kind {
	if authmethods.Diagnose(code).Temporary {
		return authmethods.Unavailable
	}
	return authmethods.HumanNeeded
}

// asProblem is the problem of a consent that failed before anybody was asked.
func asProblem(code authmethods.Code, detail string) error {
	if code == authmethods.CodeInternal {
		return errors.New("api: a consent ended abnormally")
	}
	return &authmethods.Problem{Kind: temporary(code), Code: code, Detail: detail}
}

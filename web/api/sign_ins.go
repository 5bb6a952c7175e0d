package api

import (
	"net/http"
	"time"

	"latchkey/authmethods"
	"latchkey/crypto/token"
	"latchkey/sso"
	"latchkey/web/list"
	"latchkey/web/route"
	"latchkey/web/strict"
)

// signIn is an attempt to sign in on the wire. Lists have neither claims nor trace.
type signIn struct {
	ID            authmethods.ID   `json:"id"`
	ReferenceCode string           `json:"reference_code"`
	Connector     authmethods.ID   `json:"connector"`
	Outcome       sso.Outcome      `json:"outcome"`
	Code          authmethods.Code `json:"code,omitempty"`
	Diagnosis     *diagnosis       `json:"diagnosis,omitempty"`
	User          authmethods.ID   `json:"user,omitempty"`
	UserName      string           `json:"user_name,omitempty"`
	Subject       *subject         `json:"subject,omitempty"`
	DataCentre    string           `json:"data_centre,omitempty"`
	Claims        sso.Claims       `json:"claims,omitempty"`
	Trace         []string         `json:"trace,omitempty"`
	Address       string           `json:"address"`
	UserAgent     string           `json:"user_agent"`
	CreatedAt     time.Time        `json:"created_at"`
	FinishedAt    time.Time        `json:"finished_at,omitzero"`
}

func showSignIn(s sso.SignIn) signIn {
	return signIn{
		ID: s.ID, ReferenceCode: s.ReferenceCode, Connector: s.Connector, Outcome: s.Outcome, Code: s.Code, Diagnosis: diagnosed(s.Code),
		User: s.User, UserName: s.UserName, Subject: subjectOf(s.Subject), DataCentre: s.DataCentre,
		Address: s.Address, UserAgent: s.UserAgent, CreatedAt: s.CreatedAt.UTC(), FinishedAt: s.FinishedAt.UTC(),
	}
}

// ListSignIns lists attempts to sign in, the newest first.
func (h *Handlers) ListSignIns(c *route.Call) error {
	q := list.Read(c.Request(), "connector", "user", "outcome", "code", "since")
	sq := sso.SignInQuery{
		Outcome: list.Choice(q, "outcome", sso.Pending, sso.SignedIn, sso.Refused, sso.Tried),
		Code:    authmethods.Code(q.Text("code", maxRef)), Since: moment(q, "since"), Before: q.AfterID("sin"), Limit: q.Limit + 1,
	}
	connector, user := q.Text("connector", maxRef), q.Text("user", maxUserName)
	if err := q.Err(); err != nil {
		return err
	}
	t, err := h.people(c)
	if err != nil {
		return err
	}
	if connector != "" {
		if sq.Connector, err = connectorID(c, t, connector); err != nil {
			return err
		}
	}
	if sq.User = authmethods.ID(user); user != "" && !token.ValidID("usr", user) {
		u, err := t.User(c.Request().Context(), user)
		if err != nil {
			return err
		}
		sq.User = u.ID
	}
	found, err := h.SignIn.List(c.Request().Context(), c.Caller, sq)
	if err != nil {
		return err
	}
	page := list.PageOf(found, q.Limit, func(s sso.SignIn) string { return list.IDCursor(s.ID) })
	return c.Reply(http.StatusOK, list.Show(page, showSignIn))
}

// GetSignIn shows an attempt to sign in by its id or reference code, with what the
// provider said, masked, and how it was judged.
func (h *Handlers) GetSignIn(c *route.Call) error {
	s, err := h.SignIn.Find(c.Request().Context(), c.Caller, c.Param("id"))
	if err != nil {
		return err
	}
	shown := showSignIn(s)
	shown.Claims, shown.Trace = sso.Mask(s.Claims), s.Trace
	return c.Reply(http.StatusOK, shown)
}

// LinkSignIn pins the account that an attempt proved to a person.
func (h *Handlers) LinkSignIn(c *route.Call) error {
	body, err := strict.Decode(c.Request())
	if err != nil {
		return err
	}
	body.Require("user")
	ref := body.Line("user", maxUserName)
	if err := body.Err(); err != nil {
		return err
	}
	ctx := c.Request().Context()
	s, err := h.SignIn.Find(ctx, c.Caller, c.Param("id"))
	if err != nil {
		return err
	}
	if s.Subject == (sso.Subject{}) {
		return &authmethods.Problem{
			Kind: authmethods.Conflict, Code: authmethods.CodeConflict,
			Detail: "This sign-in did not prove who it was, so there is nothing to link.",
		}
	}
	t, err := h.people(c)
	if err != nil {
		return err
	}
	u, err := t.User(ctx, ref)
	if err != nil {
		return missingField(err, "/user", "There is no such user.")
	}
	return h.pin(c, string(u.ID), string(s.Connector), s.Subject)
}

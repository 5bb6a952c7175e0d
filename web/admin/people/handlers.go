package people

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/authmethods/store"
	"latchkey/crypto/token"
	"latchkey/sso/credentials"
	"latchkey/sso/directory"
	"latchkey/sso/mail"
	"latchkey/sso/session"
	"latchkey/sso/signin"
	"latchkey/web/page"
	"latchkey/web/route"
)

// Handlers answer with the pages about people. All fields but Mail are needed.
type Handlers struct {
	Directory   *directory.Directory
	Sessions    *session.Sessions
	Credentials *credentials.Credentials
	SignIn      *signin.Service
	Methods     *store.Store
	Catalog     *catalog.Catalog
	// Mail sends people their links; nil: they are shown to whoever makes them.
	Mail      *mail.Sender
	PublicURL authmethods.PublicURL
}

// The pages that others lead to.
const (
	connectorsPath = "/sso"
	signInsPath    = "/sso/sign-ins"
	usersPath      = "/users"
	rolesPath      = "/roles"
)

// formPurpose is what the tokens of the forms here are for.
const formPurpose = "people"

// in returns the people of the caller's tenant.
func (h *Handlers) in(c *route.Call) (*directory.Tenant, error) { return h.Directory.For(c.Caller) }

// signedIn refuses programs: pages are for people.
func signedIn(c *route.Call) error {
	if c.Person != nil {
		return nil
	}
	return &authmethods.Problem{
		Kind: authmethods.Forbidden, Code: authmethods.CodeForbidden, Detail: "Pages are for people. Programs use the API.",
	}
}

// posted reads a form and refuses one that no page of ours sent.
func posted(c *route.Call) error {
	if err := signedIn(c); err != nil {
		return err
	}
	return c.OwnForm(formPurpose)
}

// form is one that leads to an address.
func form(c *route.Call, post string, hidden ...page.Hidden) page.PeopleForm {
	return page.PeopleForm{Post: post, Hidden: hidden, Token: c.FormToken(formPurpose)}
}

// done tells what was done and leads on.
func done(c *route.Call, address, flash string, pairs ...string) error {
	page.SetFlash(c, page.Good, "flash.people."+flash, pairs...)
	return c.SeeOther(address)
}

// correctable reports a problem that belongs on the form itself, and the status of the
// answer.
func correctable(err error) (page.Corrections, int, bool) { return corrections(err, fieldOf) }

// corrections is correctable where name finds the field for a pointer.
func corrections(err error, name func(pointer string) string) (page.Corrections, int, bool) {
	var p *authmethods.Problem
	if !errors.As(err, &p) {
		return nil, 0, false
	}
	switch p.Kind {
	case authmethods.Invalid, authmethods.Conflict:
		return correctionsOf(p, name), http.StatusUnprocessableEntity, true
	case authmethods.Stale:
		return page.Corrections{{Text: p.Detail}}, http.StatusPreconditionFailed, true
	}
	return nil, 0, false
}

// correctionsOf puts a problem beside the fields that it is about; name finds the
// field for a pointer.
func correctionsOf(p *authmethods.Problem, name func(pointer string) string) page.Corrections {
	var all page.Corrections
	for _, f := range p.Fields {
		all = append(all, page.Correction{Field: name(f.Pointer), Text: f.Detail})
	}
	if len(all) == 0 {
		all = page.Corrections{{Text: p.Detail}}
	}
	return all
}

// fieldOf is the field that a pointer is about: the first part of it.
func fieldOf(pointer string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(pointer, "/"), "/")
	return name
}

// identified returns the path's id if it has the prefix; anything else names nothing.
func identified(c *route.Call, name, prefix string) (authmethods.ID, error) {
	s := c.Param(name)
	if !token.ValidID(prefix, s) {
		return "", authmethods.Missing()
	}
	return authmethods.ID(s), nil
}

// revision is what the form was made of; 0 if it does not say.
func revision(c *route.Call) int64 {
	rev, err := strconv.ParseInt(c.Request().PostFormValue("rev"), 10, 64)
	if err != nil || rev < 0 {
		return 0
	}
	return rev
}

// revHidden has a form say what it was made of.
func revHidden(rev int64) page.Hidden {
	return page.Hidden{Name: "rev", Value: strconv.FormatInt(rev, 10)}
}

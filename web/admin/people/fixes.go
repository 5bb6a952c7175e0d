package people

import (
	"cmp"
	"strings"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/web/page"
	"latchkey/web/route"
)

// fixes are the ways to mend a refused sign-in that are open to whoever asks, the
// likeliest first.
func (h *Handlers) fixes(c *route.Call, s sso.SignIn, of sso.Connector) []page.Fix {
	switch s.Code {
	case authmethods.CodeConnectorDisabled:
		return only(c.May(authmethods.ModifyConnectors), h.lead(c, "enable_connector", connectorPath(of.ID)+"/enable"))
	case authmethods.CodeUserDisabled:
		return only(s.User != "" && c.May(authmethods.ModifyUsers), h.lead(c, "enable_user", userPath(s.User)+"/enable"))
	case authmethods.CodeNotAssociated, authmethods.CodeNoMatchingUser, authmethods.CodeSeveralUsers, authmethods.CodeEmailUnverified,
		authmethods.CodeIdentityChanged:
	default:
		return nil
	}
	var all []page.Fix
	add := func(ok bool, f page.Fix) { all = append(all, only(ok, f)...) }
	modifies := c.May(authmethods.ModifyUsers)
	add(s.Code == authmethods.CodeNotAssociated && s.User != "" && modifies, h.send(c, s, "associate", s.UserName, nil))
	add(s.Code == authmethods.CodeIdentityChanged && s.User != "" && modifies, h.lead(c, "unpin", userPath(s.User)+"#accounts"))
	proved := s.Subject != sso.Subject{}
	email, _ := s.Claims.Text("email")
	add(s.Code == authmethods.CodeNoMatchingUser && proved && email != "" && modifies && c.May(authmethods.CreateUsers), h.send(c, s, "create", "", nil))
	user := fields{w: page.Words(c)}.text("user", "link_user", mono, atMost(256), like("marie@acme.fr")).Field
	user.Value = s.UserName
	add(proved && modifies, h.send(c, s, "link", "", user))
	add(s.Code == authmethods.CodeEmailUnverified && c.May(authmethods.ModifyConnectors), h.lead(c, "trust", connectorPath(of.ID)+"/edit"))
	add(c.May(authmethods.ViewUsers), h.lead(c, "try", connectorPath(of.ID)+"/tester?sign_in="+string(s.ID)))
	return all
}

func only(ok bool, f page.Fix) []page.Fix {
	if !ok {
		return nil
	}
	return []page.Fix{f}
}

// lead is a fix that is made on another page.
func (h *Handlers) lead(c *route.Call, key, href string) page.Fix {
	w := page.Words(c)
	return page.Fix{Title: w.Say("people.fix." + key), Submit: w.Say("people.fix.do." + key), Href: href}
}

// send is a fix that is made here.
func (h *Handlers) send(c *route.Call, s sso.SignIn, key, name string, field *page.Field) page.Fix {
	w := page.Words(c)
	return page.Fix{
		Title: w.Say("people.fix."+key, "name", name), Text: w.Say("people.fix.text."+key, "name", name), Submit: w.Say("people.fix.do." + key),
		Form: new(form(c, signInsPath+"/"+string(s.ID)+"/"+key)), Field: field,
	}
}

// mending reads the attempt that the form of a fix is about, and the people among whom it
// is mended.
func (h *Handlers) mending(c *route.Call) (sso.SignIn, *directory.Tenant, error) {
	s, err := h.attempt(c)
	if err != nil {
		return s, nil, err
	}
	t, err := h.in(c)
	return s, t, err
}

// mended leads back to the attempt, or shows what is wrong there.
func (h *Handlers) mended(c *route.Call, s sso.SignIn, name string, err error) error {
	if authmethods.KindOf(err) == authmethods.NotFound {
		err = authmethods.InvalidField("/user", page.Words(c).Say("people.link.unknown"))
	}
	if err != nil {
		wrong, status, ok := correctable(err)
		if !ok {
			return err
		}
		return h.showAttempt(c, status, s, wrong)
	}
	return done(c, signInsPath+"/"+string(s.ID), "mended", "name", name)
}

// AssociateAttempt is POST /sso/sign-ins/:id/associate: puts the connector on the card
// of whom the attempt came to.
func (h *Handlers) AssociateAttempt(c *route.Call) error {
	s, t, err := h.mending(c)
	if err != nil {
		return err
	}
	if s.User == "" {
		return authmethods.Missing()
	}
	_, err = t.Associate(c.Request().Context(), string(s.Connector), []authmethods.ID{s.User})
	return h.mended(c, s, s.UserName, err)
}

// LinkAttempt is POST /sso/sign-ins/:id/link: pins the account that the attempt proved
// to a user.
func (h *Handlers) LinkAttempt(c *route.Call) error {
	s, t, err := h.mending(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	u, err := t.User(ctx, strings.TrimSpace(c.Request().PostFormValue("user")))
	if err == nil {
		err = unproved(c, s)
	}
	if err == nil {
		_, err = t.Pin(ctx, string(u.ID), string(s.Connector), s.Subject)
	}
	if err == nil {
		_, err = t.Associate(ctx, string(s.Connector), []authmethods.ID{u.ID})
	}
	return h.mended(c, s, u.UserName, err)
}

// unproved refuses to link what was never proved.
func unproved(c *route.Call, s sso.SignIn) error {
	if s.Subject != (sso.Subject{}) {
		return nil
	}
	return &authmethods.Problem{Kind: authmethods.Conflict, Code: authmethods.CodeConflict, Detail: page.Words(c).Say("people.link.unproved")}
}

// CreateFromAttempt is POST /sso/sign-ins/:id/create: makes a user for the account
// that the attempt proved, named by its address, and pins it.
func (h *Handlers) CreateFromAttempt(c *route.Call) error {
	s, t, err := h.mending(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	email, _ := s.Claims.Text("email")
	if err = unproved(c, s); err != nil || email == "" {
		return h.mended(c, s, "", cmp.Or(err, error(authmethods.InvalidField("", page.Words(c).Say("people.link.unproved")))))
	}
	name, _ := s.Claims.Text("name")
	u, err := t.CreateUser(ctx, directory.NewUser{UserName: email, Email: email, DisplayName: name, Connectors: []authmethods.ID{s.Connector}})
	if err == nil {
		_, err = t.Pin(ctx, string(u.ID), string(s.Connector), s.Subject)
	}
	return h.mended(c, s, u.UserName, err)
}

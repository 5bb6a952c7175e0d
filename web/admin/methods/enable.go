package methods

import (
	"cmp"
	"net/http"

	"latchkey/authmethods"
	"latchkey/tokens"
	"latchkey/tokens/consent"
	"latchkey/web/page"
	"latchkey/web/route"
)

// Window is GET /methods/:id/enable: in which environment, and whether it can work.
func (h *Handlers) Window(c *route.Call) error {
	s, err := h.see(c)
	if err != nil {
		return err
	}
	return h.window(c, http.StatusOK, s, page.MethodEnablePage{})
}

// window shows the page with what p says of a try that failed.
func (h *Handlers) window(c *route.Call, status int, s *seen, p page.MethodEnablePage) error {
	connections, err := h.connections(c, string(s.method.ID))
	if err != nil {
		return err
	}
	p.Crumbs, p.Method, p.Provider, p.Back = s.crumbs(true), s.method.Name, s.kind.Name, pathOf(s.method.ID, "")
	p.Form = ours(c, pathOf(s.method.ID, "enable"))
	p.Environments = s.choices(connections, cmp.Or(typed(c, "environment"), c.QueryParam("environment")))
	p.Environments.Error = p.Corrections.Of("environment")
	p.Again = len(connections) > 0
	p.Approval = s.method.Mode == authmethods.ModeOAuth
	p.Help = pathOf(s.method.ID, "help")
	if s.kind.HasMode(authmethods.ModeSelfClient) {
		p.SelfClient = pathOf(s.method.ID, "code")
	}
	if p.Checks, err = h.checks(c, s, connections); err != nil {
		return err
	}
	for _, check := range p.Checks {
		p.Stops = p.Stops || check.Kind == page.Bad
	}
	return page.MethodEnable.Show(c, status, p)
}

// choices are the environments to choose from. None is chosen beforehand, so that
// nobody enables one by accident.
func (s *seen) choices(connections map[place]tokens.Connection, typed string) page.MethodEnvironments {
	var list page.MethodEnvironments
	for _, e := range s.kind.EnvironmentsInOrder() {
		list.Options = append(list.Options, page.MethodEnvironmentOption{
			Environment: e, Differs: s.words.OfType(s.kind.Environments[e].Differs), Chosen: string(e) == typed,
			State: stateOf(connections[place{s.method.ID, e}]),
		})
	}
	return list
}

// Enable is POST /methods/:id/enable: it begins an approval and leads to it, or shows
// its link to be sent to somebody else. Modes that nobody approves are enabled at
// once.
func (h *Handlers) Enable(c *route.Call) error {
	if err := c.OwnForm(formName); err != nil {
		return err
	}
	s, err := h.see(c)
	if err != nil {
		return err
	}
	e, ok := s.environment(typed(c, "environment"))
	if !ok {
		wrong := page.Corrections{{Field: "environment", Text: s.words.Say("methods.must.environment")}}
		return h.window(c, http.StatusUnprocessableEntity, s, page.MethodEnablePage{Corrections: wrong})
	}
	if s.method.Mode == authmethods.ModeSelfClient {
		return c.SeeOther(at(s.method.ID, "code", e))
	}
	begun, err := h.Consents.Enable(c.Request().Context(), c.Caller, string(s.method.ID), e, consent.EnableOptions{})
	if p := problem(err); p != nil {
		return h.window(c, http.StatusUnprocessableEntity, s, s.unbegun(p))
	}
	if err != nil {
		return err
	}
	c.Note("consent", string(begun.Attempt.ID))
	switch begun.Attempt.Status {
	case consent.Pending:
		if typed(c, "do") == "link" {
			return h.showLink(c, s, e, begun)
		}
		return h.Leave(c, begun)
	case consent.Completed:
		page.SetFlash(c, page.Good, "flash.method_enabled", "name", s.method.Name, "environment", s.named(e))
		return c.SeeOther(pathOf(s.method.ID, ""))
	}
	return h.window(c, http.StatusUnprocessableEntity, s, page.MethodEnablePage{
		Card: page.CardOf(s.words, authmethods.Diagnose(begun.Attempt.Code)), Detail: begun.Attempt.Detail,
	})
}

// unbegun is what the window says of a problem.
func (s *seen) unbegun(p *authmethods.Problem) page.MethodEnablePage {
	if len(p.Fields) == 0 {
		return page.MethodEnablePage{Card: page.CardOf(s.words, authmethods.Diagnose(p.Code)), Detail: p.Detail}
	}
	list := corrected(s.words, p)
	for i := range list {
		if list[i].Field != "environment" {
			list[i].Field = "" // its field is on another page
		}
	}
	return page.MethodEnablePage{Corrections: list}
}

// showLink shows the link by which somebody without an account here can approve. Its
// ticket is shown this once.
func (h *Handlers) showLink(c *route.Call, s *seen, e authmethods.Environment, b consent.Begun) error {
	return page.MethodLink.Show(c, http.StatusOK, page.MethodLinkPage{
		Crumbs: s.crumbs(true), Method: s.method.Name, Provider: s.kind.Name, Environment: e, Back: pathOf(s.method.ID, ""),
		Link: page.Copied{
			ID: "approval-link", Label: s.words.Say("methods.link.label"), Value: b.StartURL,
			Hint: s.words.Say("methods.link.hint", "time", s.words.Clock(b.Attempt.ExpiresAt)),
		},
	})
}

// Help is GET /methods/:id/help: what the provider's own error pages mean.
func (h *Handlers) Help(c *route.Call) error {
	s, err := h.see(c)
	if err != nil {
		return err
	}
	p := page.MethodHelpPage{
		Crumbs: s.crumbs(true), Method: s.method.Name, Provider: s.kind.Name, Scopes: s.method.Scopes, Console: console(s.kind, &s.method),
		Redirects: redirects(s.words, h.PublicURL, c.Tenant),
		ClientID:  page.Copied{ID: "copy-client", Label: s.words.Say("methods.client_id"), Value: s.method.ClientID},
	}
	if c.May(authmethods.ModifyMethods) {
		p.Edit, p.Enable = pathOf(s.method.ID, "edit"), pathOf(s.method.ID, "enable")
	}
	return page.MethodHelp.Show(c, http.StatusOK, p)
}

package people

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/sso/signin"
	"latchkey/web/page"
	"latchkey/web/route"
)

// doubts are those about the method of a connector, for who may see the method.
func (h *Handlers) doubts(ctx context.Context, c *route.Call, of sso.Connector) []string {
	if !c.May(authmethods.ViewMethods) {
		return nil
	}
	check := signin.CheckMethod(h.Methods, h.Catalog)
	_, warnings, err := check(ctx, c.Caller, string(of.Method), of.Environment, of.Type)
	if err != nil {
		return []string{"Nobody can sign in with the authentication method as it is now."}
	}
	return warnings
}

// NewConnector is GET /sso/new.
func (h *Handlers) NewConnector(c *route.Call) error {
	values := url.Values{
		"type": {string(sso.OpenIDConnect)}, "environment": {string(authmethods.Production)}, "admission": {string(sso.AssociatedOnly)},
		"method": {c.QueryParam("method")},
	}
	showRule(sso.DefaultRule(), values)
	return h.askConnector(c, http.StatusOK, sso.Connector{}, values, nil)
}

// EditConnector is GET /sso/:id/edit.
func (h *Handlers) EditConnector(c *route.Call) error {
	of, _, err := h.connector(c)
	if err != nil {
		return err
	}
	return h.askConnector(c, http.StatusOK, of, connectorValues(of), nil)
}

// connectorValues is a connector as its form has it.
func connectorValues(of sso.Connector) url.Values {
	values := url.Values{
		"name": {of.Name}, "type": {string(of.Type)}, "method": {string(of.Method)}, "environment": {string(of.Environment)},
		"admission": {string(of.Admission)}, "default_role": {of.DefaultRole}, "trusted_domains": {strings.Join(of.TrustedDomains, "\n")},
	}
	if of.CreatesUsers {
		values.Set("creates_users", "yes")
	}
	if !showRule(of.Rule, values) {
		values.Set("rule", ruleKept)
	}
	return values
}

// askConnector shows the form of a connector; the zero connector is a new one.
func (h *Handlers) askConnector(c *route.Call, status int, of sso.Connector, values url.Values, wrong page.Corrections) error {
	w := page.Words(c)
	f := fields{w, values, wrong}
	p := page.PeopleFormPage{
		Crumbs: []page.Crumb{{Label: w.Say("section.sso"), Href: connectorsPath}}, Title: w.Say("people.sso.new.title"), Lead: w.Say("people.sso.new.lead"),
		Corrections: wrong, Form: form(c, connectorsPath+"/new"), Submit: w.Say("people.sso.create"), Cancel: connectorsPath,
		Copied: []page.Copied{{
			ID: "redirect-uri", Label: w.Say("people.sso.redirect_uri"), Hint: w.Say("people.sso.redirect_uri.hint"), Value: h.PublicURL.SignInRedirectURI(c.Tenant),
		}},
	}
	if of.ID != "" {
		at := connectorPath(of.ID)
		p.Crumbs = append(p.Crumbs, page.Crumb{Label: of.Name, Href: at})
		p.Title, p.Lead, p.Submit, p.Cancel = w.Say("people.sso.edit.title", "name", of.Name), "", w.Say("people.save"), at
		p.Form = form(c, at+"/edit", revHidden(of.Rev))
		p.Copied = append([]page.Copied{{ID: "login-url", Label: w.Say("people.sso.login_url"), Hint: w.Say("people.sso.login_url.stays"), Value: h.loginURL(c, of.Reference)}}, p.Copied...)
	}
	parts, err := h.connectorParts(c, f, of.ID == "")
	if err != nil {
		return err
	}
	p.Parts = parts
	if values.Get("rule") == ruleKept {
		p.Form.Hidden = append(p.Form.Hidden, page.Hidden{Name: "rule", Value: ruleKept})
		p.Notices = []page.Notice{{Kind: page.Info, Title: w.Say("people.rule.kept.title"), Text: w.Say("people.rule.kept.text")}}
	} else {
		p.Parts = append(p.Parts, f.ruleParts()...)
	}
	return page.PeopleConnectorForm.Show(c, status, p)
}

func (h *Handlers) connectorParts(c *route.Call, f fields, fresh bool) ([]page.FormPart, error) {
	methods, err := h.methodOptions(c, f)
	if err != nil {
		return nil, err
	}
	roles, err := h.roleOptions(c, f)
	if err != nil {
		return nil, err
	}
	named := []page.Input{f.text("name", "name", atMost(100), like("Zoho"))}
	if fresh {
		reference := f.text("reference", "reference", mono, atMost(63), like("zoho"))
		reference.Field.Hint = f.w.Say("people.hint.reference_at", "address", h.loginURL(c, ""))
		named = append(named, reference)
	}
	return []page.FormPart{
		{Inputs: named},
		{Title: f.w.Say("people.part.provider"), Inputs: []page.Input{
			f.text("method", "method", oneOf(methods...)),
			f.text("type", "type", oneOf(
				page.Option{Value: string(sso.OpenIDConnect), Label: f.w.Say("people.type.oidc")},
				page.Option{Value: string(sso.OAuth2), Label: f.w.Say("people.type.oauth2")})),
			f.choice("environment", "environment", false, []page.Option{
				{Value: string(authmethods.Production), Label: f.w.Say("environment.production")},
				{Value: string(authmethods.Sandbox), Label: f.w.Say("environment.sandbox")},
			}),
		}},
		{Title: f.w.Say("people.part.access"), Inputs: []page.Input{
			f.choice("admission", "admission", false, []page.Option{
				{Value: string(sso.AssociatedOnly), Label: f.w.Say("people.admission.associated"), Hint: f.w.Say("people.admission.associated.hint")},
				{Value: string(sso.AnyoneMapped), Label: f.w.Say("people.admission.mapped"), Hint: f.w.Say("people.admission.mapped.hint")},
			}),
			f.choice("creates_users", "creates_users", true, []page.Option{{Value: "yes", Label: f.w.Say("people.creates"), Hint: f.w.Say("people.creates.hint")}}),
			f.text("default_role", "default_role", optional, oneOf(roles...)),
			f.text("trusted_domains", "trusted_domains", area, mono, optional, like("acme.fr")),
		}},
	}, nil
}

func (h *Handlers) methodOptions(c *route.Call, f fields) ([]page.Option, error) {
	t, err := h.Methods.For(c.Caller)
	if err != nil {
		return nil, err
	}
	chosen := f.values.Get("method")
	if !c.May(authmethods.ViewMethods) {
		return []page.Option{{Value: chosen, Label: chosen}}, nil
	}
	all, err := t.Methods(c.Request().Context(), "", 200)
	if err != nil {
		return nil, err
	}
	options := []page.Option{{Value: "", Label: f.w.Say("people.choose")}}
	for _, m := range all {
		options = append(options, page.Option{Value: string(m.ID), Label: m.Name})
	}
	return options, nil
}

// roleOptions are the roles that a new user may get; the first is none.
func (h *Handlers) roleOptions(c *route.Call, f fields) ([]page.Option, error) {
	options := []page.Option{{Value: "", Label: f.w.Say("people.role.none")}}
	chosen := f.values.Get("default_role")
	if !c.May(authmethods.ViewUsers) {
		if chosen != "" {
			options = append(options, page.Option{Value: chosen, Label: chosen})
		}
		return options, nil
	}
	t, err := h.in(c)
	if err != nil {
		return nil, err
	}
	all, err := t.Roles(c.Request().Context())
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		if r.Reference == chosen || mayGive(c, r) {
			options = append(options, page.Option{Value: r.Reference, Label: roleName(f.w, r)})
		}
	}
	return options, nil
}

// CreateConnector is POST /sso/new.
func (h *Handlers) CreateConnector(c *route.Call) error {
	if err := posted(c); err != nil {
		return err
	}
	t, err := h.in(c)
	if err != nil {
		return err
	}
	values := c.Request().PostForm
	rule, name := readRule(values)
	made, _, err := t.CreateConnector(c.Request().Context(), directory.NewConnector{
		Reference: strings.TrimSpace(values.Get("reference")), Name: strings.TrimSpace(values.Get("name")), Type: sso.ConnectorType(values.Get("type")),
		Method: values.Get("method"), Environment: authmethods.Environment(values.Get("environment")), Admission: sso.Admission(values.Get("admission")),
		CreatesUsers: values.Get("creates_users") == "yes", DefaultRole: values.Get("default_role"),
		TrustedDomains: strings.Fields(values.Get("trusted_domains")), Rule: &rule,
	})
	if err != nil {
		return h.connectorAgain(c, sso.Connector{}, name, err)
	}
	return done(c, connectorPath(made.ID), "connector_created", "name", made.Name)
}

// ChangeConnector is POST /sso/:id/edit.
func (h *Handlers) ChangeConnector(c *route.Call) error {
	if err := posted(c); err != nil {
		return err
	}
	of, t, err := h.connector(c)
	if err != nil {
		return err
	}
	values := c.Request().PostForm
	_, name := readRule(values)
	changed, _, err := t.ChangeConnector(c.Request().Context(), string(of.ID), revision(c), connectorChange(values, of))
	if err != nil {
		return h.connectorAgain(c, of, name, err)
	}
	return done(c, connectorPath(of.ID), "connector_saved", "name", changed.Name)
}

func connectorChange(values url.Values, of sso.Connector) directory.ConnectorChange {
	return directory.ConnectorChange{
		Name: new(strings.TrimSpace(values.Get("name"))), Type: new(sso.ConnectorType(values.Get("type"))), Method: new(values.Get("method")),
		Environment: new(authmethods.Environment(values.Get("environment"))), Admission: new(sso.Admission(values.Get("admission"))),
		CreatesUsers: new(values.Get("creates_users") == "yes"), DefaultRole: new(values.Get("default_role")),
		TrustedDomains: new(strings.Fields(values.Get("trusted_domains"))), Rule: ruleGiven(values, of.Rule),
	}
}

// connectorAgain shows the form with what was typed and what is wrong with it.
func (h *Handlers) connectorAgain(c *route.Call, of sso.Connector, name func(string) string, err error) error {
	wrong, status, ok := corrections(err, name)
	if !ok {
		return err
	}
	return h.askConnector(c, status, of, c.Request().PostForm, wrong)
}

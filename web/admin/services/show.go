package services

import (
	"net/http"
	"time"

	"latchkey/authmethods"
	"latchkey/web/page"
	"latchkey/web/route"
)

// Show is GET /service-accounts/:id.
func (h *Handlers) Show(c *route.Call) error {
	d, s, err := h.look(c)
	if err != nil {
		return err
	}
	return d.showService(http.StatusOK, s, nil)
}

// showService shows a service, with what was typed into its forms.
func (d *desk) showService(status int, s authmethods.Service, wrong page.Corrections) error {
	methods, err := d.methods()
	if err != nil {
		return err
	}
	p := page.ServicePage{
		ID: s.ID, Name: s.Name, Rev: s.Rev, Admin: s.Admin, CreatedAt: s.CreatedAt, Menu: d.menu(s, false), FormToken: d.c.FormToken(formPurpose),
		Corrections: wrong, Permits: d.showPermits(s.Permits, methods), MayModify: d.c.May(authmethods.ModifyServices),
	}
	p.Keys, p.Ended = showKeys(s.Keys, time.Now())
	p.State = stateOf(s, p.Keys)
	// A key of a service that administers is worth an administrator's rights.
	p.MayIssue = p.MayModify && (!s.Admin || d.c.May(authmethods.AdminRights...))
	if p.MayModify {
		d.fill(&p, s, methods)
	}
	if p.Used, err = d.used(s.ID); err != nil {
		return err
	}
	if p.MayAudit = d.c.May(authmethods.ViewAudit); p.MayAudit {
		if p.Activity, err = d.activity(s); err != nil {
			return err
		}
	}
	return page.Service.Show(d.c, status, p)
}

// fill makes the forms of the page.
func (d *desk) fill(p *page.ServicePage, s authmethods.Service, methods []authmethods.Method) {
	p.Permit = d.permitForm(methods, p.Corrections)
	p.KeyName = page.Field{
		Name: "key_name", Label: d.w.Say("services.key_name"), Hint: d.w.Say("services.key_name.hint"),
		Value: d.typed("key_name"), Error: p.Corrections.Of("key_name"), Maximum: maxName,
	}
	days := d.typed("days")
	if days == "" {
		days = usualDays
	}
	p.KeyExpires = d.daysField(days, p.Corrections.Of("days"))
	p.Rename = page.Field{Name: "name", Label: d.w.Say("services.name"), Value: s.Name, Error: p.Corrections.Of("name"), Maximum: maxName}
	if typed, ok := d.c.Request().PostForm["name"]; ok && len(typed) == 1 {
		p.Rename.Value = typed[0]
	}
	if d.c.May(authmethods.AdminRights...) {
		p.Administer = d.adminChoice(s.Admin)
	}
}

// permitForm asks for a method, an environment, and scopes.
func (d *desk) permitForm(methods []authmethods.Method, wrong page.Corrections) page.PermitForm {
	method, environment := d.typed("method"), d.typed("environment")
	choose := page.Option{Label: d.w.Say("services.choose"), Chosen: method == ""}
	m := page.Field{Name: "method", Label: d.w.Say("services.method"), Kind: "select", Error: wrong.Of("method"), Options: []page.Option{choose}}
	for _, each := range methods {
		m.Options = append(m.Options, page.Option{Value: each.Reference, Label: each.Name, Chosen: each.Reference == method})
	}
	m.Options = append(m.Options, page.Option{Value: authmethods.Any, Label: d.w.Say("services.every"), Chosen: method == authmethods.Any})
	choose.Chosen = environment == ""
	e := page.Field{
		Name: "environment", Label: d.w.Say("services.environment"), Kind: "select", Short: true, Error: wrong.Of("environment"), Options: []page.Option{choose},
	}
	for _, each := range authmethods.Environments {
		e.Options = append(e.Options, page.Option{Value: string(each), Label: d.w.Say("environment." + string(each)), Chosen: string(each) == environment})
	}
	e.Options = append(e.Options, page.Option{Value: authmethods.Any, Label: d.w.Say("services.everywhere"), Chosen: environment == authmethods.Any})
	return page.PermitForm{Method: m, Environment: e, Scopes: d.scopesField(d.typed("scopes"), wrong.Of("scopes"))}
}

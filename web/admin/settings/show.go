package settings

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/web/page"
	"latchkey/web/route"
)

// Show is GET /settings.
func (h *Handlers) Show(c *route.Call) error {
	d, err := h.desk(c)
	if err != nil {
		return err
	}
	s, err := d.t.Settings(c.Request().Context())
	if err != nil {
		return err
	}
	return d.show(http.StatusOK, asTyped(s), s, nil, nil)
}

// typed is what the form holds, as it is typed.
type typed struct {
	idle, life, password, straight, returns string
	local                                   bool
}

func asTyped(s sso.Settings) typed {
	return typed{
		idle: seconds(s.SessionIdle), life: seconds(s.SessionLife), password: strconv.Itoa(s.PasswordDays),
		straight: s.StraightTo, returns: strings.Join(s.ReturnAddresses, "\n"), local: s.LocalLogin,
	}
}

func seconds(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) }

// show shows the form as it was typed, over the settings that are stored.
func (d *desk) show(status int, in typed, stored sso.Settings, wrong page.Corrections, meanwhile []page.SettingsFact) error {
	connectors, err := d.connectors()
	if err != nil {
		return err
	}
	tenant := d.c.Tenant
	p := page.SettingsPage{
		Name: tenant.Name, Slug: tenant.Slug, ID: string(tenant.ID), Hosts: tenant.Hosts,
		FormToken: d.c.FormToken(formPurpose), Rev: stored.Rev, Corrections: wrong, Meanwhile: meanwhile,
		MayModify: d.c.Caller.May(authmethods.ModifySettings) == nil, MayFreeze: d.c.May(authmethods.ModifyFreezes),
	}
	d.addresses(&p, tenant)
	if p.MayModify {
		d.fill(&p, in, connectors)
	} else {
		p.Facts = d.facts(stored, connectors)
	}
	return page.Settings.Show(d.c, status, p)
}

// addresses are those of the workspace, and where the browser is in comparison.
func (d *desk) addresses(p *page.SettingsPage, tenant authmethods.Tenant) {
	origin := d.PublicURL.Origin(tenant.Slug)
	p.Address = page.Copied{ID: "address", Label: d.w.Say("settings.address"), Value: origin}
	p.Here = d.c.Request().Host
	p.Differs = d.w.Diagnosis(authmethods.Diagnose(authmethods.CodePublicAddress)).Title
	if u, err := url.Parse(origin); err == nil {
		p.Matches = strings.EqualFold(u.Host, p.Here)
	}
	p.Redirects = []page.Copied{
		{ID: "redirect-approvals", Label: d.w.Say("settings.redirect.approvals"), Hint: d.w.Say("settings.redirect.approvals.hint"), Value: d.PublicURL.RedirectURI(tenant)},
		{ID: "redirect-sign-ins", Label: d.w.Say("settings.redirect.sign_ins"), Hint: d.w.Say("settings.redirect.sign_ins.hint"), Value: d.PublicURL.SignInRedirectURI(tenant)},
	}
}

// connectors are all of the workspace's, or none for who may not see them.
func (d *desk) connectors() ([]sso.Connector, error) {
	if d.c.Caller.May(authmethods.ViewConnectors) != nil {
		return nil, nil
	}
	return d.t.Connectors(d.c.Request().Context())
}

// What there is to choose from. Something else that is stored stays possible.
var (
	idles     = []time.Duration{5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 4 * time.Hour, 12 * time.Hour}
	lives     = []time.Duration{time.Hour, 4 * time.Hour, 8 * time.Hour, 12 * time.Hour, 24 * time.Hour, 3 * 24 * time.Hour, 7 * 24 * time.Hour}
	passwords = []int{0, 30, 60, 90, 180, 365}
)

// fill makes the form.
func (d *desk) fill(p *page.SettingsPage, in typed, connectors []sso.Connector) {
	field := func(name, label string) page.Field {
		return page.Field{Name: name, Label: label, Error: p.Corrections.Of(name), Kind: "select", Short: true}
	}
	p.Idle = field("idle", d.w.Say("settings.idle"))
	p.Idle.Hint, p.Idle.Options = d.w.Say("settings.idle.hint"), d.spans(idles, in.idle)
	p.Life = field("life", d.w.Say("settings.life"))
	p.Life.Hint, p.Life.Options = d.w.Say("settings.life.hint"), d.spans(lives, in.life)
	p.Password = field("password_days", d.w.Say("settings.password"))
	p.Password.Hint, p.Password.Options = d.w.Say("settings.password.hint"), d.days(in.password)
	p.Straight = field("straight_to", d.w.Say("settings.straight"))
	p.Straight.Hint, p.Straight.Optional, p.Straight.Options = d.w.Say("settings.straight.hint"), true, d.doors(connectors, in.straight)
	p.Returns = field("returns", d.w.Say("settings.returns"))
	p.Returns.Kind, p.Returns.Short, p.Returns.Mono, p.Returns.Optional = "textarea", false, true, true
	p.Returns.Hint, p.Returns.Value, p.Returns.Placeholder = d.w.Say("settings.returns.hint"), in.returns, "https://app.example.com/desk"
	p.Local = page.Choice{
		Name: "local", Legend: d.w.Say("settings.local"), Many: true, Optional: true, Error: p.Corrections.Of("local"),
		Options: []page.Option{{Value: "yes", Label: d.w.Say("settings.local.yes"), Hint: d.w.Say("settings.local.hint"), Chosen: in.local}},
	}
}

func (d *desk) spans(from []time.Duration, chosen string) []page.Option {
	var options []page.Option
	found := false
	for _, span := range from {
		o := page.Option{Value: seconds(span), Label: d.w.Span(span), Chosen: seconds(span) == chosen}
		found = found || o.Chosen
		options = append(options, o)
	}
	if n, err := strconv.Atoi(chosen); err == nil && !found {
		options = append(options, page.Option{Value: chosen, Label: d.w.Span(time.Duration(n) * time.Second), Chosen: true})
	}
	return options
}

func (d *desk) days(chosen string) []page.Option {
	var options []page.Option
	found := false
	for _, n := range passwords {
		o := page.Option{Value: strconv.Itoa(n), Label: d.passwordLife(n), Chosen: strconv.Itoa(n) == chosen}
		found = found || o.Chosen
		options = append(options, o)
	}
	if n, err := strconv.Atoi(chosen); err == nil && !found {
		options = append(options, page.Option{Value: chosen, Label: d.passwordLife(n), Chosen: true})
	}
	return options
}

func (d *desk) passwordLife(days int) string {
	if days == 0 {
		return d.w.Say("settings.password.never")
	}
	return d.w.Span(time.Duration(days) * 24 * time.Hour)
}

// doors are the connectors to which the login page may lead by itself.
func (d *desk) doors(connectors []sso.Connector, chosen string) []page.Option {
	options := []page.Option{{Label: d.w.Say("settings.straight.none"), Chosen: chosen == ""}}
	found := chosen == ""
	for _, c := range connectors {
		if !c.Disabled || c.Reference == chosen {
			options = append(options, page.Option{Value: c.Reference, Label: c.Name, Chosen: c.Reference == chosen})
		}
		found = found || c.Reference == chosen
	}
	if !found {
		options = append(options, page.Option{Value: chosen, Label: chosen, Chosen: true})
	}
	return options
}

// facts are the settings in words, in the order of the form.
func (d *desk) facts(s sso.Settings, connectors []sso.Connector) []page.SettingsFact {
	local := d.w.Say("settings.off")
	if s.LocalLogin {
		local = d.w.Say("settings.on")
	}
	straight := d.w.Say("settings.straight.none")
	if s.StraightTo != "" {
		straight = s.StraightTo
	}
	for _, c := range connectors {
		if c.Reference == s.StraightTo {
			straight = c.Name
		}
	}
	returns := strings.Join(s.ReturnAddresses, ", ")
	if returns == "" {
		returns = d.w.Say("settings.returns.none")
	}
	return []page.SettingsFact{
		{Label: d.w.Say("settings.idle"), Value: d.w.Span(s.SessionIdle)},
		{Label: d.w.Say("settings.life"), Value: d.w.Span(s.SessionLife)},
		{Label: d.w.Say("settings.local"), Value: local},
		{Label: d.w.Say("settings.password"), Value: d.passwordLife(s.PasswordDays)},
		{Label: d.w.Say("settings.straight"), Value: straight},
		{Label: d.w.Say("settings.returns"), Value: returns},
	}
}

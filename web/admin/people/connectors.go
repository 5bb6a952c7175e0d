package people

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/web/page"
	"latchkey/web/route"
)

// week is how long back the list looks at sign-ins.
const week = 7 * 24 * time.Hour

// Connectors is GET /sso: the list of connectors.
func (h *Handlers) Connectors(c *route.Call) error {
	ctx, w := c.Request().Context(), page.Words(c)
	t, err := h.in(c)
	if err != nil {
		return err
	}
	all, err := t.Connectors(ctx)
	if err != nil {
		return err
	}
	counts, err := h.countPeople(ctx, c, t)
	if err != nil {
		return err
	}
	p := page.ConnectorsPage{Empty: page.Empty{Icon: "door", Title: w.Say("people.sso.empty.title"), Text: w.Say("people.sso.empty.text")}}
	if c.May(authmethods.CreateConnectors) {
		p.New = &page.Action{Label: w.Say("people.sso.new"), Href: connectorsPath + "/new", Icon: "plus", Kind: "primary"}
		p.Empty.Actions = []page.Action{*p.New}
	}
	chosen := authmethods.Environment(c.QueryParam("env"))
	for _, of := range all {
		if chosen.Valid() && of.Environment != chosen {
			continue
		}
		row, err := h.connectorRow(ctx, c, of)
		if err != nil {
			return err
		}
		if counts != nil {
			row.People = w.Number(counts[of.ID])
		}
		p.Rows = append(p.Rows, row)
	}
	return page.Connectors.Show(c, http.StatusOK, p)
}

func (h *Handlers) connectorRow(ctx context.Context, c *route.Call, of sso.Connector) (page.ConnectorRow, error) {
	row := page.ConnectorRow{
		Name: of.Name, Reference: of.Reference, Href: connectorPath(of.ID), Type: string(of.Type), Environment: string(of.Environment),
		Method: h.methodOf(ctx, c, of), Status: connectorStatus(c, of), Menu: h.connectorMenu(c, of),
	}
	f, err := h.SignIn.Funnel(ctx, c.Caller, of.ID, time.Now().Add(-week))
	if row.Tries = f.Returned; f.Returned > 0 {
		row.Share = float64(f.SignedIn) / float64(f.Returned)
	}
	return row, err
}

// countPeople counts whose cards name each connector; nil for who may not see people.
func (h *Handlers) countPeople(ctx context.Context, c *route.Call, t *directory.Tenant) (map[authmethods.ID]int64, error) {
	if !c.May(authmethods.ViewUsers) {
		return nil, nil
	}
	return t.CountByConnector(ctx)
}

// most is how many people are read at once.
const most = 500

func connectorPath(id authmethods.ID) string { return connectorsPath + "/" + string(id) }

// loginURL is the address that people keep.
func (h *Handlers) loginURL(c *route.Call, reference string) string {
	return h.PublicURL.Origin(c.Tenant.Slug) + "/api/sso/login/" + reference
}

// methodOf names the method of a connector, for who may see it.
func (h *Handlers) methodOf(ctx context.Context, c *route.Call, of sso.Connector) page.Linked {
	if !c.May(authmethods.ViewMethods) {
		return page.Linked{}
	}
	t, err := h.Methods.For(c.Caller)
	if err != nil {
		return page.Linked{}
	}
	m, err := t.Method(ctx, string(of.Method))
	if err != nil {
		return page.Linked{}
	}
	return page.Linked{Name: m.Name, Href: "/methods/" + string(m.ID)}
}

func connectorStatus(c *route.Call, of sso.Connector) page.Mark {
	if of.Disabled {
		return page.Mark{Kind: "off", Icon: "off", Text: page.Words(c).Say("people.closed")}
	}
	return page.Mark{Kind: page.Good, Icon: "active", Text: page.Words(c).Say("people.open")}
}

// connectorMenu is what may be done with a connector.
func (h *Handlers) connectorMenu(c *route.Call, of sso.Connector) page.Menu {
	w, at := page.Words(c), connectorPath(of.ID)
	m := page.Menu{Name: of.Name}
	add := func(right authmethods.Right, a page.Action) {
		if c.May(right) {
			m.Actions = append(m.Actions, a)
		}
	}
	add(authmethods.ViewConnectors, page.Action{Label: w.Say("people.sso.copy"), Href: at, Icon: "copy", Copy: h.loginURL(c, of.Reference)})
	if c.May(authmethods.ViewUsers) {
		add(authmethods.ViewConnectors, page.Action{Label: w.Say("people.sso.test"), Href: at + "/try", Icon: "play"})
		add(authmethods.ModifyUsers, page.Action{Label: w.Say("people.sso.associate"), Href: at + "/people", Icon: "people"})
	}
	add(authmethods.ViewConnectors, page.Action{Label: w.Say("people.sso.sign_ins"), Href: at + "/sign-ins", Icon: "history"})
	add(authmethods.ModifyConnectors, page.Action{Label: w.Say("people.edit"), Href: at + "/edit", Icon: "pencil", Apart: true})
	if of.Disabled {
		add(authmethods.ModifyConnectors, page.Action{Label: w.Say("people.enable"), Href: at + "/enable", Icon: "power", Dialog: true})
	} else {
		add(authmethods.ModifyConnectors, page.Action{Label: w.Say("people.disable"), Href: at + "/disable", Icon: "power", Dialog: true})
	}
	add(authmethods.DeleteConnectors, page.Action{Label: w.Say("people.delete"), Href: at + "/delete", Icon: "trash", Kind: "danger", Dialog: true})
	return m
}

// connector reads the connector that the path names.
func (h *Handlers) connector(c *route.Call) (sso.Connector, *directory.Tenant, error) {
	id, err := identified(c, "id", "sso")
	if err != nil {
		return sso.Connector{}, nil, err
	}
	t, err := h.in(c)
	if err != nil {
		return sso.Connector{}, nil, err
	}
	found, err := t.Connector(c.Request().Context(), string(id))
	return found, t, err
}

// connectorHead is what stands above the view with this name.
func (h *Handlers) connectorHead(c *route.Call, of sso.Connector, view string) page.ConnectorHead {
	w, at := page.Words(c), connectorPath(of.ID)
	head := page.ConnectorHead{
		Crumbs: []page.Crumb{{Label: w.Say("section.sso"), Href: connectorsPath}},
		Name:   of.Name, Type: string(of.Type), Status: connectorStatus(c, of), Menu: h.connectorMenu(c, of),
	}
	tab := func(name, href string) {
		head.Tabs = append(head.Tabs, page.Tab{Label: w.Say("people.tab." + name), Href: href, Current: name == view})
	}
	tab("settings", at)
	if c.May(authmethods.ViewUsers) {
		tab("tester", at+"/tester")
		tab("people", at+"/people")
	}
	tab("sign_ins", at+"/sign-ins")
	return head
}

// Connector is GET /sso/:id: the settings of a connector.
func (h *Handlers) Connector(c *route.Call) error {
	of, _, err := h.connector(c)
	if err != nil {
		return err
	}
	ctx, w := c.Request().Context(), page.Words(c)
	p := page.ConnectorPage{
		Head: h.connectorHead(c, of, "settings"), Method: h.methodOf(ctx, c, of), Environment: string(of.Environment),
		Admission: string(of.Admission), CreatesUsers: of.CreatesUsers, DefaultRole: of.DefaultRole, Domains: of.TrustedDomains,
		Rule: fields{w: w}.inWords(of.Rule), Changed: of.UpdatedAt,
		Copied: []page.Copied{
			{ID: "login-url", Label: w.Say("people.sso.login_url"), Hint: w.Say("people.sso.login_url.hint"), Value: h.loginURL(c, of.Reference)},
			{ID: "redirect-uri", Label: w.Say("people.sso.redirect_uri"), Hint: w.Say("people.sso.redirect_uri.hint"), Value: h.PublicURL.SignInRedirectURI(c.Tenant)},
		},
	}
	for _, warning := range append(h.doubts(ctx, c, of), of.Rule.Lint()...) {
		p.Notices = append(p.Notices, page.Notice{Kind: page.Wait, Text: warning})
	}
	if c.May(authmethods.ModifyConnectors) {
		p.Edit = &page.Action{Label: w.Say("people.edit"), Href: connectorPath(of.ID) + "/edit", Icon: "pencil"}
	}
	return page.Connector.Show(c, http.StatusOK, p)
}

// number reads a small number; otherwise is what stands for anything else.
func number(s string, otherwise int) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 90 {
		return otherwise
	}
	return n
}

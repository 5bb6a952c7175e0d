package overview

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/sso/directory"
	"latchkey/sso/signin"
	"latchkey/tokens"
	"latchkey/tokens/consent"
	"latchkey/web/admin/connections"
	"latchkey/web/admin/people"
	"latchkey/web/page"
	"latchkey/web/route"
	"latchkey/web/words"
)

// Handlers answer with pages of no section. All fields are needed.
type Handlers struct {
	Store     *store.Store
	Consents  *consent.Service
	Directory *directory.Directory
	SignIn    *signin.Service
}

const (
	aDay = 24 * time.Hour
	// atOnce is how many connections are read in one go, and most in all.
	atOnce, most = 200, 2000
)

// Show is GET /: what needs somebody, and that the rest runs.
func (h *Handlers) Show(c *route.Call) error {
	w := page.Words(c)
	p := page.OverviewPage{Known: c.May(authmethods.ViewMethods), Links: links(c, w)}
	if c.Person != nil {
		p.Person = cmp.Or(c.Person.User.DisplayName, c.Person.User.UserName)
	}
	if p.Known {
		if err := h.tell(c, w, &p); err != nil {
			return err
		}
	}
	var err error
	if p.Funnels, err = h.funnels(c); err != nil {
		return err
	}
	return page.Overview.Show(c, http.StatusOK, p)
}

// tell fills in how the connections are.
func (h *Handlers) tell(c *route.Call, w words.Words, p *page.OverviewPage) error {
	ctx := c.Request().Context()
	in, err := h.Store.For(c.Caller)
	if err != nil {
		return err
	}
	methods, err := in.Methods(ctx, "", 200)
	if err != nil {
		return err
	}
	all, err := h.all(c)
	if err != nil {
		return err
	}
	lent, err := h.Consents.Lent(ctx, c.Caller, aDay)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		p.Empty = beginning(c, w, len(methods))
		return nil
	}
	names := make(map[authmethods.ID]string, len(methods))
	for _, m := range methods {
		names[m.ID] = m.Name
	}
	if p.Shares, err = connections.Shares(ctx, c, h.Consents, ""); err != nil {
		return err
	}
	working := 0
	for i := range all {
		switch x := &all[i]; x.State {
		case tokens.ReconnectRequired, tokens.AwaitingConsent:
			p.Needs = append(p.Needs, need(c, w, x, names))
		case tokens.Degraded, tokens.Throttled:
			p.Passing = append(p.Passing, need(c, w, x, names))
			if !authmethods.Diagnose(x.Reason).Temporary {
				p.Needs, p.Passing = append(p.Needs, p.Passing[len(p.Passing)-1]), p.Passing[:len(p.Passing)-1]
			}
		case tokens.Active:
			working++
		}
		p.Loans += lent[all[i].ID].Loans
		p.Tokens += lent[all[i].ID].Tokens
	}
	p.Calm, p.Sentence = len(p.Needs) == 0, w.Say("overview.calm", "n", len(all))
	if !p.Calm {
		p.Sentence = w.Say("overview.sentence", "n", len(p.Needs), "all", len(all))
	}
	if working > 0 {
		p.Working = w.Say("overview.working", "n", working)
	}
	return nil
}

// Of how many days the funnels are, of how many connectors at most, and how many are
// shown.
const (
	funnelDays          = 7
	mostFunnels, funnel = 20, 3
)

// funnels tell how far sign-ins came, of the connectors that were used most.
func (h *Handlers) funnels(c *route.Call) ([]page.OverviewFunnel, error) {
	if !c.May(authmethods.ViewConnectors) {
		return nil, nil
	}
	in, err := h.Directory.For(c.Caller)
	if err != nil {
		return nil, err
	}
	ctx := c.Request().Context()
	connectors, err := in.Connectors(ctx)
	if err != nil {
		return nil, err
	}
	var list []page.OverviewFunnel
	since := time.Now().Add(-funnelDays * aDay)
	for _, of := range connectors[:min(len(connectors), mostFunnels)] {
		f, err := h.SignIn.Funnel(ctx, c.Caller, of.ID, since)
		if err != nil {
			return nil, err
		}
		if f.Started+f.Returned > 0 {
			list = append(list, page.OverviewFunnel{
				Name: of.Name, Href: people.SignInsPath(of.ID) + "?days=" + strconv.Itoa(funnelDays), Days: funnelDays,
				Funnel: people.FunnelOf(f, of.ID, funnelDays),
			})
		}
	}
	slices.SortStableFunc(list, func(a, b page.OverviewFunnel) int { return cmp.Compare(b.Funnel[0].N, a.Funnel[0].N) })
	return list[:min(len(list), funnel)], nil
}

// all returns the tenant's connections, those of the environment that is looked at.
func (h *Handlers) all(c *route.Call) ([]tokens.Connection, error) {
	q := consent.Query{Limit: atOnce}
	if e := authmethods.Environment(c.QueryParam("env")); e.Valid() {
		q.Environment = e
	}
	var all []tokens.Connection
	for len(all) < most {
		part, err := h.Consents.Connections(c.Request().Context(), c.Caller, q)
		if err != nil {
			return nil, err
		}
		if all = append(all, part...); len(part) < q.Limit {
			break
		}
		q.After = part[len(part)-1].ID
	}
	slices.SortStableFunc(all, func(a, b tokens.Connection) int { return a.TokenExpiresAt.Compare(b.TokenExpiresAt) })
	return all, nil
}

// need is a connection that somebody should look at, with why and what to do.
func need(c *route.Call, w words.Words, x *tokens.Connection, names map[authmethods.ID]string) page.Need {
	chip := connections.ChipOf(w, x)
	chip.Href = ""
	n := page.Need{
		Name: cmp.Or(names[x.MethodID], x.Method), Href: connections.PathOf(x.ID), Environment: x.Environment, Chip: chip,
		Text: w.Diagnosis(authmethods.Diagnose(cmp.Or(x.Reason, authmethods.CodeConsentRequired))).Title + ".",
	}
	now := time.Now()
	switch {
	case x.TokenExpiresAt.After(now):
		n.Text += " " + w.Say("headline.lose", "when", w.In(x.TokenExpiresAt.Sub(now)), "time", w.Clock(x.TokenExpiresAt.UTC()))
	case !x.TokenExpiresAt.IsZero():
		n.Text += " " + w.Say("headline.lost", "when", w.Ago(now.Sub(x.TokenExpiresAt)))
	}
	again := x.State == tokens.ReconnectRequired || x.State == tokens.AwaitingConsent
	if again && c.May(authmethods.ModifyMethods) {
		n.Action = &page.Action{Label: w.Say("connections.reconnect"), Href: connections.ReconnectHref(x), Icon: "link", Kind: "primary"}
	} else {
		n.Action = &page.Action{Label: w.Say("connections.why"), Href: connections.PathOf(x.ID)}
	}
	return n
}

// beginning stands where nothing is connected yet.
func beginning(c *route.Call, w words.Words, methods int) *page.Empty {
	e := &page.Empty{Icon: "key", Title: w.Say("overview.empty"), Text: w.Say("overview.empty.text")}
	switch {
	case methods > 0:
		e.Title, e.Text = w.Say("overview.unconnected"), w.Say("overview.unconnected.text")
		e.Actions = []page.Action{{Label: w.Say("overview.methods"), Href: "/methods", Kind: "primary"}}
	case c.May(authmethods.CreateMethods):
		e.Actions = []page.Action{{Label: w.Say("overview.create"), Href: "/methods/new", Icon: "plus", Kind: "primary"}}
	}
	return e
}

// links are other places that this reader may open.
func links(c *route.Call, w words.Words) []page.Action {
	var open []page.Action
	for _, l := range []struct {
		right           authmethods.Right
		key, path, icon string
	}{
		{authmethods.ViewServices, "loans.title", connections.LoansPath, "terminal"},
		{authmethods.ViewUsers, "section.users", "/users", "people"},
		{authmethods.ViewConnectors, "section.sso", "/sso", "door"},
		{authmethods.ViewAudit, "section.audit", "/audit", "log"},
	} {
		if c.May(l.right) {
			open = append(open, page.Action{Label: w.Say(l.key), Href: l.path, Icon: l.icon, Kind: "bare"})
		}
	}
	return open
}

package methods

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"latchkey/authmethods"
	"latchkey/tokens"
	"latchkey/web/page"
	"latchkey/web/route"
)

// views are the tabs of a method, in their order.
var views = []string{"status", "settings", "scopes", "used", "activity"}

// Show is GET /methods/:id.
func (h *Handlers) Show(c *route.Call) error {
	s, err := h.see(c)
	if err != nil {
		return err
	}
	connections, err := h.connections(c, string(s.method.ID))
	if err != nil {
		return err
	}
	v := viewer{seen: s, h: h, call: c, connections: connections}
	if v.view = c.QueryParam("tab"); !slices.Contains(views, v.view) {
		v.view = views[0]
	}
	p := page.MethodPage{Crumbs: s.crumbs(false), Name: s.method.Name, View: v.view, Lead: v.lead(), Notices: v.notices(), Waiting: v.waiting()}
	if err := v.fill(&p); err != nil {
		return err
	}
	v.head(&p)
	return page.Method.Show(c, http.StatusOK, p)
}

// viewer shows one method to one person.
type viewer struct {
	*seen
	h           *Handlers
	call        *route.Call
	connections map[place]tokens.Connection
	view        string
}

func (v *viewer) fill(p *page.MethodPage) error {
	d, err := v.Dependents(v.call.Request().Context(), string(v.method.ID))
	if err != nil {
		return err
	}
	n := 0
	if v.call.May(authmethods.ViewServices) {
		n += len(d.Permits)
	}
	n += len(d.Connectors)
	for _, each := range views {
		tab := page.Tab{Label: v.words.Say("methods.tab." + each), Href: pathOf(v.method.ID, "") + "?tab=" + each, Current: each == v.view}
		switch each {
		case "scopes":
			tab.Count = len(v.method.Scopes)
		case "used":
			tab.Count = n
		}
		p.Tabs = append(p.Tabs, tab)
	}
	switch v.view {
	case "status":
		for _, e := range v.environments() {
			p.In = append(p.In, v.in(e))
		}
	case "settings":
		v.settings(p)
	case "scopes":
		v.scopes(p)
	case "used":
		v.used(p, d)
	case "activity":
		return v.activity(p)
	}
	return nil
}

func (v *viewer) connection(e authmethods.Environment) tokens.Connection {
	return v.connections[place{v.method.ID, e}]
}

// head is what stands beside the name: what is to be done next, and what else can be.
func (v *viewer) head(p *page.MethodPage) {
	reached, again := false, false
	for _, e := range v.environments() {
		s := stateOf(v.connection(e))
		reached, again = reached || works(s), again || s != "disabled"
	}
	if v.call.May(authmethods.ModifyMethods) && !reached {
		label := v.words.Say("methods.enable")
		if again {
			label = v.words.Say("methods.reconnect")
		}
		p.Primary = []page.Action{{Label: label, Href: pathOf(v.method.ID, "enable"), Kind: "primary", Dialog: true}}
	}
	p.Menu = menu(v.call, v.words, &v.method, false, reached, again)
	if v.call.May(authmethods.ModifyMethods) {
		p.Edit = pathOf(v.method.ID, "edit")
	}
}

// lead says in a sentence how things are.
func (v *viewer) lead() string {
	var working, waiting []string
	for _, e := range v.environments() {
		switch s := stateOf(v.connection(e)); {
		case works(s):
			working = append(working, v.named(e))
		case s != "disabled":
			waiting = append(waiting, v.named(e))
		}
	}
	switch {
	case len(waiting) > 0:
		return v.words.Say("methods.lead.waits", "environments", waiting)
	case len(working) > 0:
		return v.words.Say("methods.lead.works", "environments", working)
	}
	return v.words.Say("methods.lead.unused")
}

// notices tell of a client that the provider refuses: an incident of the method, and
// not of each connection.
func (v *viewer) notices() []page.Notice {
	var list []page.Notice
	for _, own := range v.method.Environments {
		r := own.Rejected
		if r == nil {
			continue
		}
		d := v.words.Diagnosis(authmethods.Diagnose(r.Code))
		n := page.Notice{
			Kind: page.Bad, Title: v.words.Say("methods.rejected", "provider", v.kind.Name, "environment", v.named(own.Environment)), Text: v.both(own.Environment) + d.Action,
		}
		if v.call.May(authmethods.ModifyMethods) {
			n.Actions = []page.Action{{Label: v.words.Say("methods.rejected.edit"), Href: pathOf(v.method.ID, "edit") + "#f-client_id"}}
		}
		list = append(list, n)
	}
	return list
}

// in is the method in one environment.
func (v *viewer) in(e authmethods.Environment) page.MethodIn {
	x := v.connection(e)
	s := stateOf(x)
	i := page.MethodIn{Environment: e, State: s, Sentence: v.sentence(s, x), Warnings: x.Warnings}
	if x.Reason != "" && x.Reason != authmethods.CodeMethodDisabled {
		i.Card = page.CardOf(v.words, authmethods.Diagnose(x.Reason))
	}
	if x.ID != "" {
		i.Account, i.Account2 = cmp.Or(x.Account.Email, x.Account.Name), cmp.Or(x.Organization.Name, x.Organization.ID)
		i.ApprovedAt, i.ValidUntil, i.Connection = x.ApprovedAt, x.TokenExpiresAt, "/connections/"+string(x.ID)
		i.DataCentre = page.DataCentre(v.words, v.kind, x.DataCentre)
	}
	if v.call.May(authmethods.ModifyMethods) {
		v.offer(&i, e, s)
	}
	return i
}

// offer adds what can be done in an environment.
func (v *viewer) offer(i *page.MethodIn, e authmethods.Environment, s page.State) {
	enable := page.Action{Label: v.words.Say("methods.enable"), Href: pathOf(v.method.ID, "enable"), Kind: "primary", Dialog: true}
	switch {
	case works(s):
		f := ours(v.call, pathOf(v.method.ID, "test"))
		i.Tests = &f
		enable.Label, enable.Kind = v.words.Say("methods.reconnect"), "quiet"
	case s == "awaiting_approval":
		enable.Label = v.words.Say("methods.continue")
	case s != "disabled":
		enable.Label = v.words.Say("methods.reconnect")
	}
	i.Primary = append(i.Primary, enable)
	if own := v.method.In(e); own != nil && own.Enabled {
		i.More = append(i.More, page.Action{Label: v.words.Say("methods.disable"), Href: at(v.method.ID, "disable", e), Kind: "quiet", Dialog: true})
	}
}

// sentence says what the state means now.
func (v *viewer) sentence(s page.State, x tokens.Connection) string {
	switch {
	case s == "active" && x.TokenExpiresAt.IsZero():
		return v.words.Say("methods.now.always")
	case s == "degraded" && !time.Now().Before(x.TokenExpiresAt):
		return v.words.Say("methods.now.degraded_out")
	}
	return v.words.Say("methods.now."+string(s), "until", v.words.Clock(x.TokenExpiresAt), "retry", v.words.Clock(x.RetryAt), "provider", v.kind.Name)
}

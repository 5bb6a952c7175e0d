package methods

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/tokens"
	"latchkey/tokens/consent"
	past "latchkey/web/admin/connections"
	"latchkey/web/page"
	"latchkey/web/route"
	"latchkey/web/words"
)

// List is GET /methods: all of them, those that need attention first. What is to be
// shown stands in the address.
func (h *Handlers) List(c *route.Call) error {
	t, err := h.Store.For(c.Caller)
	if err != nil {
		return err
	}
	found, err := all(c.Request().Context(), t)
	if err != nil {
		return err
	}
	connections, err := h.connections(c, "")
	if err != nil {
		return err
	}
	users, known, err := h.users(c, t)
	if err != nil {
		return err
	}
	l := listing{Handlers: h, call: c, words: page.Words(c), wanted: wantedBy(c), connections: connections, users: users, reach: past.ReachOf(c), now: time.Now()}
	if l.troubles, err = h.Consents.Troubles(c.Request().Context(), c.Caller, l.reach.Past()); err != nil {
		return err
	}
	if l.pending, err = h.Consents.Approvals(c.Request().Context(), c.Caller); err != nil {
		return err
	}
	p := page.MethodsPage{
		Filtered: l.wanted.narrow(), Environment: l.wanted.environment, UsersKnown: known,
		Filters: l.filters(found), Actions: l.actions(len(found)), Reaches: l.reach.Tabs(c, l.words), Reach: l.words.Span(l.reach.Past()),
	}
	if len(found) == 0 {
		p.Empty = l.empty()
	}
	var shown []ranked
	for i := range found {
		if r, ok := l.row(&found[i]); ok {
			shown = append(shown, r)
		}
	}
	slices.SortStableFunc(shown, func(a, b ranked) int { return cmp.Compare(a.urgency, b.urgency) })
	for _, r := range shown {
		p.Rows = append(p.Rows, r.MethodRow)
	}
	return page.Methods.Show(c, http.StatusOK, p)
}

// wanted is what somebody asked the list for.
type wanted struct {
	text, kind, state string
	environment       authmethods.Environment
}

func wantedBy(c *route.Call) wanted {
	w := wanted{text: strings.TrimSpace(c.QueryParam("q")), kind: c.QueryParam("type"), state: c.QueryParam("status")}
	if e := authmethods.Environment(c.QueryParam("env")); e.Valid() {
		w.environment = e
	}
	return w
}

func (w wanted) narrow() bool { return w.text != "" || w.kind != "" || w.state != "" }

// finds reports whether a text that was typed is part of what people know of m.
func (w wanted) finds(m *authmethods.Method, kind string) bool {
	for _, s := range []string{m.Name, m.Reference, string(m.ID), m.ClientID, kind} {
		if strings.Contains(strings.ToLower(s), strings.ToLower(w.text)) {
			return true
		}
	}
	return false
}

// listing is one list while it is made.
type listing struct {
	*Handlers
	call        *route.Call
	words       words.Words
	wanted      wanted
	connections map[place]tokens.Connection
	users       users
	reach       past.Reach // of the strips
	troubles    map[authmethods.ID][]consent.Trouble
	now         time.Time
	pending     map[consent.PendingAt]time.Time // approvals that were begun, and when
}

// awaiting is the chip of a method where nothing is lent and an approval was begun: it
// waits for that, and says since when.
func (l *listing) awaiting(ch page.Chip, id authmethods.ID, e authmethods.Environment) page.Chip {
	begun, waits := l.pending[consent.PendingAt{Method: id, Environment: e}]
	if !waits || works(ch.State) {
		return ch
	}
	if ch.State == "disabled" {
		ch.State = "awaiting_approval"
	}
	ch.Note = l.words.Ago(l.now.Sub(begun))
	return ch
}

type ranked struct {
	page.MethodRow
	urgency int
}

// row is a method in the list, unless it was not asked for.
func (l *listing) row(m *authmethods.Method) (ranked, bool) {
	s := &seen{method: *m, kind: l.kindOf(l.words, m.IntegrationType), words: l.words}
	if l.wanted.kind != "" && l.wanted.kind != m.IntegrationType || !l.wanted.finds(m, s.kind.Name) {
		return ranked{}, false
	}
	r := ranked{urgency: urgency("disabled"), MethodRow: page.MethodRow{
		Name: m.Name, Href: pathOf(m.ID, ""), Reference: m.Reference, Type: s.kind.Name, Mode: l.words.Say("methods.mode." + string(m.Mode)),
		ClientID: short(m.ClientID), WholeID: m.ClientID, UsedBy: l.users.of(m),
	}}
	fits := l.wanted.state == ""
	for _, e := range s.environments() {
		if l.wanted.environment != "" && e != l.wanted.environment {
			continue
		}
		x := l.connections[place{m.ID, e}]
		ch := l.awaiting(chip(l.words, m.ID, x, l.call.May(authmethods.ModifyMethods)), m.ID, e)
		state := page.MethodState{Environment: e, Chip: ch}
		if x.ID != "" {
			strip := l.reach.Strip(l.words, &x, l.troubles[x.ID], l.now)
			state.Strip = &strip
		}
		r.States = append(r.States, state)
		r.urgency = min(r.urgency, urgency(ch.State))
		fits = fits || string(ch.State) == l.wanted.state
	}
	r.Menu = l.menu(m, r.States)
	return r, fits && len(r.States) > 0
}

// short is as much of a client ID as it takes to recognise one.
func short(id string) string {
	if runes := []rune(id); len(runes) > 16 {
		return string(runes[:9]) + "…" + string(runes[len(runes)-4:])
	}
	return id
}

// menu is what the cog of a method opens.
func (l *listing) menu(m *authmethods.Method, states []page.MethodState) page.Menu {
	reached, again := false, false
	for _, s := range states {
		reached = reached || works(s.Chip.State)
		again = again || s.Chip.State != "disabled"
	}
	return menu(l.call, l.words, m, true, reached, again)
}

// menu is what can be done to a method, by whoever asks.
func menu(c *route.Call, w words.Words, m *authmethods.Method, open, reached, again bool) page.Menu {
	list := page.Menu{Name: m.Name}
	add := func(a page.Action, ok bool) {
		if ok {
			list.Actions = append(list.Actions, a)
		}
	}
	modify := c.May(authmethods.ModifyMethods)
	enable := page.Action{Label: w.Say("methods.enable"), Href: pathOf(m.ID, "enable"), Icon: "power"}
	if again {
		enable.Label, enable.Icon = w.Say("methods.reconnect"), "refresh"
	}
	add(page.Action{Label: w.Say("methods.open"), Href: pathOf(m.ID, ""), Icon: "eye"}, open)
	add(page.Action{Label: w.Say("methods.test.now"), Href: pathOf(m.ID, "test"), Icon: "play"}, modify && reached)
	add(enable, modify)
	add(page.Action{Label: w.Say("methods.edit"), Href: pathOf(m.ID, "edit"), Icon: "pencil"}, modify)
	add(page.Action{Label: w.Say("methods.help"), Href: pathOf(m.ID, "help"), Icon: "info"}, !open)
	add(page.Action{Label: w.Say("methods.duplicate"), Href: pathOf(m.ID, "duplicate"), Icon: "copy"}, c.May(authmethods.CreateMethods))
	add(page.Action{Label: w.Say("methods.copy_id"), Href: pathOf(m.ID, "") + "?tab=settings", Icon: "code", Copy: string(m.ID)}, true)
	add(page.Action{Label: w.Say("freeze.menu"), Href: pathOf(m.ID, "freeze"), Icon: "snow", Apart: true, Dialog: true}, c.May(authmethods.ModifyFreezes))
	add(page.Action{Label: w.Say("methods.delete"), Href: pathOf(m.ID, "delete"), Icon: "trash", Kind: "danger", Apart: true}, c.May(authmethods.DeleteMethods))
	return list
}

func (l *listing) actions(n int) []page.Action {
	if n == 0 || !l.call.May(authmethods.CreateMethods) {
		return nil
	}
	return []page.Action{{Label: l.words.Say("methods.create"), Href: listPath + "/new", Kind: "primary", Icon: "plus"}}
}

func (l *listing) empty() *page.Empty {
	e := &page.Empty{Icon: "key", Title: l.words.Say("methods.none"), Text: l.words.Say("methods.none.text")}
	if l.call.May(authmethods.CreateMethods) {
		e.Actions = []page.Action{{Label: l.words.Say("methods.create"), Href: listPath + "/new", Kind: "primary", Icon: "plus"}}
	}
	return e
}

// filters are the fields by which the list is narrowed.
func (l *listing) filters(found []authmethods.Method) []page.Field {
	kinds := []page.Option{{Label: l.words.Say("methods.filter.all_types")}}
	for _, t := range l.Catalog.Types() {
		has := slices.ContainsFunc(found, func(m authmethods.Method) bool { return m.IntegrationType == t.ID })
		if has {
			kinds = append(kinds, page.Option{Value: t.ID, Label: l.words.OfType(t.Name), Chosen: t.ID == l.wanted.kind})
		}
	}
	states := []page.Option{{Label: l.words.Say("methods.filter.all_states")}}
	for _, s := range []string{"reconnect_required", "degraded", "throttled", "awaiting_approval", "revoked", "active", "disabled"} {
		states = append(states, page.Option{Value: s, Label: l.words.Say("state." + s), Chosen: s == l.wanted.state})
	}
	return []page.Field{
		{Name: "q", Label: l.words.Say("methods.filter.text"), Value: l.wanted.text, Kind: "search", Optional: true},
		{Name: "type", Label: l.words.Say("methods.type"), Kind: "select", Options: kinds, Optional: true},
		{Name: "status", Label: l.words.Say("methods.status"), Kind: "select", Options: states, Optional: true},
	}
}

// users are those who rest on methods.
type users struct {
	permits    map[string]int // by reference; authmethods.Any for all
	connectors map[authmethods.ID]int
}

func (u users) of(m *authmethods.Method) int {
	return u.permits[m.Reference] + u.permits[authmethods.Any] + u.connectors[m.ID]
}

// users counts the services and connectors of methods, as far as whoever asks may
// know; known is false if they may know of neither.
func (h *Handlers) users(c *route.Call, t *store.Tenant) (u users, known bool, err error) {
	u = users{map[string]int{}, map[authmethods.ID]int{}}
	ctx := c.Request().Context()
	if c.May(authmethods.ViewServices) {
		services, err := t.Services(ctx)
		if err != nil {
			return u, false, err
		}
		for i := range services {
			for _, reference := range borrows(&services[i]) {
				u.permits[reference]++
			}
		}
	}
	if c.May(authmethods.ViewConnectors) {
		people, err := h.Directory.For(c.Caller)
		if err != nil {
			return u, false, err
		}
		connectors, err := people.Connectors(ctx)
		if err != nil {
			return u, false, err
		}
		for i := range connectors {
			u.connectors[connectors[i].Method]++
		}
	}
	return u, c.May(authmethods.ViewServices) || c.May(authmethods.ViewConnectors), nil
}

// borrows lists the methods that a service may borrow from, each once; Any alone
// stands for all.
func borrows(s *authmethods.Service) []string {
	var list []string
	for _, p := range s.Permits {
		if p.Method == authmethods.Any {
			return []string{authmethods.Any}
		}
		if !slices.Contains(list, p.Method) {
			list = append(list, p.Method)
		}
	}
	return list
}

package connections

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"latchkey/authmethods"
	"latchkey/tokens"
	"latchkey/tokens/consent"
	"latchkey/web/list"
	"latchkey/web/page"
	"latchkey/web/route"
	"latchkey/web/words"
)

// states are those that the list may be narrowed to.
var states = []tokens.State{
	tokens.ReconnectRequired, tokens.AwaitingConsent, tokens.Degraded, tokens.Throttled, tokens.Active, tokens.Revoked, tokens.Disabled,
}

// asked is what a request for the list asks for.
type asked struct {
	consent.Query
	narrowed bool
	reach    Reach
}

func read(c *route.Call) (asked, error) {
	q := list.Read(c.Request(), "state", "method", "env", "reach")
	a := asked{Query: consent.Query{
		State: list.Choice(q, "state", states...), Method: q.Text("method", 64),
		Environment: list.Choice(q, "env", authmethods.Production, authmethods.Sandbox, authmethods.Developer),
		After:       q.AfterID("conn"), Limit: perPage + 1,
	}}
	a.narrowed, a.reach = a.State != "" || a.Method != "", ReachOf(c)
	return a, q.Err()
}

// List is GET /connections.
func (h *Handlers) List(c *route.Call) error {
	a, err := read(c)
	if err != nil {
		return err
	}
	ctx, w := c.Request().Context(), page.Words(c)
	found, err := h.collect(ctx, c.Caller, a.Query)
	if err != nil {
		return err
	}
	facts := facts{reach: a.reach, now: time.Now()}
	if facts.lent, err = h.Consents.Lent(ctx, c.Caller, aDay); err != nil {
		return err
	}
	if facts.troubles, err = h.Consents.Troubles(ctx, c.Caller, a.reach.Past()); err != nil {
		return err
	}
	names, methods, err := h.names(c)
	if err != nil {
		return err
	}
	part := list.PageOf(found, perPage, func(x tokens.Connection) string { return list.IDCursor(x.ID) })
	facts.names = names
	p := page.ConnectionsPage{Sift: sift(c, w, a, methods), Reaches: a.reach.Tabs(c, w), Reach: w.Span(a.reach.Past())}
	slices.SortStableFunc(part.Items, func(x, y tokens.Connection) int { return cmp.Compare(urgency(x.State), urgency(y.State)) })
	for i := range part.Items {
		p.Rows = append(p.Rows, facts.row(w, &part.Items[i]))
	}
	if part.NextCursor != "" {
		p.Pager = page.Pager{Next: with(c, "cursor", part.NextCursor)}
	}
	if a.After != "" {
		p.Pager.Previous = with(c, "cursor", "")
	}
	if len(p.Rows) == 0 {
		p.Empty = nothing(c, w, a)
	}
	return page.Connections.Show(c, http.StatusOK, p)
}

// collect reads as many connections as a page has. With a state, parts of what is
// stored may hold few that fit.
func (h *Handlers) collect(ctx context.Context, who authmethods.Caller, q consent.Query) ([]tokens.Connection, error) {
	state := q.State
	q.State = ""
	var fitting []tokens.Connection
	for {
		part, err := h.Consents.Connections(ctx, who, q)
		if err != nil {
			return nil, err
		}
		for _, x := range part {
			if state == "" || x.State == state {
				fitting = append(fitting, x)
			}
		}
		if len(part) < q.Limit || len(fitting) >= q.Limit {
			return fitting[:min(len(fitting), q.Limit)], nil
		}
		q.After = part[len(part)-1].ID
	}
}

// urgency orders states: what needs a person first, then what passes by itself.
func urgency(s tokens.State) int {
	switch s {
	case tokens.ReconnectRequired:
		return 0
	case tokens.AwaitingConsent:
		return 1
	case tokens.Degraded, tokens.Throttled:
		return 2
	case tokens.Active:
		return 3
	}
	return 4
}

// facts are what the lines of a list are made of.
type facts struct {
	names    map[authmethods.ID]string
	lent     map[authmethods.ID]consent.Lent
	troubles map[authmethods.ID][]consent.Trouble
	reach    Reach
	now      time.Time
}

func (f *facts) row(w words.Words, x *tokens.Connection) page.ConnectionRow {
	row := page.ConnectionRow{
		Name: cmp.Or(f.names[x.MethodID], x.Method), Href: PathOf(x.ID), Below: whose(x), Environment: x.Environment,
		Chip: ChipOf(w, x), Strip: f.reach.Strip(w, x, f.troubles[x.ID], f.now), Borrowers: f.lent[x.ID].Borrowers, Loans: f.lent[x.ID].Loans,
	}
	if x.TokenID != "" {
		row.ExpiresAt, row.RefreshedAt = x.TokenExpiresAt.UTC(), x.TokenIssuedAt.UTC()
	}
	return row
}

// ChipOf is the state of a connection, with the time that matters in it.
func ChipOf(w words.Words, x *tokens.Connection) page.Chip {
	chip := page.Chip{State: StateOf(x.State), Href: PathOf(x.ID), Action: w.Say("connections.why")}
	switch {
	case x.State == tokens.Degraded && x.TokenExpiresAt.After(time.Now()):
		chip.Note = w.Say("connections.note.until", "time", w.Clock(x.TokenExpiresAt.UTC()))
	case x.State == tokens.Throttled && !x.RetryAt.IsZero():
		chip.Note = w.Say("connections.note.retry", "time", w.Clock(x.RetryAt.UTC()))
	case x.State == tokens.Active:
		chip.Action = w.Say("connections.details")
	}
	return chip
}

// sift is the form that narrows the list.
func sift(c *route.Call, w words.Words, a asked, methods []authmethods.Method) page.Sift {
	every := page.Option{Label: w.Say("sift.any")}
	byState := page.Field{Name: "state", Label: w.Say("connections.state"), Kind: "select", Options: []page.Option{every}}
	for _, s := range states {
		byState.Options = append(byState.Options, page.Option{Value: string(s), Label: w.Say("state." + string(StateOf(s))), Chosen: s == a.State})
	}
	byMethod := page.Field{Name: "method", Label: w.Say("consent.method"), Kind: "select", Options: []page.Option{every}}
	for _, m := range methods {
		byMethod.Options = append(byMethod.Options, page.Option{Value: m.Reference, Label: m.Name, Chosen: m.Reference == a.Method || string(m.ID) == a.Method})
	}
	s := page.Sift{Fields: []page.Field{byState, byMethod}, Environment: a.Environment}
	if a.narrowed {
		s.Clear = only(c, "env")
	}
	return s
}

// nothing stands where the list would be.
func nothing(c *route.Call, w words.Words, a asked) *page.Empty {
	if a.narrowed || a.Environment != "" || a.After != "" {
		return &page.Empty{
			Icon: "filter", Title: w.Say("sift.nothing"), Text: w.Say("connections.nothing"),
			Actions: []page.Action{{Label: w.Say("sift.all"), Href: Path}},
		}
	}
	e := &page.Empty{Icon: "link", Title: w.Say("connections.empty"), Text: w.Say("connections.empty.text")}
	e.Actions = []page.Action{{Label: w.Say("connections.empty.methods"), Href: "/methods", Kind: "primary"}}
	return e
}

// with is the page's own address with one parameter changed.
func with(c *route.Call, name, value string) string {
	q := c.Request().URL.Query()
	q.Del("cursor")
	if q.Del(name); value != "" {
		q.Set(name, value)
	}
	return address(c, q)
}

// only is the page's own address with nothing but some of its parameters.
func only(c *route.Call, names ...string) string {
	q := url.Values{}
	for _, name := range names {
		if v := c.Request().URL.Query().Get(name); v != "" {
			q.Set(name, v)
		}
	}
	return address(c, q)
}

func address(c *route.Call, q url.Values) string {
	if len(q) == 0 {
		return c.Request().URL.Path
	}
	return c.Request().URL.Path + "?" + q.Encode()
}

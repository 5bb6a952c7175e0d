package connections

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"time"

	"latchkey/authmethods"
	"latchkey/crypto/token"
	"latchkey/tokens"
	"latchkey/tokens/consent"
	"latchkey/web/admin/audit"
	"latchkey/web/list"
	"latchkey/web/page"
	"latchkey/web/route"
	"latchkey/web/words"
)

// borrowers are the services that hold a live token of the connection.
func (s *sight) borrowers() ([]page.Borrower, error) {
	held, err := s.Ledger.Loans(s.ctx, s.c.Caller, tokens.LoanQuery{Connection: s.x.ID, Limit: 100})
	if err != nil {
		return nil, err
	}
	rows := make([]page.Borrower, 0, len(held))
	for i := range held {
		rows = append(rows, borrower(&held[i]))
	}
	slices.SortStableFunc(rows, func(a, b page.Borrower) int { return cmp.Compare(b.Loans, a.Loans) })
	return rows, nil
}

func borrower(h *tokens.Held) page.Borrower {
	return page.Borrower{
		Name: h.ServiceName, Href: "/service-accounts/" + string(h.Service), Purpose: h.Purpose, Environment: h.Environment,
		Connection: h.Method, Loans: h.Loans, FirstAt: h.FirstLentAt.UTC(), LastAt: h.LastLentAt.UTC(), ExpiresAt: utc(h.ExpiresAt),
		Over: !h.ExpiresAt.IsZero() && h.ExpiresAt.Before(time.Now()),
	}
}

// activity is what people and programs did with the connection lately: to itself, and
// by approvals of its method.
func (s *sight) activity() ([]page.AuditEntry, error) {
	in, err := s.Store.For(s.c.Caller)
	if err != nil {
		return nil, err
	}
	const most = 10
	events, err := in.History(s.ctx, string(s.x.MethodID), 0, 50)
	if err != nil {
		return nil, err
	}
	events = slices.DeleteFunc(events, func(e authmethods.Event) bool { return !s.about(e) })
	if s.c.May(authmethods.ViewAudit) {
		own, err := in.Events(s.ctx, audit.Of(s.x.ID, most))
		if err != nil {
			return nil, err
		}
		events = append(events, own...)
	}
	slices.SortFunc(events, func(a, b authmethods.Event) int { return cmp.Compare(b.Seq, a.Seq) })
	return audit.Entries(s.w, s.c.Caller, events[:min(len(events), most)],
		map[authmethods.ID]string{s.x.MethodID: s.method.Name, s.x.ID: s.method.Name}), nil
}

// about reports whether something that happened to the method happened to the
// connection too.
func (s *sight) about(e authmethods.Event) bool {
	if to, ok := e.Changes["connection"]; ok {
		return to.To == string(s.x.ID)
	}
	to, ok := e.Changes["environment"]
	return ok && to.To == string(s.x.Environment)
}

// Loans is GET /loans: who holds which token.
func (h *Handlers) Loans(c *route.Call) error {
	q := list.Read(c.Request(), "service", "connection", "tokens", "env")
	lq := tokens.LoanQuery{
		Service: idOf(q, "service", "sa"), Connection: idOf(q, "connection", "conn"),
		Ended: list.Choice(q, "tokens", "live", "all") == "all", After: q.AfterID("loan"), Limit: perPage + 1,
	}
	if err := q.Err(); err != nil {
		return err
	}
	held, err := h.Ledger.Loans(c.Request().Context(), c.Caller, lq)
	if err != nil {
		return err
	}
	known, err := h.known(c)
	if err != nil {
		return err
	}
	part := list.PageOf(held, perPage, func(x tokens.Held) string { return list.IDCursor(x.ID) })
	w := page.Words(c)
	p := page.LoansPage{}
	if p.Sift, err = h.siftLoans(c, w, lq, known); err != nil {
		return err
	}
	for i := range part.Items {
		row := borrower(&part.Items[i])
		if x, ok := known[part.Items[i].Connection]; ok {
			row.Connection, row.ConnHref = x.name, PathOf(part.Items[i].Connection)
		}
		p.Rows = append(p.Rows, row)
	}
	if part.NextCursor != "" {
		p.Pager.Next = with(c, "cursor", part.NextCursor)
	}
	if lq.After != "" {
		p.Pager.Previous = with(c, "cursor", "")
	}
	if len(p.Rows) == 0 {
		p.Empty = noLoans(w, lq)
	}
	return page.Loans.Show(c, http.StatusOK, p)
}

// idOf is a filter that is an id; anything else names nothing.
func idOf(q *list.Query, name, prefix string) authmethods.ID {
	s := q.Text(name, 64)
	if s != "" && !token.ValidID(prefix, s) {
		q.Fault(name, "This is no id of that kind.")
	}
	return authmethods.ID(s)
}

// labelled is a connection by its name.
type labelled struct {
	id   authmethods.ID
	name string
	in   authmethods.Environment
}

// maxKnown is how many connections are offered to narrow the ledger by.
const maxKnown = 200

// known returns connections by name, for those who may see them.
func (h *Handlers) known(c *route.Call) (map[authmethods.ID]labelled, error) {
	if !c.May(authmethods.ViewMethods) {
		return nil, nil
	}
	names, _, err := h.names(c)
	if err != nil {
		return nil, err
	}
	found, err := h.Consents.Connections(c.Request().Context(), c.Caller, consent.Query{Limit: maxKnown})
	if err != nil {
		return nil, err
	}
	known := make(map[authmethods.ID]labelled, len(found))
	for i := range found {
		x := &found[i]
		name := cmp.Or(names[x.MethodID], x.Method)
		if x.Subject != tokens.TenantSubject {
			name += " · " + x.Subject
		}
		known[x.ID] = labelled{x.ID, name, x.Environment}
	}
	return known, nil
}

func (h *Handlers) siftLoans(c *route.Call, w words.Words, lq tokens.LoanQuery, known map[authmethods.ID]labelled) (page.Sift, error) {
	in, err := h.Store.For(c.Caller)
	if err != nil {
		return page.Sift{}, err
	}
	services, err := in.Services(c.Request().Context())
	if err != nil {
		return page.Sift{}, err
	}
	every := page.Option{Label: w.Say("sift.any")}
	byService := page.Field{Name: "service", Label: w.Say("loans.service"), Kind: "select", Options: []page.Option{every}}
	for i := range services {
		byService.Options = append(byService.Options, page.Option{Value: string(services[i].ID), Label: services[i].Name, Chosen: services[i].ID == lq.Service})
	}
	s := page.Sift{Fields: []page.Field{byService}}
	if len(known) > 0 {
		by := page.Field{Name: "connection", Label: w.Say("loans.connection"), Kind: "select", Options: []page.Option{every}}
		for _, x := range slices.SortedFunc(maps.Values(known), func(a, b labelled) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.in, b.in)) }) {
			by.Options = append(by.Options, page.Option{Value: string(x.id), Label: x.name + " – " + w.Say("environment."+string(x.in)), Chosen: x.id == lq.Connection})
		}
		s.Fields = append(s.Fields, by)
	}
	s.Fields = append(s.Fields, page.Field{Name: "tokens", Label: w.Say("loans.tokens"), Kind: "select", Options: []page.Option{
		{Value: "live", Label: w.Say("loans.live")}, {Value: "all", Label: w.Say("loans.all"), Chosen: lq.Ended},
	}})
	if lq.Service != "" || lq.Connection != "" || lq.Ended {
		s.Clear = only(c)
	}
	return s, nil
}

// noLoans stands where the ledger has nothing to show.
func noLoans(w words.Words, lq tokens.LoanQuery) *page.Empty {
	if lq.Service != "" || lq.Connection != "" || lq.After != "" {
		return &page.Empty{Icon: "filter", Title: w.Say("sift.nothing"), Text: w.Say("loans.nothing"), Actions: []page.Action{{Label: w.Say("sift.all"), Href: LoansPath}}}
	}
	return &page.Empty{Icon: "terminal", Title: w.Say("loans.empty"), Text: w.Say("loans.empty.text")}
}

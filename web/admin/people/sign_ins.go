package people

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/web/list"
	"latchkey/web/page"
	"latchkey/web/route"
)

// usualDays is how far back sign-ins are counted unless something else is asked.
const usualDays = 30

// SignIns is GET /sso/:id/sign-ins: how sign-ins by a connector went.
func (h *Handlers) SignIns(c *route.Call) error {
	of, _, err := h.connector(c)
	if err != nil {
		return err
	}
	q := list.Read(c.Request(), "env", "days", "outcome", "code")
	sq := sso.SignInQuery{
		Connector: of.ID, Outcome: list.Choice(q, "outcome", sso.Pending, sso.SignedIn, sso.Refused, sso.Tried),
		Code: authmethods.Code(q.Text("code", 64)), Before: q.AfterID("sin"), Limit: q.Limit + 1,
	}
	days := number(q.Text("days", 3), usualDays)
	if err := q.Err(); err != nil {
		return err
	}
	ctx, w := c.Request().Context(), page.Words(c)
	sq.Since = time.Now().Add(-time.Duration(days) * 24 * time.Hour)
	funnel, err := h.SignIn.Funnel(ctx, c.Caller, of.ID, sq.Since)
	if err != nil {
		return err
	}
	rows, err := h.signInList(ctx, c, sq, q.Limit)
	if err != nil {
		return err
	}
	at := SignInsPath(of.ID)
	p := page.ConnectorLogPage{
		Head: h.connectorHead(c, of, "sign_ins"), Days: days, Funnel: FunnelOf(funnel, of.ID, days), List: rows,
		Filter: page.PeopleFilter{Action: at, Fields: logFilters(fields{w: w, values: c.Request().URL.Query()})},
	}
	if c.Request().URL.RawQuery != "" {
		p.Filter.Clear = at
	}
	return page.ConnectorLog.Show(c, http.StatusOK, p)
}

func logFilters(f fields) []page.Field {
	outcomes := []page.Option{{Value: "", Label: f.w.Say("people.any")}}
	for _, o := range []sso.Outcome{sso.SignedIn, sso.Refused, sso.Tried, sso.Pending} {
		outcomes = append(outcomes, page.Option{Value: string(o), Label: f.w.Say("people.outcome." + string(o))})
	}
	if f.values.Get("days") == "" {
		f.values.Set("days", strconv.Itoa(usualDays))
	}
	var days []page.Option
	for _, n := range []int{1, 7, usualDays, 90} {
		days = append(days, page.Option{Value: strconv.Itoa(n), Label: f.w.Say("people.days", "n", n)})
	}
	return []page.Field{*f.text("outcome", "outcome", optional, oneOf(outcomes...)).Field, *f.text("days", "days", optional, oneOf(days...)).Field}
}

// SignInsPath is where the sign-ins by a connector are shown.
func SignInsPath(connector authmethods.ID) string { return connectorPath(connector) + "/sign-ins" }

// FunnelOf returns the parts of a connector's funnel of so many days, each a share of
// those who went to the provider.
func FunnelOf(f sso.Funnel, connector authmethods.ID, days int) []page.FunnelStep {
	at := SignInsPath(connector)
	whole := max(f.Started, f.Returned) // who just began is counted a moment later
	counts := []struct {
		key string
		n   int64
	}{{"started", whole}, {"returned", f.Returned}, {"matched", f.Matched}, {"signed_in", f.SignedIn}}
	refused := at + "?" + url.Values{"outcome": {string(sso.Refused)}, "days": {strconv.Itoa(days)}}.Encode()
	all := make([]page.FunnelStep, len(counts))
	for i, step := range counts {
		all[i] = page.FunnelStep{Key: step.key, N: step.n, Share: int(1000 * step.n / max(whole, 1))}
		if i > 0 {
			all[i].Lost = max(0, counts[i-1].n-step.n)
		}
		if i > 1 && all[i].Lost > 0 {
			all[i].Href = refused
		}
	}
	return all
}

// signInList reads a page of sign-ins; limit is how many it has.
func (h *Handlers) signInList(ctx context.Context, c *route.Call, q sso.SignInQuery, limit int) (page.SignInList, error) {
	found, err := h.SignIn.List(ctx, c.Caller, q)
	if err != nil {
		return page.SignInList{}, err
	}
	shown := list.PageOf(found, limit, func(s sso.SignIn) string { return list.IDCursor(s.ID) })
	var l page.SignInList
	w := page.Words(c)
	for _, s := range shown.Items {
		row := page.SignInRow{
			Reference: s.ReferenceCode, Href: signInsPath + "/" + string(s.ID), At: s.CreatedAt, Who: s.UserName, Status: outcomeMark(c, s), Address: s.Address,
		}
		if s.Code != "" {
			row.Why = w.Diagnosis(authmethods.Diagnose(s.Code)).Title
		}
		l.Rows = append(l.Rows, row)
	}
	l.Pager = pager(c, len(l.Rows), shown.NextCursor)
	return l, nil
}

func outcomeMark(c *route.Call, s sso.SignIn) page.Mark {
	m := page.Mark{Kind: page.Info, Icon: "clock", Text: page.Words(c).Say("people.outcome." + string(s.Outcome))}
	switch s.Outcome {
	case sso.SignedIn:
		m.Kind, m.Icon = page.Good, "check"
	case sso.Refused:
		m.Kind, m.Icon = page.Bad, "x"
	case sso.Tried:
		m.Icon = "flask"
	}
	return m
}

// SignInAttempt is GET /sso/sign-ins/:id: one attempt, by its id or reference code.
func (h *Handlers) SignInAttempt(c *route.Call) error {
	s, err := h.SignIn.Find(c.Request().Context(), c.Caller, c.Param("id"))
	if err != nil {
		return err
	}
	return h.showAttempt(c, http.StatusOK, s, nil)
}

func (h *Handlers) showAttempt(c *route.Call, status int, s sso.SignIn, wrong page.Corrections) error {
	ctx, w := c.Request().Context(), page.Words(c)
	t, err := h.in(c)
	if err != nil {
		return err
	}
	of, err := t.Connector(ctx, string(s.Connector))
	if err != nil {
		return err
	}
	p := page.SignInAttemptPage{
		Crumbs: []page.Crumb{
			{Label: w.Say("section.sso"), Href: connectorsPath}, {Label: of.Name, Href: connectorPath(of.ID)},
			{Label: w.Say("people.tab.sign_ins"), Href: connectorPath(of.ID) + "/sign-ins"},
		},
		Reference: s.ReferenceCode, ID: string(s.ID), Status: outcomeMark(c, s), Corrections: wrong,
		Connector: page.Linked{Name: of.Name, Href: connectorPath(of.ID)}, Issuer: s.Subject.Issuer, Subject: s.Subject.ID,
		DataCentre: s.DataCentre, Address: s.Address, UserAgent: s.UserAgent, At: s.CreatedAt, EndedAt: s.FinishedAt,
		Claims: claimsOf(s.Claims), Trace: s.Trace,
	}
	if s.User != "" {
		p.User = &page.Linked{Name: s.UserName}
		if c.May(authmethods.ViewUsers) {
			p.User.Href = userPath(s.User)
		}
	}
	if s.Code != "" {
		d := authmethods.Diagnose(s.Code)
		p.Card, p.Lead = page.CardOf(w, d), w.Diagnosis(d).Title
		p.Fixes = h.fixes(c, s, of)
	}
	return page.SignInAttempt.Show(c, status, p)
}

// attempt reads a sign-in that is to be mended.
func (h *Handlers) attempt(c *route.Call) (sso.SignIn, error) {
	if err := posted(c); err != nil {
		return sso.SignIn{}, err
	}
	s, err := h.SignIn.Find(c.Request().Context(), c.Caller, c.Param("id"))
	if err != nil {
		return s, err
	}
	if s.Outcome == sso.Pending {
		return s, fmt.Errorf("people: %w", authmethods.Missing())
	}
	return s, nil
}

package connections

import (
	"context"
	"net/http"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/tokens"
	"latchkey/tokens/consent"
	"latchkey/web/page"
	"latchkey/web/route"
	"latchkey/web/words"
)

// sight is one connection with what its page is made of.
type sight struct {
	*Handlers
	c        *route.Call
	ctx      context.Context
	w        words.Words
	x        tokens.Connection
	method   authmethods.Method
	provider string
	kind     *catalog.Type // nil: its type has gone
	course   consent.Course
	lent     consent.Lent
}

func (h *Handlers) sight(c *route.Call, last time.Duration) (*sight, error) {
	s := &sight{Handlers: h, c: c, ctx: c.Request().Context(), w: page.Words(c)}
	var err error
	if s.x, err = h.found(c); err != nil {
		return nil, err
	}
	if s.method, s.provider, err = h.method(s.ctx, c, &s.x); err != nil {
		return nil, err
	}
	s.kind, _ = h.Catalog.Find(s.method.IntegrationType)
	if s.course, err = h.Consents.Course(s.ctx, c.Caller, s.x.ID, max(last, aDay)); err != nil {
		return nil, err
	}
	s.lent, err = h.Consents.LentOf(s.ctx, c.Caller, s.x.ID, aDay)
	return s, err
}

// Show is GET /connections/:id.
func (h *Handlers) Show(c *route.Call) error {
	span := spanOf(c)
	s, err := h.sight(c, span.past())
	if err != nil {
		return err
	}
	w := s.w
	p := page.ConnectionPage{
		Crumbs: crumbs(w, "", ""), ID: string(s.x.ID), Name: s.method.Name, Environment: s.x.Environment, State: StateOf(s.x.State),
		Headline: s.headline(), Warnings: s.x.Warnings, Spans: span.tabs(c, w), Picture: s.picture(span),
		Refreshes: s.refreshes(), Loans: s.lent.Loans, Facts: s.facts(),
	}
	if s.x.Reason != "" && s.x.State != tokens.Disabled && s.x.State != tokens.Active {
		p.Card = page.CardOf(w, authmethods.Diagnose(s.x.Reason))
	}
	if p.History, err = s.past(span); err != nil {
		return err
	}
	if p.Shares, err = Shares(s.ctx, c, h.Consents, s.x.ID); err != nil {
		return err
	}
	p.Budget, p.BudgetText = s.budget()
	s.actions(&p)
	if c.May(authmethods.ViewServices) {
		p.Ledger, p.AllLoans = true, LoansPath+"?connection="+string(s.x.ID)
		if p.Borrowers, err = s.borrowers(); err != nil {
			return err
		}
	}
	if p.Activity, err = s.activity(); err != nil {
		return err
	}
	if c.May(authmethods.ViewAudit) {
		p.Audit = "/audit?object=" + string(s.x.ID)
	}
	return show(s, page.Connection, p)
}

// show answers with a page in the frame of the connection's environment.
func show[T any](s *sight, t page.Template[T], p T) error {
	chrome := page.ChromeOf(s.c)
	chrome.Environment = s.x.Environment
	s.c.Response().Header().Set("Cache-Control", "no-store")
	return t.Write(s.c.Response(), http.StatusOK, chrome, p)
}

// refreshes counts the tokens of the last day that did not come with an approval.
func (s *sight) refreshes() int {
	n := 0
	for _, t := range s.course.Tokens {
		if s.course.Now.Sub(t.IssuedAt) < aDay && !s.approved(t) {
			n++
		}
	}
	return n
}

// approved reports whether a token came with an approval: it was issued in the minute
// before that was stored.
func (s *sight) approved(t consent.IssuedToken) bool {
	for _, at := range s.course.Approvals {
		if gap := at.Sub(t.IssuedAt); gap >= -time.Second && gap < time.Minute {
			return true
		}
	}
	return false
}

// headline says in words how the connection is.
func (s *sight) headline() string {
	w, x, now := s.w, &s.x, s.course.Now
	good := x.TokenID != "" && (x.TokenExpiresAt.IsZero() || x.TokenExpiresAt.After(now))
	said := w.Say("headline." + string(x.State))
	switch x.State {
	case tokens.Active:
		if next := s.course.RefreshAt; next.After(now) {
			said += " " + w.Say("headline.next", "when", w.In(next.Sub(now)), "time", w.Clock(next.UTC()))
		}
		return said + " " + s.busy()
	case tokens.Throttled:
		if x.RetryAt.After(now) {
			said += " " + w.Say("headline.retry", "time", w.Clock(x.RetryAt.UTC()))
		}
	case tokens.Disabled, tokens.Revoked:
		return said
	}
	switch {
	case good && !x.TokenExpiresAt.IsZero():
		said += " " + w.Say("headline.lose", "when", w.In(x.TokenExpiresAt.Sub(now)), "time", w.Clock(x.TokenExpiresAt.UTC()))
	case !good && !x.TokenExpiresAt.IsZero():
		said += " " + w.Say("headline.lost", "when", w.Ago(now.Sub(x.TokenExpiresAt)))
	}
	return said
}

// busy says how much was lent.
func (s *sight) busy() string {
	if s.lent.Loans == 0 {
		return s.w.Say("headline.idle")
	}
	loans := s.w.Say("headline.loans", "n", s.lent.Loans)
	if s.refreshes() == 0 {
		return loans // the token of the approval is good yet
	}
	return loans + " " + s.w.Say("headline.refreshes", "n", s.refreshes())
}

// budget is the gauge of refreshes, and what stands beside it.
func (s *sight) budget() (*page.Meter, string) {
	b := s.course.Budget
	if b.Allowed == 0 {
		return nil, s.w.Say("budget.none", "provider", s.provider)
	}
	m := &page.Meter{ID: "budget", Label: s.w.Say("budget.label", "span", s.w.Span(b.Window)), Value: min(b.Used, b.Allowed), Max: b.Allowed}
	switch {
	case b.Used >= b.Allowed:
		m.Kind = page.Bad
	case 2*b.Used > b.Allowed:
		m.Kind = page.Wait
	}
	return m, s.w.Say("budget.text", "n", b.Allowed, "provider", s.provider, "span", s.w.Span(b.Window))
}

// actions are what this reader may do with the connection.
func (s *sight) actions(p *page.ConnectionPage) {
	if !s.c.May(authmethods.ModifyMethods) {
		return
	}
	w, own := s.w, PathOf(s.x.ID)
	broken := s.x.State == tokens.ReconnectRequired || s.x.State == tokens.Revoked || s.x.State == tokens.AwaitingConsent
	reconnect := page.Action{Label: w.Say("connections.reconnect"), Href: ReconnectHref(&s.x), Icon: "link"}
	if broken {
		reconnect.Kind = "primary"
		p.Actions = append(p.Actions, reconnect)
	} else if s.x.State != tokens.Disabled {
		p.Test = &page.Form{Action: own + "/test", Token: s.c.FormToken(formName)}
	}
	p.Menu = &page.Menu{Name: s.method.Name}
	if !broken {
		if s.x.State != tokens.Disabled {
			p.Menu.Actions = append(p.Menu.Actions, page.Action{Label: w.Say("connections.refresh"), Href: own + "/refresh", Icon: "refresh", Dialog: true})
		}
		p.Menu.Actions = append(p.Menu.Actions, reconnect)
	}
	if s.x.State != tokens.Revoked {
		p.Menu.Actions = append(p.Menu.Actions, page.Action{Label: w.Say("connections.revoke"), Href: own + "/revoke", Icon: "revoked", Kind: "danger", Dialog: true, Apart: len(p.Menu.Actions) > 0})
	}
	if len(p.Menu.Actions) == 0 {
		p.Menu = nil
	}
}

// ReconnectHref is where the approval of a connection is asked for anew.
func ReconnectHref(x *tokens.Connection) string {
	return "/methods/" + string(x.MethodID) + "/enable?environment=" + string(x.Environment)
}

func (s *sight) facts() page.ConnectionFacts {
	f := page.ConnectionFacts{
		MethodHref: "/methods/" + string(s.x.MethodID), Provider: s.provider, DataCentre: page.DataCentre(s.w, s.kind, s.x.DataCentre), APIBaseURL: s.x.APIBaseURL,
		ApprovedBy: s.x.ApprovedBy, Scopes: s.x.Scopes, Account: either(s.x.Account.Name, s.x.Account.Email),
		Organization: either(s.x.Organization.Name, s.x.Organization.ID),
	}
	if !s.x.ApprovedAt.IsZero() {
		f.ApprovedAt = s.x.ApprovedAt.UTC()
	}
	if !s.x.RefreshExpiresAt.IsZero() {
		f.RefreshUntil = s.x.RefreshExpiresAt.UTC()
	}
	return f
}

// either puts a name and what tells it from others together.
func either(name, more string) string {
	switch {
	case name == "" || name == more:
		return more
	case more == "":
		return name
	}
	return name + " (" + more + ")"
}

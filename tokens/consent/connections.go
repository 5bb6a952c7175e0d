package consent

import (
	"context"
	"errors"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/tokens"
	"latchkey/tokens/store"
)

// Query selects connections; empty fields select all.
type Query struct {
	Method      string
	Environment authmethods.Environment
	State       tokens.State
	After       authmethods.ID
	Limit       int
}

// Connections lists connections in the order of their creation. With a State, a
// page may be shorter than Limit before the last.
func (s *Service) Connections(ctx context.Context, c authmethods.Caller, q Query) ([]tokens.Connection, error) {
	list, err := s.o.Grants.Connections(ctx, c, store.ConnectionQuery{
		Method: q.Method, Environment: q.Environment, After: q.After, Limit: q.Limit,
	})
	if err != nil || q.State == "" {
		return list, err
	}
	var some []tokens.Connection
	for _, connection := range list {
		if connection.State == q.State {
			some = append(some, connection)
		}
	}
	return some, nil
}

// Connection returns one connection.
func (s *Service) Connection(ctx context.Context, c authmethods.Caller, id authmethods.ID) (tokens.Connection, error) {
	return s.o.Grants.Connection(ctx, c, id)
}

// Revoke gives a connection up, here at once and then at the provider as well as
// can be done.
func (s *Service) Revoke(ctx context.Context, c authmethods.Caller, id authmethods.ID) (tokens.Connection, error) {
	before, err := s.o.Grants.Connection(ctx, reader(c), id)
	if err != nil {
		return before, err
	}
	refresh, access, err := s.o.Grants.Revoke(ctx, c, id)
	if err != nil {
		return before, err
	}
	s.o.Changed(c.Tenant())
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), exchangeTime)
	defer cancel()
	if p, err := s.plan(work, c, string(before.MethodID), before.Environment, before.DataCentre); err == nil {
		s.giveBack(work, p, refresh, access)
	}
	return s.o.Grants.Connection(ctx, reader(c), id)
}

// TestResult is what became of a test call.
type TestResult struct {
	OK       bool
	Call     string // what was called, without query
	Status   int    // HTTP status; 0: no answer
	Duration time.Duration
	Code     authmethods.Code // why not, if not OK
	Detail   string
}

// Test lends a token to itself and makes the integration type's harmless test
// call with it.
func (s *Service) Test(ctx context.Context, c authmethods.Caller, id authmethods.ID) (TestResult, error) {
	p, a, err := s.borrow(ctx, c, id)
	if err != nil {
		return failedTest(err)
	}
	call := p.provider.TestCall
	if call == nil {
		return TestResult{OK: true, Detail: "A token is available. This integration type describes no test call."}, nil
	}
	begun := time.Now()
	shown, _, _ := strings.Cut(call.URL, "?")
	_, err = s.call(ctx, p, a, call.Method, call.URL)
	result := TestResult{OK: err == nil, Call: "GET " + shown, Duration: time.Since(begun), Status: 200}
	var why *refused
	if errors.As(err, &why) {
		result.Status, result.Code, result.Detail = 0, why.code, why.detail
		return result, nil
	}
	return result, err
}

// failedTest shows the problem of a connection that has no token to test.
func failedTest(err error) (TestResult, error) {
	var problem *authmethods.Problem
	if errors.As(err, &problem) && (problem.Kind == authmethods.HumanNeeded || problem.Kind == authmethods.Unavailable) {
		code := problem.Code
		if problem.Reason != "" {
			code = problem.Reason
		}
		return TestResult{Code: code, Detail: problem.Detail}, nil
	}
	return TestResult{}, err
}

// borrow gets the connection's token for a call of our own.
func (s *Service) borrow(ctx context.Context, c authmethods.Caller, id authmethods.ID) (*plan, *approved, error) {
	if err := c.May(authmethods.ModifyMethods); err != nil {
		return nil, nil, err
	}
	target, err := s.o.Grants.Slot(ctx, c, id)
	if err != nil {
		return nil, nil, err
	}
	if target.Slot == nil {
		return nil, nil, authmethods.Missing()
	}
	connection, err := s.o.Grants.Connection(ctx, reader(c), id)
	if err != nil {
		return nil, nil, err
	}
	if err := s.o.Grants.Freezes.Check(ctx, c.Tenant(), connection.Method, nil); err != nil {
		return nil, nil, err
	}
	g, _, _, err := s.o.Engine.Token(ctx, target.Slot, tokens.Want{})
	if err != nil {
		return nil, nil, err
	}
	if err := s.o.Grants.Freezes.Check(ctx, c.Tenant(), connection.Method, nil); err != nil {
		return nil, nil, err
	}
	p, err := s.plan(ctx, c, string(connection.MethodID), connection.Environment, connection.DataCentre)
	return p, &approved{
		AccessToken: g.Access.Value.Reveal(), TokenType: g.Access.Type, InstanceURL: target.InstanceURL, DataCentre: connection.DataCentre,
	}, err
}

// Organizations asks the provider anew which organisations a connection could be
// for, and returns those of its environment.
func (s *Service) Organizations(ctx context.Context, c authmethods.Caller, id authmethods.ID) ([]tokens.Organization, error) {
	connection, err := s.o.Grants.Connection(ctx, c, id)
	if err != nil {
		return nil, err
	}
	p, a, err := s.borrow(ctx, c, id)
	if err != nil {
		return nil, err
	}
	found, err := s.organizations(ctx, p, a)
	var why *refused
	if errors.As(err, &why) {
		return nil, &authmethods.Problem{Kind: authmethods.Unavailable, Code: why.code, Detail: why.detail}
	}
	var fitting []tokens.Organization
	for _, o := range found {
		if o.Environment == "" || o.Environment == connection.Environment {
			fitting = append(fitting, o)
		}
	}
	return fitting, err
}

// SelectOrganization makes another organisation the one that loans are for.
func (s *Service) SelectOrganization(ctx context.Context, c authmethods.Caller, id authmethods.ID, organization string) (tokens.Connection, error) {
	found, err := s.Organizations(ctx, c, id)
	if err != nil {
		return tokens.Connection{}, err
	}
	chosen, ok := choose(found, organization)
	if !ok {
		return tokens.Connection{}, authmethods.InvalidField("/organization", "Choose one of the connection's organisations.")
	}
	if err := s.o.Grants.SelectOrganization(ctx, c, id, chosen, found); err != nil {
		return tokens.Connection{}, err
	}
	s.o.Changed(c.Tenant())
	return s.o.Grants.Connection(ctx, c, id)
}

// Result shows a consent to the browser that it is bound to.
func (s *Service) Result(ctx context.Context, c authmethods.Caller, id authmethods.ID, browser secret.Text) (Attempt, error) {
	record, now, err := s.o.Grants.Consent(ctx, c, id)
	if authmethods.KindOf(err) == authmethods.NotFound || err == nil && !matches(record.Browser, browser) {
		return Attempt{}, outOfDate()
	}
	if err != nil {
		return Attempt{}, err
	}
	return s.view(ctx, c, record, now)
}

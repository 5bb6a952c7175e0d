package signin

import (
	"context"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/sso"
	"latchkey/sso/identity"
)

// TryRequest says for whom and by what rule the mapping is tried. One of Claims,
// IDToken and SignIn is given; without any it is the last sign-in by the connector.
type TryRequest struct {
	Rule    *sso.Rule // nil: the connector's own
	Claims  sso.Claims
	IDToken secret.Text // checked here, stored nowhere
	SignIn  string      // id or reference code
}

// Tried is what would become of somebody.
type Tried struct {
	Verdict sso.Verdict
	Claims  sso.Claims
	Subject sso.Subject // zero: pasted claims prove nobody
	// Nearest are users with names like the one that was looked for and not found.
	Nearest []sso.User
	Trace   []string // how the claims were come by
}

// Try says what would become of somebody who signs in by the connector, changing
// nothing.
func (s *Service) Try(ctx context.Context, c authmethods.Caller, connector string, r TryRequest) (Tried, error) {
	people, err := s.o.Directory.For(c)
	if err != nil {
		return Tried{}, err
	}
	of, err := people.Connector(ctx, connector)
	if err != nil {
		return Tried{}, err
	}
	if r.Rule != nil {
		if faults := r.Rule.Check(); len(faults) > 0 {
			return Tried{}, invalid(faults)
		}
		of.Rule = *r.Rule
	}
	t, err := s.trial(ctx, c, of, r)
	if err != nil {
		return Tried{}, err
	}
	door, err := s.o.Directory.Door(c)
	if err != nil {
		return Tried{}, err
	}
	values := of.Rule.Values(t.Claims, of.Trusts)
	evidence, err := door.Evidence(ctx, of, t.Subject, values)
	if err != nil {
		return Tried{}, err
	}
	t.Verdict = sso.Rehearse(evidence)
	if t.Verdict.Code == authmethods.CodeNoMatchingUser && c.May(authmethods.ViewUsers) == nil {
		t.Nearest, err = nearest(ctx, people, values)
	}
	return t, err
}

// trial finds the claims that are tried.
func (s *Service) trial(ctx context.Context, c authmethods.Caller, of sso.Connector, r TryRequest) (Tried, error) {
	switch {
	case r.Claims != nil:
		return Tried{Claims: r.Claims}, nil
	case !r.IDToken.IsZero():
		p, err := s.issuing(ctx, c, of, r.IDToken)
		if err != nil {
			return Tried{}, err
		}
		proof, err := s.o.Identity.Inspect(ctx, p.provider, p.client.ID, r.IDToken)
		return Tried{Claims: proof.Claims, Subject: proof.Subject, Trace: proof.Trace}, err
	}
	found, err := s.pastSignIn(ctx, c, of, r.SignIn)
	return Tried{Claims: found.Claims, Subject: found.Subject}, err
}

// issuing is the connector's plan in the data centre that issued a token, as far as
// the token itself can be believed: which it is proved to be afterwards.
func (s *Service) issuing(ctx context.Context, c authmethods.Caller, of sso.Connector, idToken secret.Text) (*plan, error) {
	p, err := s.plan(ctx, c, of, "")
	if err != nil {
		return nil, err
	}
	says := identity.IssuerSaid(idToken)
	for _, dc := range p.kind.DataCentresIn(of.Environment) {
		other := *p
		if err := other.in(ctx, s, dc.Code); err == nil && says != "" && other.provider.Answers(says) {
			return &other, nil
		}
	}
	return p, nil
}

// pastSignIn returns the sign-in that is named, or the last one of which anything is
// known.
func (s *Service) pastSignIn(ctx context.Context, c authmethods.Caller, of sso.Connector, ref string) (sso.SignIn, error) {
	if ref != "" {
		found, err := s.o.SignIns.Find(ctx, c, ref)
		if err == nil && found.Connector != of.ID {
			err = authmethods.Missing()
		}
		return found, err
	}
	const lately = 20
	list, err := s.o.SignIns.List(ctx, c, sso.SignInQuery{Connector: of.ID, Limit: lately})
	if err != nil {
		return sso.SignIn{}, err
	}
	for _, one := range list {
		if one.Subject == (sso.Subject{}) {
			continue
		}
		return s.o.SignIns.Find(ctx, c, string(one.ID))
	}
	return sso.SignIn{}, &authmethods.Problem{
		Kind: authmethods.Conflict, Code: authmethods.CodeConflict,
		Detail: "Nobody has signed in by this connector lately. Give claims, or an ID token.",
	}
}

func invalid(faults []authmethods.FieldError) error {
	return &authmethods.Problem{
		Kind: authmethods.Invalid, Code: authmethods.CodeInvalidRequest, Detail: "The rule is not valid.", Fields: faults,
	}
}

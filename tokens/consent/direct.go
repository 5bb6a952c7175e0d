package consent

import (
	"context"
	"errors"
	"time"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
	"latchkey/tokens"
	"latchkey/tokens/store"
)

// enableWithoutPerson enables a method of a mode that needs no approval. The
// client is tried first: what does not work is not enabled.
func (s *Service) enableWithoutPerson(ctx context.Context, c authmethods.Caller, p *plan, e authmethods.Environment, o EnableOptions) (Attempt, error) {
	if p.client.Secret.IsZero() {
		return Attempt{}, authmethods.InvalidField("/client_secret", "Set the client secret first.")
	}
	record, err := s.begin(ctx, c, p, e, o)
	if err != nil {
		return Attempt{}, err
	}
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), exchangeTime)
	defer cancel()
	if p.method.Mode == authmethods.ModeClientCredentials {
		return s.ended(work, c, record.ID, s.tryClient(work, c, p, record, o.Organization))
	}
	a := approved{DataCentre: p.provider.DataCentre, Scopes: p.provider.ExpandScopes(record.Scopes), SentAt: record.CreatedAt}
	chosen := tokens.Organization{ID: o.Organization}
	return s.ended(work, c, record.ID, s.install(work, c, p, record, a, chosen, nil, Exchanging))
}

// begin records a consent that goes straight to its exchange.
func (s *Service) begin(ctx context.Context, c authmethods.Caller, p *plan, e authmethods.Environment, o EnableOptions) (store.Consent, error) {
	record := s.record(c, p, e, o, Exchanging)
	record.Ticket = token.HashOf(token.Random(32)) // nobody holds it
	record.CreatedAt = time.Now()
	return record, s.o.Grants.InsertConsent(ctx, c, record)
}

// tryClient fetches a first token with the client's own credentials (RFC 6749
// section 4.4), and verifies and installs it like one that was approved.
func (s *Service) tryClient(ctx context.Context, c authmethods.Caller, p *plan, record store.Consent, organization string) error {
	sent := time.Now()
	registration := p.registration()
	registration.Organization = organization
	answer, err := s.o.Upstream.Send(ctx, tokens.Request{Registration: registration, NotAfter: sent.Add(exchangeTime)})
	renewal, err := s.understand(ctx, c, p, record, answer, err)
	if err != nil {
		return err
	}
	renewal.RefreshToken = secret.Text{} // section 4.4.3: there should be none, and none is needed
	return s.take(ctx, c, p, record, renewal, sent, organization)
}

// take verifies and installs what came without anybody to ask.
func (s *Service) take(ctx context.Context, c authmethods.Caller, p *plan, record store.Consent, renewal *tokens.Renewal, sent time.Time, organization string) error {
	a := p.approval(renewal, sent, record)
	found, err := s.verify(ctx, p, &a, record)
	if err != nil {
		return err
	}
	chosen := tokens.Organization{ID: organization}
	if len(found) > 0 {
		chosen = found[0]
	}
	if len(found) > 0 && organization != "" || len(found) > 1 {
		var ok bool
		if chosen, ok = choose(found, organization); !ok {
			return refuse(authmethods.CodeOrganizationMissing, "Say which organisation: %d fit, and the one named is not among them.", len(found))
		}
	}
	return s.install(ctx, c, p, record, a, chosen, found, Exchanging)
}

// SelfClient takes a grant code that an administrator made in the provider's
// console.
func (s *Service) SelfClient(ctx context.Context, c authmethods.Caller, method string, e authmethods.Environment, code secret.Text, dataCentre string) (Attempt, error) {
	if err := c.May(authmethods.ModifyMethods); err != nil {
		return Attempt{}, err
	}
	if code.IsZero() {
		return Attempt{}, authmethods.InvalidField("/code", "Paste the code from the provider's console.")
	}
	p, err := s.plan(ctx, c, method, e, dataCentre)
	if err != nil {
		return Attempt{}, err
	}
	if err := s.free(ctx, c, p); err != nil {
		return Attempt{}, err
	}
	if !p.kind.HasMode(authmethods.ModeSelfClient) {
		return Attempt{}, authmethods.InvalidField("/code", p.kind.Name+" has no codes to paste.")
	}
	record, err := s.begin(ctx, c, p, e, EnableOptions{})
	if err != nil {
		return Attempt{}, err
	}
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), exchangeTime)
	defer cancel()
	return s.ended(work, c, record.ID, s.exchange(work, c, p, record, code, secret.Text{}, ""))
}

// Import describes a refresh token that was obtained elsewhere.
type Import struct {
	Method       string
	Environment  authmethods.Environment
	Subject      string // empty: the tenant itself
	RefreshToken secret.Text
	DataCentre   string // empty: as the method says
	Organization string // empty: the only one
}

// Import takes over a refresh token: it is used once, and the grant is verified
// like one that was approved here.
func (s *Service) Import(ctx context.Context, c authmethods.Caller, in Import) (tokens.Connection, error) {
	if err := c.May(authmethods.ModifyMethods); err != nil {
		return tokens.Connection{}, err
	}
	if in.RefreshToken.IsZero() {
		return tokens.Connection{}, authmethods.InvalidField("/refresh_token", "Give the refresh token.")
	}
	p, err := s.plan(ctx, c, in.Method, in.Environment, in.DataCentre)
	if err != nil {
		return tokens.Connection{}, err
	}
	if err := s.free(ctx, c, p); err != nil {
		return tokens.Connection{}, err
	}
	record, err := s.begin(ctx, c, p, in.Environment, EnableOptions{Subject: in.Subject})
	if err != nil {
		return tokens.Connection{}, err
	}
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), exchangeTime)
	defer cancel()
	attempt, err := s.ended(work, c, record.ID, s.importing(work, c, p, record, in))
	if err != nil {
		return tokens.Connection{}, err
	}
	if attempt.Status != Completed {
		return tokens.Connection{}, &authmethods.Problem{Kind: authmethods.HumanNeeded, Code: attempt.Code, Detail: attempt.Detail}
	}
	return s.o.Grants.Connection(ctx, reader(c), attempt.Connection)
}

func (s *Service) importing(ctx context.Context, c authmethods.Caller, p *plan, record store.Consent, in Import) error {
	sent := time.Now()
	answer, err := s.o.Upstream.Send(ctx, tokens.Request{
		Registration: p.registration(), RefreshToken: in.RefreshToken, NotAfter: sent.Add(exchangeTime),
	})
	renewal, err := s.understand(ctx, c, p, record, answer, err)
	var why *refused
	if errors.As(err, &why) && why.code == authmethods.CodeCodeExpired {
		return refuse(authmethods.CodeGrantLost, "%s does not accept this refresh token%s.", p.kind.Name, at(p))
	}
	if err != nil {
		return err
	}
	if renewal.RefreshToken.IsZero() {
		renewal.RefreshToken = in.RefreshToken
	}
	// What does not fit stays its owner's: it is not revoked.
	return s.take(ctx, c, p, record, renewal, sent, in.Organization)
}

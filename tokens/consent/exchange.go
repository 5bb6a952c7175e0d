package consent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/tokens"
	"latchkey/tokens/store"
	"latchkey/tokens/upstream"
)

// approved is what a consent yielded, before it is installed. It is sealed as
// JSON while somebody chooses an organisation.
type approved struct {
	AccessToken  string
	RefreshToken string
	TokenType    string
	Scopes       []string
	SentAt       time.Time
	ExpiresAt    time.Time
	RefreshUntil time.Time
	DataCentre   string
	InstanceURL  string
	APIDomain    string
	Account      tokens.Account
	Notes        []string
	Code         authmethods.Code
	Detail       string
}

// exchange turns a code into a grant: exchange, capture, verify, install.
func (s *Service) exchange(ctx context.Context, c authmethods.Caller, p *plan, record store.Consent, code, verifier secret.Text, redirectURI string) error {
	sent := time.Now()
	answer, err := s.o.Upstream.Exchange(ctx, p.registration(), upstream.Exchange{
		Code: code, RedirectURI: redirectURI, CodeVerifier: verifier,
	})
	renewal, err := s.understand(ctx, c, p, record, answer, err)
	if err != nil {
		return err
	}
	a := p.approval(renewal, sent, record)
	if renewal.RefreshToken.IsZero() && p.provider.Refresh.Requires {
		s.giveBack(ctx, p, renewal.RefreshToken, renewal.AccessToken)
		return refuse(authmethods.CodeNoLongTermAccess, "%s gave an access token and no refresh token.", p.kind.Name)
	}
	found, err := s.verify(ctx, p, &a, record)
	if err != nil {
		s.giveBack(ctx, p, renewal.RefreshToken, renewal.AccessToken)
		return err
	}
	if len(found) > 1 {
		if chosen, ok := s.asBefore(ctx, c, p, record, found); ok {
			return s.install(ctx, c, p, record, a, chosen, found, Exchanging)
		}
		return s.awaitChoice(ctx, c, record.ID, a, found)
	}
	var only tokens.Organization
	if len(found) == 1 {
		only = found[0]
	}
	return s.install(ctx, c, p, record, a, only, found, Exchanging)
}

// understand keeps an answer that may hold tokens before it reads it. A next secret that
// brought tokens becomes the client's present one.
func (s *Service) understand(ctx context.Context, c authmethods.Caller, p *plan, record store.Consent, answer tokens.Answer, err error) (*tokens.Renewal, error) {
	var failure *tokens.Failure
	if errors.As(err, &failure) {
		return nil, failureOf(p, record, failure)
	}
	if err != nil {
		return nil, err
	}
	if answer.Success() {
		if err := s.o.Grants.KeepAnswer(ctx, c, record.ID, answer.Body); err != nil {
			return nil, err
		}
	}
	renewal, failure := tokens.Read(&p.provider, answer)
	if failure != nil {
		return nil, failureOf(p, record, failure)
	}
	if answer.WithNext {
		if err := s.o.Grants.PromoteSecret(ctx, c.Tenant(), p.method.ID, record.Environment, p.client.Version); err != nil {
			s.o.Log.Warn("promoting a client secret", "method", p.method.ID, "error", err)
		}
	}
	return renewal, nil
}

// approval notes what was granted, and what differs from what was expected.
func (p *plan) approval(r *tokens.Renewal, sent time.Time, record store.Consent) approved {
	t := tokens.NewAccessToken(r, sent, record.Scopes)
	a := approved{
		AccessToken: r.AccessToken.Reveal(), RefreshToken: r.RefreshToken.Reveal(), TokenType: r.TokenType,
		Scopes: t.Scopes, SentAt: sent, ExpiresAt: t.ExpiresAt, DataCentre: p.provider.DataCentre,
		APIDomain: r.APIDomain, InstanceURL: r.InstanceURL,
	}
	if r.RefreshLife > 0 {
		a.RefreshUntil = sent.Add(r.RefreshLife)
	} else if life := p.provider.Refresh.RefreshTokenLifetime; life > 0 {
		a.RefreshUntil = sent.Add(life)
	}
	if p.provider.DataCentre != record.DataCentre {
		name := p.provider.DataCentre
		if dc, ok := p.kind.DataCentre(name); ok {
			name = dc.Name
		}
		a.Notes = append(a.Notes, fmt.Sprintf("The account lives in the data centre %s; the connection uses that one.", name))
	}
	if lacking := tokens.MissingScopes(t.Scopes, p.provider.ExpandScopes(record.Scopes)); len(r.Scopes) > 0 && len(lacking) > 0 {
		a.Code = authmethods.CodeScopesMissing
		a.Detail = "Approved with fewer permissions than were asked for. Missing: " + join(lacking) + "."
	}
	return a
}

// asBefore chooses the organisation that the connection had, when one is
// reconnected: nobody needs to be asked twice.
func (s *Service) asBefore(ctx context.Context, c authmethods.Caller, p *plan, record store.Consent, found []tokens.Organization) (tokens.Organization, bool) {
	list, err := s.o.Grants.Connections(ctx, reader(c), store.ConnectionQuery{
		Method: string(record.MethodID), Environment: record.Environment, Limit: 200,
	})
	if err != nil {
		return tokens.Organization{}, false
	}
	for _, connection := range list {
		if connection.Subject == record.Subject {
			return choose(found, connection.Organization.ID)
		}
	}
	return tokens.Organization{}, false
}

func choose(from []tokens.Organization, id string) (tokens.Organization, bool) {
	for _, o := range from {
		if o.ID == id && id != "" {
			return o, true
		}
	}
	return tokens.Organization{}, false
}

func (s *Service) awaitChoice(ctx context.Context, c authmethods.Caller, id authmethods.ID, a approved, found []tokens.Organization) error {
	plain, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("consent: encoding an outcome: %w", err)
	}
	waits, err := s.o.Grants.AwaitChoice(ctx, c, id, string(Exchanging), string(AwaitingOrganization), secret.New(string(plain)), found)
	if err == nil && !waits {
		err = outOfDate()
	}
	return err
}

// ChooseOrganization finishes a consent that several organisations fit. Only the
// browser that approved may choose.
func (s *Service) ChooseOrganization(ctx context.Context, c authmethods.Caller, id authmethods.ID, browser secret.Text, organization string) (Attempt, error) {
	record, now, err := s.o.Grants.Consent(ctx, c, id)
	if err != nil || !matches(record.Browser, browser) {
		return Attempt{}, errors.Join(err, outOfDate())
	}
	return s.choose(ctx, c, record, now, organization)
}

// Choose is [Service.ChooseOrganization] for those who administer methods, for
// consents that no browser began.
func (s *Service) Choose(ctx context.Context, c authmethods.Caller, id authmethods.ID, organization string) (Attempt, error) {
	if err := c.May(authmethods.ModifyMethods); err != nil {
		return Attempt{}, err
	}
	record, now, err := s.o.Grants.Consent(ctx, c, id)
	if err != nil {
		return Attempt{}, err
	}
	return s.choose(ctx, c, record, now, organization)
}

func (s *Service) choose(ctx context.Context, c authmethods.Caller, record store.Consent, now time.Time, organization string) (Attempt, error) {
	if Status(record.Status) != AwaitingOrganization || now.After(record.ExpiresAt) {
		return s.view(ctx, c, record, now)
	}
	chosen, ok := choose(record.Organizations, organization)
	if !ok {
		return Attempt{}, authmethods.InvalidField("/organization", "Choose one of the organisations that are offered.")
	}
	var a approved
	if err := json.Unmarshal([]byte(record.Outcome.Reveal()), &a); err != nil {
		return Attempt{}, fmt.Errorf("consent: decoding an outcome: %w", err)
	}
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), exchangeTime)
	defer cancel()
	p, err := s.plan(work, c, string(record.MethodID), record.Environment, a.DataCentre)
	if err == nil {
		err = s.install(work, c, p, record, a, chosen, record.Organizations, AwaitingOrganization)
	}
	return s.ended(work, c, record.ID, err)
}

// install makes the approved grant the one that is lent, and then gives the one
// that it replaces back.
func (s *Service) install(ctx context.Context, c authmethods.Caller, p *plan, record store.Consent, a approved, chosen tokens.Organization, found []tokens.Organization, from Status) error {
	approver := a.Account.Email
	if approver == "" {
		approver = record.StartedBy
	}
	others, err := s.o.Grants.OtherApprovals(ctx, c, store.Approval{
		Account: a.Account.ID, Client: p.method.ClientIDIn(record.Environment),
		MethodID: record.MethodID, Environment: record.Environment, Subject: record.Subject,
	})
	if err != nil {
		return err
	}
	if warning := store.CrowdWarning(&p.provider.Limits, others+1); warning != "" {
		a.Notes = append(a.Notes, warning)
	}
	done, err := s.o.Grants.Install(ctx, c, store.Installation{
		Consent: record.ID, From: string(from), To: string(Completed), Notes: a.Notes, Code: a.Code, Detail: a.Detail,
		MethodID: record.MethodID, Environment: record.Environment, Subject: record.Subject,
		DataCentre: a.DataCentre, InstanceURL: a.InstanceURL, APIDomain: a.APIDomain, Account: a.Account,
		Organization: chosen, Organizations: found, ApprovedBy: approver,
		Access:       a.token(),
		RefreshToken: secret.New(a.RefreshToken), RefreshUntil: a.RefreshUntil,
		IdleLimit: p.provider.Refresh.RefreshTokenIdleLimit, Scopes: a.Scopes,
	})
	if err != nil {
		return err
	}
	if done.Replaced.IsZero() || p.provider.Revocation.EndsAllGrants {
		return nil
	}
	if err := p.in(ctx, s, record.Environment, done.DataCentre); err == nil {
		s.giveBack(ctx, p, done.Replaced, secret.Text{})
	}
	return nil
}

func (a *approved) token() tokens.AccessToken {
	return tokens.NewAccessToken(&tokens.Renewal{
		AccessToken: secret.New(a.AccessToken), TokenType: a.TokenType, Scopes: a.Scopes, ExpiresIn: a.life(),
	}, a.SentAt, nil)
}

func (a *approved) life() time.Duration {
	if a.ExpiresAt.IsZero() {
		return 0
	}
	return a.ExpiresAt.Sub(a.SentAt)
}

// giveBack revokes a token at the provider (RFC 7009), as well as can be done:
// there is nobody to tell if it fails.
func (s *Service) giveBack(ctx context.Context, p *plan, refresh, access secret.Text) {
	if refresh.IsZero() && access.IsZero() {
		return
	}
	if err := s.o.Upstream.Revoke(ctx, p.registration(), refresh, access); err != nil && !errors.Is(err, upstream.ErrNoRevocation) {
		s.o.Log.Warn("revoking a token at the provider", "method", p.method.ID, "error", err)
	}
}

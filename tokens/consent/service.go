package consent

import (
	"context"
	"log/slog"
	"net/url"
	"slices"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	methods "latchkey/authmethods/store"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
	"latchkey/tokens"
	"latchkey/tokens/store"
	"latchkey/tokens/upstream"
)

// Options are what a Service works with; all are needed.
type Options struct {
	Grants   *store.Store
	Methods  *methods.Store
	Tenants  *methods.Tenants
	Catalog  *catalog.Catalog
	Upstream *upstream.Client
	Engine   *tokens.Engine
	// Changed is told of a tenant whose grants this process changed, so that its
	// own memories do not wait for the feed.
	Changed   func(authmethods.TenantID)
	PublicURL authmethods.PublicURL
	Log       *slog.Logger
}

// Service obtains grants and gives them back.
type Service struct{ o Options }

// New returns a Service.
func New(o Options) *Service { return &Service{o} }

// plan is a method with its provider, resolved for one environment.
type plan struct {
	tenant   authmethods.Tenant
	method   authmethods.Method
	kind     *catalog.Type
	provider catalog.Provider
	client   authmethods.Client
}

// reader is the caller as which the service reads what a consent is about. The
// authority of a consent is its ticket and its browser, not a right.
func reader(c authmethods.Caller) authmethods.Caller {
	return authmethods.NewCaller(c.Tenant(), c.Actor(), authmethods.Rights{authmethods.ViewMethods, authmethods.Borrow}, c.RequestID())
}

func (s *Service) plan(ctx context.Context, c authmethods.Caller, ref string, e authmethods.Environment, dataCentre string) (*plan, error) {
	if !e.Valid() {
		return nil, authmethods.InvalidField("/environment", "Choose an environment of the integration type.")
	}
	t, err := s.o.Methods.For(reader(c))
	if err != nil {
		return nil, err
	}
	p := &plan{}
	if p.method, err = t.Method(ctx, ref); err != nil {
		return nil, err
	}
	if p.tenant, err = s.o.Tenants.Find(ctx, string(c.Tenant())); err != nil {
		return nil, err
	}
	kind, ok := s.o.Catalog.Find(p.method.IntegrationType)
	if !ok {
		return nil, authmethods.InvalidField("/integration_type", "There is no such integration type any more.")
	}
	p.kind = kind
	if err := p.in(ctx, s, e, dataCentre); err != nil {
		return nil, err
	}
	p.client, err = t.Client(ctx, p.method.ID, e)
	return p, err
}

// in resolves the plan's provider in a data centre; empty is the method's own.
func (p *plan) in(ctx context.Context, s *Service, e authmethods.Environment, dataCentre string) error {
	resolved, err := p.kind.Resolve(catalog.ChoiceOf(&p.method, e, dataCentre))
	if err != nil {
		return err
	}
	p.provider, err = s.o.Upstream.Complete(ctx, resolved)
	return err
}

func (p *plan) registration() tokens.Registration {
	return tokens.Registration{
		Provider: p.provider, Client: p.client, Mode: p.method.Mode, Scopes: p.provider.ExpandScopes(p.method.Scopes),
	}
}

// free returns the problem of a freeze that stops what the plan is for: neither is a
// provider asked nor anybody sent there.
func (s *Service) free(ctx context.Context, c authmethods.Caller, p *plan) error {
	return s.o.Grants.Freezes.Check(ctx, c.Tenant(), p.method.Reference, nil)
}

// EnableOptions are the less common choices of a consent.
type EnableOptions struct {
	Subject    string // empty: the tenant itself
	DataCentre string // where to begin; empty: as the method says
	// Organization is the provider's number of the organisation, for modes that
	// nobody approves and providers that must be told.
	Organization string
}

// Enable begins what makes a method lend tokens in an environment: a consent for
// the modes that need a person, a trial of the client for those that do not.
func (s *Service) Enable(ctx context.Context, c authmethods.Caller, method string, e authmethods.Environment, o EnableOptions) (Begun, error) {
	if err := c.May(authmethods.ModifyMethods); err != nil {
		return Begun{}, err
	}
	p, err := s.plan(ctx, c, method, e, o.DataCentre)
	if err != nil {
		return Begun{}, err
	}
	if err := s.free(ctx, c, p); err != nil {
		return Begun{}, err
	}
	if p.method.Mode == authmethods.ModeSelfClient {
		return Begun{}, &authmethods.Problem{
			Kind: authmethods.HumanNeeded, Code: authmethods.CodeConsentRequired,
			Detail: "This method takes a grant code: make one in the provider's console and paste it.",
		}
	}
	if p.method.Mode != authmethods.ModeOAuth {
		attempt, err := s.enableWithoutPerson(ctx, c, p, e, o)
		return Begun{Attempt: attempt}, err
	}
	ticket := token.Random(32)
	record := s.record(c, p, e, o, Pending)
	record.Ticket = token.HashOf(ticket)
	if err := s.o.Grants.InsertConsent(ctx, c, record); err != nil {
		return Begun{}, err
	}
	attempt, err := s.read(ctx, c, record.ID)
	start := s.o.PublicURL.Origin(p.tenant.Slug) + "/consents/" + string(record.ID) + "/start?" +
		url.Values{"ticket": {ticket.Reveal()}}.Encode()
	return Begun{Attempt: attempt, StartURL: start, Ticket: ticket}, err
}

func (s *Service) record(c authmethods.Caller, p *plan, e authmethods.Environment, o EnableOptions, status Status) store.Consent {
	subject := o.Subject
	if subject == "" {
		subject = tokens.TenantSubject
	}
	return store.Consent{
		ID: authmethods.ID(token.NewID("cs")), MethodID: p.method.ID, Environment: e, Subject: subject, Status: string(status),
		DataCentre: p.provider.DataCentre, RedirectURI: s.o.PublicURL.RedirectURI(p.tenant), Scopes: p.method.Scopes,
		ClientVersion: p.client.Base, MethodRev: p.method.Rev, StartedBy: c.Actor().Name,
		ExpiresAt: time.Now().Add(Lifetime),
	}
}

// Disable stops loans of a method in an environment. What was approved stays, so
// that enabling again needs a new approval only if it was lost.
func (s *Service) Disable(ctx context.Context, c authmethods.Caller, method string, e authmethods.Environment) error {
	t, err := s.o.Methods.For(c)
	if err != nil {
		return err
	}
	err = t.SetEnabled(ctx, method, e, false)
	s.o.Changed(c.Tenant())
	return err
}

// Attempt returns a consent to those who may see methods.
func (s *Service) Attempt(ctx context.Context, c authmethods.Caller, id authmethods.ID) (Attempt, error) {
	if err := c.May(authmethods.ViewMethods); err != nil {
		return Attempt{}, err
	}
	return s.read(ctx, c, id)
}

func (s *Service) read(ctx context.Context, c authmethods.Caller, id authmethods.ID) (Attempt, error) {
	record, now, err := s.o.Grants.Consent(ctx, c, id)
	if err != nil {
		return Attempt{}, err
	}
	return s.view(ctx, c, record, now)
}

// view shows a consent. One that nobody finished in time is expired without
// anybody having to write that down.
func (s *Service) view(ctx context.Context, c authmethods.Caller, r store.Consent, now time.Time) (Attempt, error) {
	t, err := s.o.Methods.For(reader(c))
	if err != nil {
		return Attempt{}, err
	}
	m, err := t.Method(ctx, string(r.MethodID))
	if err != nil {
		return Attempt{}, err
	}
	a := Attempt{
		ID: r.ID, MethodID: r.MethodID, Method: m.Reference, MethodName: m.Name, Provider: m.IntegrationType,
		Environment: r.Environment, Subject: r.Subject, Status: Status(r.Status), Code: r.Code, Detail: r.Detail,
		Notes: r.Notes, DataCentre: r.DataCentre, Organizations: r.Organizations, Connection: r.Connection,
		Scopes: r.Scopes, CreatedAt: r.CreatedAt, ExpiresAt: r.ExpiresAt, FinishedAt: r.FinishedAt,
	}
	if kind, ok := s.o.Catalog.Find(m.IntegrationType); ok {
		a.Provider = kind.Name
	}
	if a.Status == Completed {
		connection, err := s.o.Grants.Connection(ctx, reader(c), a.Connection)
		if err != nil && authmethods.KindOf(err) != authmethods.NotFound {
			return Attempt{}, err
		}
		a.Account, a.Organization = connection.Account, connection.Organization
	}
	if slices.Contains([]Status{Pending, Started, Exchanging, AwaitingOrganization}, a.Status) && now.After(r.ExpiresAt) {
		a.Status, a.Code = Expired, authmethods.CodeApprovalNotFinished
		a.Detail = unfinished(Status(r.Status), a.Provider)
	}
	return a, nil
}

// unfinished says what was being waited for when the time was over.
func unfinished(at Status, provider string) string {
	switch at {
	case Pending:
		return "Nobody opened the approval link within ten minutes."
	case Started:
		return "The browser went to " + provider + " and did not come back within ten minutes; it may be on an error page there."
	case AwaitingOrganization:
		return "Nobody chose an organisation in time."
	}
	return "The server stopped while it was looking at the answer of " + provider + "."
}

// outOfDate is the one answer to a ticket, state or browser that does not fit,
// so that none of them can be told apart.
func outOfDate() error {
	return &authmethods.Problem{
		Kind: authmethods.NotFound, Code: authmethods.CodeLinkOutOfDate,
		Detail: "This approval link was used already, is too old, or belongs to another browser. Nothing was changed.",
	}
}

// matches reports whether a presented secret is the one that was hashed.
func matches(h token.Hash, presented secret.Text) bool {
	return !presented.IsZero() && h.Match(presented)
}

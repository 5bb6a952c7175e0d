package signin

import (
	"context"
	"log/slog"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	methods "latchkey/authmethods/store"
	"latchkey/crypto/secret"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/sso/identity"
	"latchkey/sso/store"
)

// Provider is what is asked of the providers' token endpoints.
type Provider interface {
	// Complete fills in the endpoints that are found by discovery.
	Complete(context.Context, catalog.Provider) (catalog.Provider, error)
	// ExchangeForSignIn exchanges a code, once; withNext says that the client's next
	// secret was taken for it, because the present one was refused.
	ExchangeForSignIn(ctx context.Context, p catalog.Provider, client authmethods.Client, code secret.Text, redirectURI string, verifier secret.Text) (
		idToken, accessToken secret.Text, withNext bool, err error)
}

// Options are what a Service works with; all are needed but Agents and Frozen.
type Options struct {
	Directory *directory.Directory
	SignIns   *store.Store
	Methods   *methods.Store
	Tenants   *methods.Tenants
	Catalog   *catalog.Catalog
	Identity  *identity.Verifier
	Provider  Provider
	// Agents lists the people that a method's provider knows as agents, for the dry
	// run; nil: that is not offered.
	Agents func(ctx context.Context, c authmethods.Caller, method authmethods.ID, e authmethods.Environment) ([]sso.Claims, error)
	// Frozen returns the problem of a freeze that stops signing in with a method of a
	// tenant; nil: there are no freezes.
	Frozen    func(ctx context.Context, tenant authmethods.TenantID, method string) error
	PublicURL authmethods.PublicURL
	Log       *slog.Logger
}

// Service signs people in.
type Service struct {
	o      Options
	starts starts
}

// New returns a Service. Have [Service.Flush] write down how many began.
func New(o Options) *Service { return &Service{o: o} }

// plan is a connector with its provider, resolved for one data centre.
type plan struct {
	tenant    authmethods.Tenant
	connector sso.Connector
	method    authmethods.Method
	kind      *catalog.Type
	provider  catalog.Provider
	client    authmethods.Client
}

// reader is the caller as which the method of a connector is read: whoever signs in
// has no rights yet.
func reader(c authmethods.Caller) authmethods.Caller {
	return authmethods.NewCaller(c.Tenant(), c.Actor(), authmethods.Rights{authmethods.ViewMethods, authmethods.Borrow}, c.RequestID())
}

// plan resolves a connector for a sign-in, which a freeze of its method stops. What
// else keeps the door closed is CodeConnectorDisabled.
func (s *Service) plan(ctx context.Context, c authmethods.Caller, connector sso.Connector, dataCentre string) (*plan, error) {
	p, err := s.planned(ctx, c, connector)
	if err == nil && s.o.Frozen != nil {
		err = s.o.Frozen(ctx, c.Tenant(), p.method.Reference)
	}
	if err != nil {
		return nil, err
	}
	return p, p.resolve(ctx, s, c, dataCentre)
}

// planned is a plan whose provider and client are still to be resolved.
func (s *Service) planned(ctx context.Context, c authmethods.Caller, connector sso.Connector) (*plan, error) {
	p := &plan{connector: connector}
	t, err := s.o.Methods.For(reader(c))
	if err != nil {
		return nil, err
	}
	if p.method, err = t.Method(ctx, string(connector.Method)); err != nil {
		return nil, closed(err)
	}
	var ok bool
	if p.kind, ok = s.o.Catalog.Find(p.method.IntegrationType); !ok {
		return nil, closed(nil)
	}
	p.tenant, err = s.o.Tenants.Find(ctx, string(c.Tenant()))
	return p, err
}

// resolve adds the provider in a data centre, and the client.
func (p *plan) resolve(ctx context.Context, s *Service, c authmethods.Caller, dataCentre string) error {
	if err := p.in(ctx, s, dataCentre); err != nil {
		return err
	}
	t, err := s.o.Methods.For(reader(c))
	if err != nil {
		return err
	}
	p.client, err = t.Client(ctx, p.method.ID, p.connector.Environment)
	return err
}

// in resolves the plan's provider in a data centre; empty is the method's own.
func (p *plan) in(ctx context.Context, s *Service, dataCentre string) error {
	resolved, err := p.kind.Resolve(catalog.ChoiceOf(&p.method, p.connector.Environment, dataCentre))
	if err != nil {
		return err
	}
	p.provider, err = s.o.Provider.Complete(ctx, resolved)
	return err
}

// closed is the problem of a door that nobody gets through.
func closed(err error) error {
	if err != nil && authmethods.KindOf(err) != authmethods.NotFound {
		return err
	}
	return &authmethods.Problem{
		Kind: authmethods.HumanNeeded, Code: authmethods.CodeConnectorDisabled, Detail: "Nobody can sign in this way at present.", Err: err,
	}
}

// outOfDate is the one answer to a state or browser that does not fit.
func outOfDate() error {
	return &authmethods.Problem{
		Kind: authmethods.NotFound, Code: authmethods.CodeSignInOutOfDate,
		Detail: "It was used already, is too old, or belongs to another browser. Nothing was changed.",
	}
}

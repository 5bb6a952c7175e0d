package signin

import (
	"context"
	"errors"
	"time"

	"latchkey/authmethods"
	"latchkey/sso"
)

// Find returns the sign-in with this id or reference code, with what the provider
// claimed. Show it masked.
func (s *Service) Find(ctx context.Context, c authmethods.Caller, ref string) (sso.SignIn, error) {
	if err := c.May(authmethods.ViewConnectors); err != nil {
		return sso.SignIn{}, err
	}
	return s.o.SignIns.Find(ctx, c, ref)
}

// List returns sign-ins without claims, the newest first.
func (s *Service) List(ctx context.Context, c authmethods.Caller, q sso.SignInQuery) ([]sso.SignIn, error) {
	if err := c.May(authmethods.ViewConnectors); err != nil {
		return nil, err
	}
	return s.o.SignIns.List(ctx, c, q)
}

// Funnel counts the sign-ins by a connector since a moment by how far they came.
func (s *Service) Funnel(ctx context.Context, c authmethods.Caller, connector authmethods.ID, since time.Time) (sso.Funnel, error) {
	if err := c.May(authmethods.ViewConnectors); err != nil {
		return sso.Funnel{}, err
	}
	return s.o.SignIns.Funnel(ctx, c, connector, since)
}

// Prune removes sign-ins that are kept no longer, and of those that led to nothing the
// oldest of each tenant that has too many: anybody can cause them.
func (s *Service) Prune(ctx context.Context, now time.Time) error {
	faults := []error{s.o.SignIns.Prune(ctx, now)}
	tenants, err := s.o.Tenants.List(ctx)
	faults = append(faults, err)
	for _, t := range tenants {
		faults = append(faults, s.o.SignIns.Cap(ctx, t.ID, now.Add(-Lifetime)))
	}
	return errors.Join(faults...)
}

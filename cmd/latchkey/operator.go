package main

import (
	"context"
	"log/slog"
	"os"
	"os/user"
	"strconv"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/crypto/token"
)

// operator names the person at the command line in the audit log.
func operator() authmethods.Actor {
	name := "uid " + strconv.Itoa(os.Getuid())
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return authmethods.Actor{Kind: authmethods.ActorCommand, Name: name}
}

// as returns a tenant's data in the operator's hands. tenant is a slug or id, or
// the platform's id.
func (s *storage) as(ctx context.Context, tenant string) (*store.Tenant, authmethods.Tenant, error) {
	t, err := s.tenants.Find(ctx, tenant)
	if err != nil {
		return nil, t, named(err, "There is no tenant "+strconv.Quote(tenant)+".")
	}
	view, err := s.methods.For(s.operator(t.ID))
	return view, t, err
}

// operator is the operator as a caller in a tenant.
func (s *storage) operator(tenant authmethods.TenantID) authmethods.Caller {
	return authmethods.NewCaller(tenant, operator(), authmethods.OperatorRights, token.NewID("req"))
}

// named says of a missing object what it is. At the command line there is nobody
// to hide it from.
func named(err error, detail string) error {
	if authmethods.KindOf(err) != authmethods.NotFound {
		return err
	}
	return &authmethods.Problem{Kind: authmethods.NotFound, Code: authmethods.CodeNotFound, Detail: detail}
}

// withStorage runs f on the opened database, for commands that need no server.
func (p *program) withStorage(ctx context.Context, f func(*storage) error) (err error) {
	cfg, err := readConfig(p.environ)
	if err != nil {
		return err
	}
	s, err := openStorage(ctx, cfg, false, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() {
		if closing := s.Close(); err == nil {
			err = closing
		}
	}()
	return f(s)
}

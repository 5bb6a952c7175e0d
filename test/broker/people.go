package broker

import (
	"context"
	"log/slog"

	"latchkey/authmethods"
	"latchkey/sso/credentials"
	"latchkey/sso/directory"
	"latchkey/sso/identity"
	"latchkey/sso/session"
	"latchkey/sso/signin"
	signins "latchkey/sso/store"
)

// quick is argon2id at a cost that tests can pay.
var quick = credentials.Argon{MiB: 1, Passes: 1, Lanes: 1}

func (b *Broker) wirePeople(at authmethods.PublicURL, log *slog.Logger) {
	b.Directory = directory.New(directory.Options{DB: b.DB, Vault: b.Vault, CheckMethod: signin.CheckMethod(b.Methods, b.Catalog)})
	noSession := func(ctx context.Context, in authmethods.TenantID) error { return b.Frozen.SignIn(ctx, in, "") }
	b.Sessions = session.New(session.Options{Frozen: noSession, DB: b.DB, System: b.System, Vault: b.Vault, PublicURL: at, Log: log})
	b.Credentials = credentials.New(credentials.Options{
		DB: b.DB, System: b.System, Vault: b.Vault, PublicURL: at, Argon: quick, Log: log,
	})
	b.SignIn = signin.New(signin.Options{
		Frozen: b.Frozen.SignIn, Directory: b.Directory, SignIns: signins.New(signins.Options{DB: b.DB, System: b.System, Vault: b.Vault}),
		Methods: b.Methods, Tenants: b.Tenants, Catalog: b.Catalog,
		Identity: identity.New(identity.Options{HTTP: b.Upstream.HTTPClient(), Log: log}),
		Provider: b.Upstream, PublicURL: at, Log: log,
	})
}

// At has people sign in at another address than [PublicURL].
func (b *Broker) At(pattern authmethods.PublicURL, log *slog.Logger) { b.wirePeople(pattern, log) }

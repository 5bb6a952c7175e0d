package main

import (
	"log/slog"
	"net/http"
	"sync/atomic"

	"latchkey/authmethods"
	"latchkey/authmethods/feed"
	"latchkey/authmethods/store"
	"latchkey/crypto/token"
	"latchkey/sso/signin"
	"latchkey/tokens"
	"latchkey/tokens/bank"
	"latchkey/tokens/consent"
	"latchkey/tokens/dispatch"
	"latchkey/tokens/keep"
	grants "latchkey/tokens/store"
	"latchkey/tokens/upstream"
	"latchkey/web"
)

// app is a server, wired and not yet running.
type app struct {
	cfg       *Config
	log       *slog.Logger
	storage   *storage
	watcher   *feed.Watcher
	services  *store.Authenticator
	bell      *feed.Bell
	providers *upstream.Client
	grants    *grants.Store
	gate      *dispatch.Dispatcher
	engine    *tokens.Engine
	keeper    *keep.Keeper
	lender    *tokens.Lender
	consents  *consent.Service
	signIn    *signin.Service
	public    http.Handler
	internal  http.Handler

	draining atomic.Bool // the server is going away: not ready any more
	running
}

// wire builds a server on an opened storage. It is the one place that knows all
// packages; read it from top to bottom.
func wire(cfg *Config, s *storage, log *slog.Logger) *app {
	a := &app{cfg: cfg, log: log, storage: s}
	a.services = store.NewAuthenticator(s.options)
	a.bell = feed.NewBell(s.system, log)
	a.providers = upstream.New(upstream.Options{Allow: cfg.OutboundAllow})
	a.grants = grants.New(grants.Options{
		DB: s.db, System: s.system, Vault: s.vault, Methods: s.methods, Tenants: s.tenants, Catalog: s.catalog,
		Log: log, Process: token.NewID("proc"), Lifeboat: s.lifeboat, Ring: a.bell.Ring,
	})
	a.gate = dispatch.New(dispatch.Options{Bank: bank.New(s.system), Log: log})
	metrics := newMetrics()
	a.engine = &tokens.Engine{
		Policy: tokens.DefaultPolicy, Upstream: a.providers, Gate: a.gate, Log: log, Asked: countRefreshes(metrics),
	}
	a.keeper = &keep.Keeper{Store: a.grants, Engine: a.engine, Log: log, Alone: cfg.sqlitePath() != ""}
	a.watcher = feed.New(s.system, log)
	a.lender = tokens.NewLender(tokens.LenderOptions{
		Engine: a.engine, Directory: grants.Directory{Store: a.grants}, Ledger: grants.Ledger{Store: a.grants},
		Freshness: a.watcher, Grace: cfg.StaleGrace,
	})
	a.consents = consent.New(consent.Options{
		Grants: a.grants, Methods: s.methods, Tenants: s.tenants, Catalog: s.catalog, Upstream: a.providers,
		Engine: a.engine, Changed: a.forget, PublicURL: cfg.PublicURL, Log: log,
	})
	a.signIn = newSignIn(cfg, s, a.providers, a.consents, log)
	a.subscribe()
	a.public, a.internal = web.New(web.Deps{
		Services: a.services, Tenants: s.tenants, Store: s.methods, Consents: a.consents, Lender: a.lender, Ledger: a.grants, Catalog: s.catalog,
		Directory: s.people.directory, Sessions: s.people.sessions, Credentials: s.people.credentials, SignIn: a.signIn, Mail: s.people.mail, Showcase: cfg.showcase,
		Ready: a.ready, Metrics: metrics, PublicURL: cfg.PublicURL, InternalURL: cfg.internalURL(), TrustedProxies: cfg.TrustedProxies, Log: log,
	})
	return a
}

// subscribe has everything that remembers told of what any process changes.
func (a *app) subscribe() {
	a.watcher.Hear(func(grant authmethods.ID) { a.engine.Heard(string(grant)) })
	a.watcher.Subscribe(a.storage.tenants.Heard)
	a.watcher.Subscribe(a.services.Heard)
	a.watcher.Subscribe(a.storage.people.sessions.Heard)
	a.watcher.Subscribe(func(c feed.Change) {
		switch c.Kind {
		case feed.Everything:
			a.storage.vault.ForgetAll()
			a.grants.ForgetAll()
			a.lender.ForgetAll()
		case feed.Tenant:
			a.storage.vault.Forget(c.Tenant)
			a.forget(c.Tenant)
		case feed.Method, feed.Service, feed.Connection:
			a.forget(c.Tenant)
		}
	})
}

// forget drops what this process remembers of a tenant's methods and grants.
func (a *app) forget(tenant authmethods.TenantID) {
	a.grants.Forget(tenant)
	a.lender.Forget(tenant)
}

package main

import (
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/authmethods/feed"
	"latchkey/authmethods/replica"
	"latchkey/authmethods/store"
	"latchkey/authmethods/vault"
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
	"latchkey/web/live"
)

// app is a server, wired and not yet running.
type app struct {
	cfg       *Config
	log       *slog.Logger
	storage   *storage
	watcher   *feed.Watcher
	replica   *replica.Self
	frozen    *store.Frozen
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
	live      *live.Hub
	refusals  *audit.Refusals
	keys      keyringWatch
	public    http.Handler
	internal  http.Handler

	journal  journal
	draining atomic.Bool // the server is going away: not ready any more
	running
}

// wire builds a server on an opened storage. It is the one place that knows all
// packages; read it from top to bottom.
func wire(cfg *Config, s *storage, log *slog.Logger) *app {
	a := &app{cfg: cfg, log: log, storage: s}
	a.services = store.NewAuthenticator(s.options)
	a.bell = feed.NewBell(s.system, log)
	a.watcher = feed.New(s.system, log)
	process := token.NewID("proc")
	a.replica = replica.New(replica.Options{
		System: s.system, Feed: a.watcher, ID: process, Version: programVersion(), Grace: cfg.StaleGrace, Alone: cfg.sqlitePath() != "", Log: log,
		Keys: s.vault.Keys,
	})
	a.keys = keyringWatch{rotator: vault.NewRotator(s.system, s.vault), process: process}
	a.providers = upstream.New(upstream.Options{Allow: cfg.OutboundAllow})
	a.frozen = store.NewFrozen(s.options, a.replica)
	a.grants = grants.New(grants.Options{
		DB: s.db, System: s.system, Vault: s.vault, Methods: s.methods, Tenants: s.tenants, Catalog: s.catalog,
		Log: log, Process: process, Lifeboat: s.lifeboat, Ring: a.bell.Ring, Freezes: a.frozen,
	})
	a.gate = dispatch.New(dispatch.Options{Bank: bank.New(s.system), Log: log})
	a.refusals = audit.NewRefusals(s.system)
	metrics := newMetrics()
	a.engine = &tokens.Engine{
		Policy: tokens.DefaultPolicy, Upstream: a.providers, Gate: a.gate, Log: log, Asked: countRefreshes(metrics),
	}
	a.keeper = &keep.Keeper{Store: a.grants, Engine: a.engine, Log: log, Alone: cfg.sqlitePath() != ""}
	a.lender = tokens.NewLender(tokens.LenderOptions{
		Engine: a.engine, Directory: grants.Directory{Store: a.grants}, Ledger: grants.Ledger{Store: a.grants},
		Freshness: a.replica, Grace: cfg.StaleGrace, Freezes: a.frozen,
	})
	a.consents = consent.New(consent.Options{
		Grants: a.grants, Methods: s.methods, Tenants: s.tenants, Catalog: s.catalog, Upstream: a.providers,
		Engine: a.engine, Changed: a.forget, PublicURL: cfg.PublicURL, Log: log,
	})
	a.signIn = newSignIn(cfg, s, a.providers, a.consents, log)
	a.live = live.New()
	a.grants.Refreshed = func(tenant authmethods.TenantID) { a.live.Changed(tenant, string(feed.Connection)) }
	a.subscribe()
	a.public, a.internal = web.New(web.Deps{
		Services: a.services, Tenants: s.tenants, Store: s.methods, Consents: a.consents, Lender: a.lender, Ledger: a.grants, Catalog: s.catalog,
		Directory: s.people.directory, Sessions: s.people.sessions, Credentials: s.people.credentials, SignIn: a.signIn, Mail: s.people.mail, Showcase: cfg.showcase,
		Operations: operations{a, time.Now()}, Live: a.live, Frozen: a.frozen, Ready: a.ready, Refused: a.refusals.Add, Metrics: metrics, PublicURL: cfg.PublicURL, InternalURL: cfg.internalURL(), TrustedProxies: cfg.TrustedProxies, AddressLimit: cfg.AddressLimit, Log: log,
	})
	return a
}

// subscribe has everything that remembers told of what any process changes.
func (a *app) subscribe() {
	a.watcher.Hear(func(grant authmethods.ID) { a.engine.Heard(string(grant)) })
	a.watcher.Marked(a.replica.Hurry)
	a.watcher.Subscribe(a.frozen.Heard)
	a.watcher.Subscribe(a.storage.tenants.Heard)
	a.watcher.Subscribe(a.services.Heard)
	a.watcher.Subscribe(a.storage.people.sessions.Heard)
	a.watcher.Subscribe(a.tellPages)
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

// tellPages tells open pages of what they may show. People come and go too often.
func (a *app) tellPages(c feed.Change) {
	switch c.Kind {
	case feed.Everything:
		a.live.Changed("", "")
	case feed.Freeze:
		if c.Tenant == authmethods.Platform {
			a.live.Changed("", "") // it may stop everybody
			return
		}
		a.live.Changed(c.Tenant, string(c.Kind))
	case feed.Tenant, feed.Method, feed.Connection, feed.Service, feed.Connector:
		a.live.Changed(c.Tenant, string(c.Kind))
	}
}

// forget drops what this process remembers of a tenant's methods and grants.
func (a *app) forget(tenant authmethods.TenantID) {
	a.grants.Forget(tenant)
	a.lender.Forget(tenant)
}

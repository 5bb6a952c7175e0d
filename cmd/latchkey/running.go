package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"latchkey/web"
	"latchkey/web/limit"
)

// running is what a started server has beside its parts.
type running struct {
	listeners  []net.Listener
	servers    []*http.Server
	failed     chan error // a listener that broke
	background sync.WaitGroup
	halt       context.CancelFunc // ends the background work
}

// How long each part of the shutdown may take.
const (
	drainHTTP       = 30 * time.Second
	drainBackground = 10 * time.Second
	drainRefreshes  = 30 * time.Second
	closeDatabase   = 10 * time.Second
	// forever is for what must not be given up: ending before would lose the only
	// copy of a refresh token. A second signal ends the process all the same.
	forever = 24 * time.Hour
)

// start serves both listeners and begins the background work.
func (a *app) start(ctx context.Context, public, internal net.Listener) {
	a.failed = make(chan error, 2)
	work, halt := context.WithCancel(context.WithoutCancel(ctx)) // it outlives the listeners
	a.halt = halt
	a.background.Go(func() { collectInProportion(work) })
	a.background.Go(func() { a.watcher.Run(work) })
	a.background.Go(func() { a.replica.Run(work) })
	a.background.Go(func() { a.every(work, prune, "removing servers that are no more", a.replica.Prune) })
	a.background.Go(func() { a.every(work, flushKeys, "writing down when keys were used", a.services.Flush) })
	a.background.Go(func() { a.every(work, flushLoans, "writing loans down, trying again", a.flushLoans) })
	a.background.Go(func() { a.bell.Run(work) })
	a.background.Go(func() { a.gate.Run(work) })
	a.background.Go(func() { a.keeper.Run(work) })
	a.background.Go(func() { a.every(work, prune, "removing what is kept no longer", a.prune) })
	a.background.Go(func() { a.every(work, flushRefusals, "writing down what was refused", a.refusals.Flush) })
	a.background.Go(func() { a.every(work, flushStarts, "counting sign-ins that began", a.signIn.Flush) })
	a.background.Go(func() {
		a.every(work, rotateKeys, "renewing the keys of sessions", a.storage.people.sessions.RotateKeys)
	})
	a.background.Go(func() { a.every(work, prune, "removing what is kept no longer of sign-ins", a.prunePeople) })
	a.background.Go(func() { a.watchKeyring(work) })
	a.background.Go(func() { a.every(work, rotateDataKeys, "rotating encryption keys", a.rotateKeys) })
	a.background.Go(func() { a.every(work, prune, "counting what data keys sealed", a.storage.vault.Sealing) })
	if a.cfg.AuditRetention > 0 {
		a.background.Go(func() { a.every(work, trimAudit, "removing what is no longer kept of the audit log", a.trimAudit) })
	}
	public = web.Listener(public, a.cfg.PublicURL.Secure())
	strangers := limit.NewConnections(a.cfg.Connections, a.cfg.TrustedProxies)
	a.serve(strangers.Listener(public), strangers.Handler(a.public), strangers.Context)
	a.serve(web.Listener(internal, false), a.internal, nil)
}

// How often is done what nobody asks for.
const (
	flushKeys  = 30 * time.Second
	flushLoans = 10 * time.Second
	prune      = 10 * time.Minute

	trimAudit     = time.Hour // it goes by whole days
	flushRefusals = time.Minute
	flushStarts   = time.Minute
	rotateKeys    = time.Hour

	rotateDataKeys = 10 * time.Second
)

// every does something again and again until ctx ends. What fails is logged and done
// the next time.
func (a *app) every(ctx context.Context, d time.Duration, doing string, do func(context.Context) error) {
	a.journal.begin(doing, d)
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			err := do(ctx)
			a.journal.did(doing, err)
			if err != nil && ctx.Err() == nil {
				a.log.Warn(doing, "error", err)
			}
		}
	}
}

// flushLoans writes down what was lent, and what became of connections meanwhile.
func (a *app) flushLoans(ctx context.Context) error {
	return errors.Join(a.lender.Flush(ctx), a.grants.FlushHistory(ctx))
}

func (a *app) trimAudit(ctx context.Context) error {
	return a.storage.tenants.TrimAudit(ctx, time.Now(), a.cfg.AuditRetention)
}

func (a *app) prune(ctx context.Context) error { return a.grants.Prune(ctx, time.Now()) }

func (a *app) serve(l net.Listener, h http.Handler, ofConn func(context.Context, net.Conn) context.Context) {
	s := &http.Server{
		Handler:           h,
		ConnContext:       ofConn,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       90 * time.Second,
		MaxHeaderBytes:    16 << 10,
		// OPTIONS * is as little allowed as any other, and answered with our headers.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(a.log.Handler(), slog.LevelWarn),
	}
	s.RegisterOnShutdown(a.live.Close) // or it would wait for every open page
	a.listeners, a.servers = append(a.listeners, l), append(a.servers, s)
	go func() {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			a.failed <- err
		}
	}()
}

// shutdown ends a started server: first no new work comes in, then what is in
// hand is finished, then what that needs is closed.
func (a *app) shutdown(ctx context.Context) error {
	a.draining.Store(true)
	return carryOut(ctx, a.log, []step{
		{"stopped accepting connections", time.Second, a.stopAccepting},
		{"answered the requests in hand", drainHTTP, a.drain},
		{"stopped background work", drainBackground, a.stopBackground},
		{"finished the refreshes in flight", drainRefreshes, a.engine.Drain},
		{"stored every answer", forever, a.engine.Secure},
		{"wrote the loans down", closeDatabase, a.flushLoans},
		{"closed the database", closeDatabase, func(context.Context) error { return a.storage.Close() }},
	})
}

func (a *app) stopAccepting(context.Context) error {
	var faults []error
	for i, l := range a.listeners {
		a.servers[i].SetKeepAlivesEnabled(false)
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

func (a *app) drain(ctx context.Context) error {
	var faults []error
	for _, s := range a.servers {
		if err := s.Shutdown(ctx); err != nil && !errors.Is(err, net.ErrClosed) {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

// stopBackground ends the loops and writes down what they would have.
func (a *app) stopBackground(ctx context.Context) error {
	a.halt()
	a.background.Wait()
	return errors.Join(a.services.Flush(ctx), a.replica.Leave(ctx), a.signIn.Flush(ctx), a.refusals.Flush(ctx), a.storage.vault.Sealing(ctx))
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"
)

type serveCommand struct{}

func (c *serveCommand) Run(ctx context.Context, p *program) error {
	cfg, err := readConfig(p.environ)
	if err != nil {
		return err
	}
	log := newLogger(cfg, p.stderr)
	if p.exposed != nil {
		log.Warn("secrets are less protected than they could be", "error", p.exposed)
	}
	for _, w := range cfg.warnings() {
		log.Warn(w)
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	storage, err := openStorage(ctx, cfg, true, log)
	if err != nil {
		return err
	}
	warnOfBypass(ctx, storage.db, log)
	public, internal, err := openListeners(ctx, cfg)
	if err != nil {
		return errors.Join(err, storage.Close())
	}
	a := wire(cfg, storage, log)
	a.start(ctx, public, internal)
	log.Info("ready", "public", shown(public), "internal", shown(internal), "tenants", string(cfg.PublicURL))
	a.offerFirst(ctx, p.stdout)
	select {
	case <-ctx.Done():
		log.Info("asked to stop")
	case err = <-a.failed:
		log.Error("a listener failed", "error", err)
	}
	stop() // from here on a second signal ends the process at once
	return errors.Join(err, a.shutdown(context.WithoutCancel(ctx)))
}

func openListeners(ctx context.Context, cfg *Config) (public, internal net.Listener, err error) {
	if public, err = listen(ctx, cfg.Listen); err != nil {
		return nil, nil, err
	}
	if internal, err = listen(ctx, cfg.InternalListen); err != nil {
		return nil, nil, errors.Join(err, public.Close())
	}
	return public, internal, nil
}

// newLogger writes structured lines, times in UTC.
func newLogger(cfg *Config, w io.Writer) *slog.Logger {
	o := &slog.HandlerOptions{Level: cfg.LogLevel, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if t, ok := a.Value.Any().(time.Time); ok && a.Key == slog.TimeKey {
			a.Value = slog.StringValue(t.UTC().Format(time.RFC3339Nano))
		}
		return a
	}}
	if cfg.LogFormat == "text" {
		return slog.New(slog.NewTextHandler(w, o))
	}
	return slog.New(slog.NewJSONHandler(w, o))
}

// step is a part of the shutdown with a deadline of its own.
type step struct {
	name     string
	patience time.Duration
	do       func(context.Context) error
}

// carryOut runs the steps in order. One that fails or takes too long does not keep
// the next from running.
func carryOut(ctx context.Context, log *slog.Logger, steps []step) error {
	var faults []error
	for _, s := range steps {
		began := time.Now()
		err := inTime(ctx, s)
		if err != nil {
			faults = append(faults, err)
			log.Error("shutdown: "+s.name, "error", err, "took", time.Since(began).Round(time.Microsecond).String())
			continue
		}
		log.Info("shutdown: "+s.name, "took", time.Since(began).Round(time.Microsecond).String())
	}
	return errors.Join(faults...)
}

// inTime gives a step its time and no more, whether or not it heeds its context.
func inTime(ctx context.Context, s step) error {
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- s.do(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%s: not done after %s", s.name, s.patience)
	}
}

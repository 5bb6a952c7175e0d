package main

import (
	"context"
	"fmt"
	"time"

	"latchkey/authmethods"
	"latchkey/migrations"
	"latchkey/web"
)

// readyPatience is less than those who ask usually wait.
const readyPatience = 2 * time.Second

// ready says what the server needs to work, and whether it has it.
func (a *app) ready(ctx context.Context) []web.Check {
	ctx, cancel := context.WithTimeout(ctx, readyPatience)
	defer cancel()
	return []web.Check{
		check("serving", a.serving()),
		check("database", a.storage.db.Ping(ctx)),
		check("migrations", a.migrated(ctx)),
		check("keys", a.unlocked(ctx)),
		check("feed", a.informed()),
	}
}

func check(name string, err error) web.Check {
	c := web.Check{Name: name, OK: err == nil}
	if err != nil {
		c.Detail = err.Error()
	}
	return c
}

func (a *app) serving() error {
	if a.draining.Load() {
		return fmt.Errorf("the server is stopping")
	}
	return nil
}

// migrated accepts a newer schema, which a rolling upgrade brings about.
func (a *app) migrated(ctx context.Context) error {
	version, err := a.storage.db.SchemaVersion(ctx)
	if known := migrations.Known(a.storage.db.Dialect()); err == nil && version < known {
		return fmt.Errorf("the schema is at version %d, not %d", version, known)
	}
	return err
}

func (a *app) unlocked(ctx context.Context) error {
	if amiss := a.keys.amiss.Load(); amiss != nil {
		return *amiss
	}
	in, err := a.storage.system.For(authmethods.Platform, "checking that keys are at hand")
	if err != nil {
		return err
	}
	_, err = a.storage.vault.Sealer(ctx, in)
	return err
}

func (a *app) informed() error {
	if !a.watcher.Fresh() {
		return fmt.Errorf("no news of other servers' changes for more than a second")
	}
	return nil
}

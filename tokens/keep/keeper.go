// Package keep does the work on grants that nobody asks for: it finishes refreshes
// that were interrupted, refreshes tokens before anybody waits for them, keeps
// refresh tokens alive, and brings answers from the lifeboat into the database.
package keep

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/tokens"
	"latchkey/tokens/lifeboat"
	"latchkey/tokens/store"
)

const (
	interval = time.Second
	// held is how long a process has the duty without renewing it: so much later
	// another goes on after its death.
	held = 10 * time.Second
	duty = "refresh"

	batch  = 1000
	atOnce = 64 // refreshes that nobody waits for; the gate has room for more

	// least is how long a grant rests whose refresh could not be tried.
	least = 30 * time.Second

	expiringEvery = time.Hour
	expiringSoon  = 7 * 24 * time.Hour
)

// Keeper works in the background of one process. Of several processes on one
// database one has the duty at a time; another takes over when it ends.
type Keeper struct {
	Store  *store.Store
	Engine *tokens.Engine
	Log    *slog.Logger
	// Alone says that no other process works on this database, so that all leases
	// that are found at the start are those of the dead.
	Alone bool

	expiring time.Time // when it was last looked for expiring refresh tokens
}

// Run works until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	k.begin(ctx)
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		again, err := k.round(ctx)
		if err != nil && ctx.Err() == nil {
			k.Log.Warn("keeping tokens fresh, trying again", "error", err)
		}
		if again && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			k.resign(ctx)
			return
		case <-tick.C:
		}
	}
}

// resign lets another process have the duty at once.
func (k *Keeper) resign(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), interval)
	defer cancel()
	_ = db.Release(ctx, k.Store.System, duty, k.Store.Process) // else it lapses
}

// begin finishes what the predecessor of this process left. What is in the lifeboat
// comes first: it may hold the answers of what was interrupted.
func (k *Keeper) begin(ctx context.Context) {
	if err := k.land(ctx, func(lifeboat.Record) bool { return true }); err != nil {
		k.Log.Error("bringing answers from the lifeboat into the database", "error", err)
	}
	if k.Alone {
		n, err := k.Store.Inherit(ctx)
		if err != nil || n > 0 {
			k.Log.Info("took over the leases of a process that ended", "leases", n, "error", err)
		}
	}
	// Each process looks once, whoever has the duty: it may be the one that died.
	if _, err := k.finish(ctx); err != nil {
		k.Log.Error("finishing interrupted refreshes", "error", err)
	}
}

// round does what is due, and reports whether there is more.
func (k *Keeper) round(ctx context.Context) (again bool, err error) {
	// A refresh of this process is at its answer for a lease at most.
	mine := func(r lifeboat.Record) bool { return time.Since(r.SentAt) > 2*k.Engine.Policy.Lease }
	if err := k.land(ctx, mine); err != nil {
		return false, err
	}
	have, err := db.Hold(ctx, k.Store.System, duty, k.Store.Process, held)
	if err != nil || !have {
		return false, err
	}
	if again, err = k.finish(ctx); err != nil || again {
		return again, err
	}
	if time.Since(k.expiring) > expiringEvery {
		k.expiring = time.Now()
		if err := k.warn(ctx); err != nil {
			return false, err
		}
	}
	return k.refresh(ctx)
}

func (k *Keeper) land(ctx context.Context, resting func(lifeboat.Record) bool) error {
	if k.Store.Lifeboat == nil {
		return nil
	}
	n, err := k.Store.Land(ctx, resting)
	if n > 0 {
		k.Log.Info("brought answers from the lifeboat into the database", "answers", n)
	}
	return err
}

// finish takes up refreshes that were interrupted. What cannot be finished now
// comes due later like any other, with its attempt on record.
func (k *Keeper) finish(ctx context.Context) (again bool, err error) {
	refs, err := k.Store.Interrupted(ctx, batch)
	if err != nil || len(refs) == 0 {
		return false, err
	}
	later, _ := k.all(ctx, refs)
	k.Log.Info("took up interrupted refreshes", "finished", len(refs)-len(later), "postponed", len(later))
	return len(refs) == batch, k.Store.Shelve(ctx, later)
}

// refresh refreshes what is due.
func (k *Keeper) refresh(ctx context.Context) (again bool, err error) {
	refs, err := k.Store.Due(ctx, batch)
	if err != nil || len(refs) == 0 {
		return false, err
	}
	later, refused := k.all(ctx, refs)
	return len(refs) == batch && !refused, k.Store.Postpone(ctx, later)
}

// all does the upkeep of refs, some at once. It returns those that were not
// refreshed, and whether some of them could not be. ctx ends it between two grants:
// what was begun is finished.
func (k *Keeper) all(ctx context.Context, refs []store.Ref) (later []store.Later, refused bool) {
	var mu sync.Mutex // guards the results
	k.each(ctx, refs, func(ctx context.Context, ref store.Ref) {
		at, err := k.one(ctx, ref)
		if err == nil && at == nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			refused = true
			next := time.Now().Add(wait(err))
			at = &next
		}
		later = append(later, store.Later{Ref: ref, At: *at})
	})
	return later, refused
}

// each runs f for all of refs, some at once, until ctx ends.
func (k *Keeper) each(ctx context.Context, refs []store.Ref, f func(context.Context, store.Ref)) {
	var g errgroup.Group
	g.SetLimit(atOnce)
	for _, ref := range refs {
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error {
			defer func() {
				if p := recover(); p != nil {
					k.Log.Error("panic in the upkeep of a grant", "grant", ref.ID, "panic", p)
				}
			}()
			f(context.WithoutCancel(ctx), ref)
			return nil
		})
	}
	_ = g.Wait()
}

// one refreshes a grant, or returns when to look at it again.
func (k *Keeper) one(ctx context.Context, ref store.Ref) (*time.Time, error) {
	kept, err := k.Store.Keep(ctx, ref)
	if err != nil {
		return nil, err
	}
	if kept.Slot == nil {
		return &time.Time{}, nil
	}
	switch d := tokens.Upkeep(k.Engine.Policy, &kept.Grant, &kept.Provider.Refresh, kept.Now); d.Step {
	case tokens.Refresh, tokens.Recover:
		return nil, k.Engine.Ahead(ctx, kept.Slot, kept.Grant, kept.Now)
	default:
		return &d.At, nil
	}
}

// wait is how long a grant rests after err. Those that failed together are spread.
func wait(err error) time.Duration {
	rest := least
	var p *authmethods.Problem
	if errors.As(err, &p) {
		rest = max(rest, p.RetryAfter)
	}
	return rest + time.Duration(rand.Float64()*float64(rest))
}

// warn logs the refresh tokens that end soon: no refresh prolongs them, and only a
// person can approve anew.
func (k *Keeper) warn(ctx context.Context) error {
	refs, err := k.Store.Expiring(ctx, expiringSoon, batch)
	if err != nil {
		return err
	}
	for _, ref := range refs {
		kept, err := k.Store.Keep(ctx, ref)
		if err == nil && kept.Slot != nil {
			k.Log.Warn("a connection must be approved again soon", "tenant", kept.TenantSlug, "method", kept.Method,
				"environment", kept.Environment, "connection", ref.ID, "ends", kept.Grant.RefreshExpiresAt)
		}
	}
	return nil
}

// Package keep does the work on grants that nobody asks for: it finishes refreshes
// that were interrupted, refreshes tokens before anybody waits for them, keeps
// refresh tokens alive, and brings answers from the lifeboat into the database.
package keep

import (
	"context"
	"log/slog"
	"time"

	"latchkey/tokens"
	"latchkey/tokens/lifeboat"
	"latchkey/tokens/store"
)

const (
	interval = time.Second
	// held is how long a process has the duty without renewing it: so much later
	// another goes on after its death. It is renewed when a third of that is over.
	held = 10 * time.Second
	duty = "refresh"

	batch   = 1000
	trickle = 200 // expired tokens in a round
	atOnce  = 64  // refreshes that nobody waits for; the gate has room for more

	// least is how long a grant rests whose refresh could not be tried.
	least = 30 * time.Second
	// long is how long one rests that only a person can help.
	long = time.Hour
	// asleep is how long a grant rests whose method or tenant is disabled: it may be
	// enabled again, and its refresh token must not have expired then.
	asleep = 24 * time.Hour
	// frozen is how long a grant rests of which nothing may be refreshed for a while.
	frozen = 2 * time.Minute
	// spread is over how long those come again that failed together, at most.
	spread = 5 * time.Minute

	expiringEvery = time.Hour
)

// Keeper works in the background of one process. Of several processes on one
// database one has the duty at a time; another takes over when it ends.
type Keeper struct {
	Store  *store.Store
	Engine *tokens.Engine
	Log    *slog.Logger
	// Alone says that no other process works on this database, so that all leases
	// that are found at the start are those of the dead, and the duty needs no
	// taking.
	Alone bool

	renewed  time.Time // when the duty was taken last; zero: it is not held
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
		if again && err == nil && ctx.Err() == nil {
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
	// An answer must be there before the lease lapses, because then anybody may
	// repeat the request. That its refresh may still be at it does no harm.
	old := func(r lifeboat.Record) bool { return time.Since(r.SentAt) > k.Engine.Policy.Lease/2 }
	if err := k.land(ctx, old); err != nil {
		return false, err
	}
	return k.onDuty(ctx, func(ctx context.Context) (bool, error) {
		if again, err := k.finish(ctx); err != nil || again {
			return again, err
		}
		if time.Since(k.expiring) > expiringEvery {
			k.expiring = time.Now()
			if err := k.warn(ctx); err != nil {
				return false, err
			}
		}
		return k.refresh(ctx)
	})
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

// warn logs the refresh tokens that end soon: no refresh prolongs them, and only a
// person can approve anew.
func (k *Keeper) warn(ctx context.Context) error {
	refs, err := k.Store.Expiring(ctx, batch)
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

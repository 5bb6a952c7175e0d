package keep

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/tokens"
	"latchkey/tokens/store"
)

// finish takes up refreshes that were interrupted. What cannot be finished now
// comes due later like any other, with its attempt on record.
func (k *Keeper) finish(ctx context.Context) (again bool, err error) {
	refs, err := k.Store.Interrupted(ctx, batch)
	if err != nil || len(refs) == 0 {
		return false, err
	}
	later, _, err := k.all(ctx, refs)
	if err != nil {
		return false, err
	}
	k.Log.Info("took up interrupted refreshes", "finished", len(refs)-len(later), "postponed", len(later))
	return len(refs) == batch, k.Store.Shelve(context.WithoutCancel(ctx), later)
}

// refresh refreshes what is due. Tokens that are still good come first, before
// anybody has to wait for them; of those that have expired meanwhile, as all have
// after a long downtime, a few at a time: whoever needs one asks for it.
func (k *Keeper) refresh(ctx context.Context) (again bool, err error) {
	refs, err := k.Store.Due(ctx, false, batch)
	if err != nil {
		return false, err
	}
	full := len(refs) == batch
	if !full {
		expired, err := k.Store.Due(ctx, true, trickle)
		if err != nil {
			return false, err
		}
		refs = append(refs, expired...)
	}
	if len(refs) == 0 {
		return false, nil
	}
	later, refused, err := k.all(ctx, refs)
	if err != nil {
		return false, err
	}
	return full && !refused, k.Store.Postpone(context.WithoutCancel(ctx), later)
}

// all does the upkeep of refs, some at once. It returns those that were not
// refreshed, and whether some of them could not be. ctx ends it between two grants:
// what was begun is finished.
func (k *Keeper) all(ctx context.Context, refs []store.Ref) (later []store.Later, refused bool, err error) {
	now, err := db.Now(ctx, k.Store.System)
	if err != nil {
		return nil, false, err
	}
	began := time.Now()
	var mu sync.Mutex // guards the results
	var g errgroup.Group
	g.SetLimit(atOnce)
	for _, ref := range refs {
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error {
			at, err := k.one(context.WithoutCancel(ctx), ref, now)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				refused = true
				next := now.Add(time.Since(began) + wait(err))
				at = &next
			}
			if at != nil {
				later = append(later, store.Later{Ref: ref, At: *at})
			}
			return nil
		})
	}
	_ = g.Wait()
	return later, refused, nil
}

// one refreshes a grant, or returns when to look at it again. now is the time by the
// database's clock, some seconds ago at most.
func (k *Keeper) one(ctx context.Context, ref store.Ref, now time.Time) (at *time.Time, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("keep: panic: %v", p)
		}
		if err != nil && authmethods.KindOf(err) != authmethods.Unavailable {
			k.Log.Error("upkeep of a grant", "grant", ref.ID, "error", err)
		}
	}()
	kept, err := k.Store.Keep(ctx, ref)
	if p := (*authmethods.Problem)(nil); errors.As(err, &p) && p.Code == authmethods.CodeFrozen {
		later := now.Add(frozen + time.Duration(rand.Float64()*float64(frozen))) // #nosec G404 -- spreads refreshes
		return &later, nil
	}
	if err != nil {
		return nil, err
	}
	if kept.Slot == nil {
		later := now.Add(asleep + time.Duration(rand.Float64()*float64(asleep))) // #nosec G404 -- spreads refreshes
		return &later, nil
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
		if p.Kind == authmethods.HumanNeeded {
			rest = long
		}
	}
	return rest + time.Duration(rand.Float64()*float64(min(rest, spread))) // #nosec G404 -- spreads refreshes
}

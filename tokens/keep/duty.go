package keep

import (
	"context"
	"sync"
	"time"

	"latchkey/authmethods/db"
)

// onDuty runs f if this process has the duty, which it renews meanwhile. f's context
// ends if another has taken it.
func (k *Keeper) onDuty(ctx context.Context, f func(context.Context) (bool, error)) (bool, error) {
	if k.Alone {
		return f(ctx)
	}
	if have, err := k.hold(ctx); !have || err != nil {
		return false, err
	}
	ctx, stop := context.WithCancel(ctx)
	var renewing sync.WaitGroup
	defer renewing.Wait()
	defer stop()
	renewing.Go(func() {
		tick := time.NewTicker(held / 3)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			// While the database is away nobody else can take it either.
			if have, err := k.hold(ctx); !have && err == nil {
				stop()
			}
		}
	})
	return f(ctx)
}

// hold takes the duty, or renews it when that is due.
func (k *Keeper) hold(ctx context.Context) (bool, error) {
	now := time.Now()
	if !k.renewed.IsZero() && now.Sub(k.renewed) < held/3 {
		return true, nil
	}
	have, err := db.Hold(ctx, k.Store.System, duty, k.Store.Process, held)
	if err == nil && have {
		k.renewed = now
	} else {
		k.renewed = time.Time{}
	}
	return have, err
}

// resign lets another process have the duty at once.
func (k *Keeper) resign(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), interval)
	defer cancel()
	_ = db.Release(ctx, k.Store.System, duty, k.Store.Process) // else it lapses
}

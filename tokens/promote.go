package tokens

import (
	"context"
	"time"
)

// promoteTime bounds the promotion of a secret; the next refresh does what it did not.
const promoteTime = 10 * time.Second

// promote has the client's next secret take the place of the present one, after what it
// brought was stored. Nobody waits for it, and nothing depends on it.
func (e *Engine) promote(ctx context.Context, s Slot, version int64) {
	e.running.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, promoteTime)
		defer cancel()
		defer func() {
			if r := recover(); r != nil {
				e.Log.Error("panic while promoting a client secret", "grant", s.Key(), "panic", r)
			}
		}()
		if err := s.Promote(ctx, version); err != nil {
			e.Log.Warn("promoting a client secret; the next refresh tries again", "grant", s.Key(), "error", err)
		}
	})
}

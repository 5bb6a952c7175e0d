package db

import (
	"context"
	"time"
)

// Hold takes a duty for d, or renews it, and reports whether holder has it now.
// One holder at a time has a duty by the database's clock; whose process dies
// loses it when d is over. Renew it well before that, and stop the work when it
// could not be renewed.
func Hold(ctx context.Context, s System, duty, holder string, d time.Duration) (bool, error) {
	until := s.h.now + " + ?"
	res := s.h.write.WithContext(ctx).Exec(
		"INSERT INTO duties (id, holder, held_until) VALUES (?, ?, "+until+") "+
			"ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, held_until = "+until+
			" WHERE duties.holder = excluded.holder OR duties.held_until <= "+s.h.now,
		duty, holder, d.Microseconds(), d.Microseconds())
	return res.RowsAffected == 1, fail("taking a duty", res.Error)
}

// Release gives up a duty, if holder has it, so that the next need not wait for
// its end.
func Release(ctx context.Context, s System, duty, holder string) error {
	err := s.h.write.WithContext(ctx).Exec("DELETE FROM duties WHERE id = ? AND holder = ?", duty, holder).Error
	return fail("releasing a duty", err)
}

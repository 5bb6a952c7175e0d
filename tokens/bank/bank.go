// Package bank keeps in the database what all processes share of the budgets of
// token requests: how much is drawn, and what is closed for a while.
package bank

import (
	"context"
	"errors"
	"fmt"
	"time"

	"latchkey/authmethods/db"
)

// Bank is a [latchkey/tokens/dispatch.Bank] on a database.
type Bank struct{ system db.System }

// New returns the Bank of a database.
func New(s db.System) *Bank { return &Bank{s} }

// row is a budget. drawn_until is the theoretical arrival time of the generic cell
// rate algorithm: what was drawn is paid for until then.
type row struct {
	db.Shared   `gorm:"-"`
	ID          string `gorm:"primaryKey"`
	DrawnUntil  db.Time
	ClosedUntil db.Time
}

// TableName implements GORM's naming.
func (row) TableName() string { return "budgets" }

// maxTries bounds the races that one drawing may lose.
const maxTries = 20

// Draw takes up to want permits: one for each interval, at most burst at once. It
// returns how many it got, and how long until there is one if it got none.
func (b *Bank) Draw(ctx context.Context, key string, interval time.Duration, burst, want int) (int, time.Duration, error) {
	for range maxTries {
		old, now, err := b.read(ctx, key)
		if err != nil {
			return 0, 0, err
		}
		drawn := old.DrawnUntil.Time()
		if drawn.Before(now) {
			drawn = now
		}
		full := now.Add(time.Duration(burst) * interval)
		got := min(want, int(full.Sub(drawn)/interval))
		if got <= 0 {
			return 0, drawn.Add(interval).Sub(full), nil
		}
		paid := db.To("drawn_until", db.At(drawn.Add(time.Duration(got)*interval)))
		n, err := db.UpdateShared[row](ctx, b.system, []db.Set{paid}, db.Eq("id", key), db.Eq("drawn_until", old.DrawnUntil))
		if err != nil {
			return 0, 0, err
		}
		if n == 1 {
			return got, 0, nil
		}
	}
	return 0, 0, fmt.Errorf("bank: %s: lost every race for it", key)
}

// read returns the budget of key, which it makes if there is none, and the time by
// the database's clock.
func (b *Bank) read(ctx context.Context, key string) (row, time.Time, error) {
	rows, err := db.ListShared[row](ctx, b.system, "id", db.Eq("id", key))
	if err != nil {
		return row{}, time.Time{}, err
	}
	now, err := db.Now(ctx, b.system)
	if err != nil || len(rows) == 1 {
		return append(rows, row{})[0], now, err
	}
	fresh := row{ID: key, DrawnUntil: db.At(now)}
	err = db.InsertShared(ctx, b.system, &fresh)
	if errors.Is(err, db.ErrDuplicate) {
		return b.read(ctx, key)
	}
	return fresh, now, err
}

// Close tells all processes that nothing may leave under key for d, or with 0 that
// it may again. A closure is never shortened but by 0.
func (b *Bank) Close(ctx context.Context, key string, d time.Duration) error {
	if d <= 0 {
		_, err := db.UpdateShared[row](ctx, b.system, []db.Set{db.To("closed_until", db.Time(0))}, db.Eq("id", key))
		return err
	}
	old, now, err := b.read(ctx, key)
	if err != nil || old.ClosedUntil.Time().After(now.Add(d)) {
		return err
	}
	_, err = db.UpdateShared[row](ctx, b.system, []db.Set{db.ToFromNow("closed_until", d)}, db.Eq("id", key))
	return err
}

// Closed returns what is closed, and for how long still.
func (b *Bank) Closed(ctx context.Context) (map[string]time.Duration, error) {
	rows, err := db.ListShared[row](ctx, b.system, "id", db.Ahead("closed_until"))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	now, err := db.Now(ctx, b.system)
	if err != nil {
		return nil, err
	}
	closed := map[string]time.Duration{}
	for _, r := range rows {
		if left := r.ClosedUntil.Time().Sub(now); left > 0 {
			closed[r.ID] = left
		}
	}
	return closed, nil
}

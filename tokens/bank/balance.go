package bank

import (
	"context"
	"time"

	"latchkey/authmethods/db"
)

// Balance is how it stands with one budget. Times are by the database's clock.
type Balance struct {
	Key         string
	FullAt      time.Time // when all of it is there again
	ClosedUntil time.Time // zero: it is not closed
}

// Balances lists the budgets of which something was drawn or that are closed, at most
// one for each host and client that there ever was.
func (b *Bank) Balances(ctx context.Context) ([]Balance, error) {
	rows, err := db.ListShared[row](ctx, b.system, "id")
	all := make([]Balance, 0, len(rows))
	for _, r := range rows {
		all = append(all, Balance{r.ID, r.DrawnUntil.Time(), r.ClosedUntil.Time()})
	}
	return all, err
}

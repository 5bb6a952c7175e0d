package store

import (
	"context"
	"errors"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/token"
	"latchkey/tokens"
)

// Ledger is the loan ledger. It is a [tokens.Ledger].
type Ledger struct{ *Store }

var _ tokens.Ledger = Ledger{}

// First implements [tokens.Ledger].
func (l Ledger) First(ctx context.Context, b tokens.Borrowing) error {
	in, err := l.DB.For(lending(b.Tenant))
	if err != nil {
		return err
	}
	now := db.At(time.Now())
	err = db.Tx(ctx, in, func(in db.Tenant) error {
		held, err := db.First[loanRow](ctx, in, db.Eq("token_id", b.Token), db.Eq("service_id", b.Service))
		if err == nil {
			_, err = db.UpdateIf[loanRow](ctx, in, held.ID, []db.Set{db.Plus("lent", 1), db.To("last_lent_at", now)})
			return err
		}
		if !errors.Is(err, authmethods.NotFound) {
			return err
		}
		row := &loanRow{
			Owned: db.Owned{ID: authmethods.ID(token.NewID("loan"))}, ServiceID: b.Service, ServiceName: b.ServiceName,
			GrantID: b.Connection, TokenID: b.Token, Purpose: b.Purpose, Lent: 1, FirstLentAt: now, LastLentAt: now,
		}
		if err := db.Insert(ctx, in, row); err != nil {
			return err
		}
		return lent(ctx, in, b.Connection, now.Time())
	})
	if errors.Is(err, db.ErrDuplicate) {
		return l.First(ctx, b) // another request of the same service put it on record just now
	}
	return err
}

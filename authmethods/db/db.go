package db

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"latchkey/authmethods"
	"latchkey/migrations"
)

// DB is the database. It has no query methods of its own.
type DB struct {
	handle
	dialect migrations.Dialect
	pools   []*sql.DB
	closers []func() error
}

// handle is a way to send statements: reads may go to any connection, writes to
// the one that SQLite allows. Inside a transaction both are the transaction.
type handle struct {
	base              *handle // the database itself, for what outlives a transaction
	read, write       *gorm.DB
	runRead, runWrite runner          // the same for a [Statement]
	now               string          // SQL expression of the database's clock, Unix microseconds
	listen            *pgx.ConnConfig // for a connection that listens; nil where there are no notices
	bare              bool            // a transaction must set for itself what connections usually have
	group             *group          // commits together; nil on PostgreSQL, which does so itself, and inside a transaction
}

// Tenant is the database as one tenant sees it. The zero Tenant panics on use.
type Tenant struct {
	id authmethods.TenantID
	h  *handle // shared: there is a Tenant for each token that is remembered
}

// ID reports whose view t is.
func (t Tenant) ID() authmethods.TenantID { return t.id }

// For narrows the database to the caller's tenant.
func (d *DB) For(c authmethods.Caller) (Tenant, error) {
	if !isTenant(c.Tenant()) {
		return Tenant{}, authmethods.ErrNoCaller
	}
	return Tenant{c.Tenant(), &d.handle}, nil
}

// Dialect tells which database this is.
func (d *DB) Dialect() migrations.Dialect { return d.dialect }

// Ping reports whether the database answers and can be written to: a standby or
// a full disk is not ready.
func (d *DB) Ping(ctx context.Context) error {
	// An empty transaction is not enough: it neither needs the write lock of
	// SQLite nor notices a read-only PostgreSQL.
	err := d.write.WithContext(ctx).Exec("UPDATE key_checks SET id = id WHERE 1 = 0").Error
	return fail("checking the database", err)
}

// Close closes every connection.
func (d *DB) Close() error {
	var errs []error
	for i := len(d.closers) - 1; i >= 0; i-- {
		errs = append(errs, d.closers[i]())
	}
	return errors.Join(errs...)
}

// Tx runs f in one transaction. f must use the Tenant it is given and no other:
// the outer one would wait for the lock that f itself holds. Stores hand values
// to f, never functions that do anything but store: no call to a provider can
// happen inside.
func Tx(ctx context.Context, in Tenant, f func(in Tenant) error) error {
	return in.h.tx(ctx, func(h handle) error { return f(Tenant{in.id, &h}) })
}

// within returns h in the transaction that g is.
func (h handle) within(g *gorm.DB) handle {
	r := h.runWrite.within(g)
	h.read, h.write, h.runRead, h.runWrite = g, g, r, r
	return h
}

func (h handle) tx(ctx context.Context, f func(handle) error) error {
	if h.group != nil {
		return h.group.do(ctx, false, f)
	}
	ctx, cancel := h.runWrite.bounded(ctx, writePatience)
	defer cancel()
	// f's own errors pass unchanged; only beginning and committing are ours.
	var inner error
	err := h.write.WithContext(ctx).Transaction(func(g *gorm.DB) error {
		if h.bare && !h.runWrite.inTx() {
			if err := setLocal(g); err != nil {
				return err
			}
		}
		inner = f(h.within(g))
		return inner
	})
	if inner != nil {
		return inner
	}
	return fail("committing", err)
}

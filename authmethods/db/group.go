package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"gorm.io/gorm"

	"latchkey/authmethods"
)

// group commits transactions of many callers together. SQLite lets one write at a
// time and each commit waits for the disk, so that those that come meanwhile share
// the next one. Each is still whole or not there at all, and durable when its
// caller hears of it.
type group struct {
	h    handle // to the connection that writes
	pool *sql.DB

	mu      sync.Mutex // guards what follows
	waiting []*unit
	running bool
}

// unit is one caller's transaction.
type unit struct {
	ctx context.Context
	f   func(handle) error
	// single says that f is one statement, which by itself leaves nothing behind
	// when it fails.
	single bool
	err    error
	done   chan struct{}
}

// most bounds the transactions of one commit, so that none waits for long.
const most = 128

// do runs f in a transaction and returns when it is committed. A caller that gives
// up before its turn leaves nothing behind; after that it waits.
func (g *group) do(ctx context.Context, single bool, f func(handle) error) error {
	u := &unit{ctx: ctx, f: f, single: single, done: make(chan struct{})}
	g.mu.Lock()
	g.waiting = append(g.waiting, u)
	if !g.running {
		g.running = true
		go g.run()
	}
	g.mu.Unlock()
	<-u.done
	return u.err
}

// run commits until nobody waits.
func (g *group) run() {
	for {
		g.mu.Lock()
		units := g.waiting[:min(len(g.waiting), most)]
		g.waiting = g.waiting[len(units):]
		g.running = len(units) > 0
		g.mu.Unlock()
		if len(units) == 0 {
			return
		}
		g.commit(units)
		for _, u := range units {
			close(u.done)
		}
	}
}

// commit runs units in one transaction and sets their errors.
func (g *group) commit(units []*unit) {
	g.h.runWrite.prepareWanted(context.Background())
	// Not a caller's context: its end would undo the work of the others.
	tx, err := g.pool.BeginTx(context.Background(), nil)
	if err == nil {
		h := g.h.in(tx)
		for _, u := range units {
			if u.err = u.ctx.Err(); u.err != nil {
				continue
			}
			if err = u.run(h, len(units) == 1); err != nil {
				break
			}
		}
		if err == nil {
			err = tx.Commit()
		} else {
			tx.Rollback()
		}
	}
	if err == nil {
		return
	}
	for _, u := range units {
		if u.err == nil {
			u.err = fail("committing", err)
		}
	}
}

// errAlone undoes a transaction that holds nothing but a unit that failed.
var errAlone = errors.New("db: its only unit failed")

// run runs one unit. Its error means that the transaction as a whole is lost.
func (u *unit) run(h handle, alone bool) error {
	switch {
	case alone:
		if u.err = u.guarded(h); u.err != nil {
			return errAlone
		}
		return nil
	case u.single:
		u.err = u.guarded(h)
		if authmethods.KindOf(u.err) == authmethods.Unavailable {
			return u.err // SQLite may have undone everything
		}
		return nil
	}
	if err := h.mark("SAVEPOINT unit"); err != nil {
		return err
	}
	if u.err = u.guarded(h); u.err != nil {
		// After some faults, such as a full disk, SQLite has undone everything: then
		// there is no savepoint to go back to.
		if err := h.mark("ROLLBACK TO unit"); err != nil {
			return err
		}
	}
	return h.mark("RELEASE unit")
}

func (h handle) mark(text string) error {
	_, err := h.runWrite.tx.ExecContext(context.Background(), text)
	return err
}

// guarded turns a panic of the caller's function into its error: the others go on.
func (u *unit) guarded(h handle) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("db: panic in a transaction: %v", p)
		}
	}()
	return u.f(h)
}

// in returns h in the transaction tx.
func (h handle) in(tx *sql.Tx) handle {
	g := h.write.Session(&gorm.Session{NewDB: true, Context: context.Background()})
	g.Statement.ConnPool = &wholeTx{tx}
	h.runWrite.tx, h.group = tx, nil
	h.runRead = h.runWrite
	h.read, h.write = g, g
	return h
}

// wholeTx is a transaction whose statements do not end with a caller's context:
// SQLite undoes the whole of it with a statement that is interrupted.
type wholeTx struct{ *sql.Tx }

func (t *wholeTx) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return t.Tx.PrepareContext(context.WithoutCancel(ctx), query)
}

func (t *wholeTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return t.Tx.ExecContext(context.WithoutCancel(ctx), query, args...)
}

func (t *wholeTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return t.Tx.QueryContext(context.WithoutCancel(ctx), query, args...)
}

func (t *wholeTx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return t.Tx.QueryRowContext(context.WithoutCancel(ctx), query, args...)
}

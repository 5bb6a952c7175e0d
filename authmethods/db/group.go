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
	line *line // on that connection; only run uses it

	mu      sync.Mutex // guards what follows
	waiting []*unit
	shut    bool
	wake    chan struct{} // somebody waits; closed when shut is set

	ended chan struct{}
}

// newGroup returns a group whose goroutine goes on until [group.close]: its stack
// has grown to what SQLite needs.
func newGroup(h handle, pool *sql.DB) *group {
	g := &group{h: h, pool: pool, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	go g.run()
	return g
}

// close ends the group when nobody waits any more.
func (g *group) close() error {
	g.mu.Lock()
	if !g.shut {
		g.shut = true
		close(g.wake)
	}
	g.mu.Unlock()
	<-g.ended
	return nil
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
	if !g.add(u) {
		return fail("committing", sql.ErrConnDone)
	}
	<-u.done
	return u.err
}

// add has u wait for the next commit, if there will be one.
func (g *group) add(u *unit) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		return false
	}
	g.waiting = append(g.waiting, u)
	select {
	case g.wake <- struct{}{}:
	default: // it is awake
	}
	return true
}

// run commits what waits until the group is closed.
func (g *group) run() {
	defer close(g.ended)
	for range g.wake {
		for units := g.take(); len(units) > 0; units = g.take() {
			g.commit(units)
			for _, u := range units {
				close(u.done)
			}
		}
	}
}

// take returns those who wait, as many as may share a commit.
func (g *group) take() []*unit {
	g.mu.Lock()
	defer g.mu.Unlock()
	units := g.waiting[:min(len(g.waiting), most)]
	if g.waiting = g.waiting[len(units):]; len(g.waiting) == 0 {
		g.waiting = nil
	}
	return units
}

// commit runs units in one transaction and sets their errors.
func (g *group) commit(units []*unit) {
	// Not a caller's context: its end would undo the work of the others.
	tx, end, err := g.begin(context.Background())
	if err == nil {
		defer end()
		h := g.h.in(tx, g.line)
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

// begin begins a transaction. end gives its connection back.
func (g *group) begin(ctx context.Context) (tx *sql.Tx, end func() error, err error) {
	conn, err := g.pool.Conn(ctx)
	if err != nil {
		return nil, nil, err
	}
	raw, err := rawOf(conn)
	if err == nil {
		if g.line == nil || g.line.conn != raw {
			g.line = newLine(raw)
		}
		tx, err = conn.BeginTx(ctx, nil)
	}
	if err != nil {
		return nil, nil, errors.Join(err, conn.Close())
	}
	return tx, conn.Close, nil
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
	if err := h.mark(savepoint); err != nil {
		return err
	}
	if u.err = u.guarded(h); u.err != nil {
		// After some faults, such as a full disk, SQLite has undone everything: then
		// there is no savepoint to go back to.
		if err := h.mark(rollback); err != nil {
			return err
		}
	}
	return h.mark(release)
}

func (h handle) mark(st *Statement) error {
	_, err := h.runWrite.line.exec(st, nil)
	return err
}

// What a unit of several statements is kept apart by.
var (
	savepoint = &Statement{sqlite: "SAVEPOINT unit"}
	rollback  = &Statement{sqlite: "ROLLBACK TO unit"}
	release   = &Statement{sqlite: "RELEASE unit"}
)

// guarded turns a panic of the caller's function into its error: the others go on.
func (u *unit) guarded(h handle) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("db: panic in a transaction: %v", p)
		}
	}()
	return u.f(h)
}

// in returns h in the transaction tx on the connection of l.
func (h handle) in(tx *sql.Tx, l *line) handle {
	g := h.write.Session(&gorm.Session{NewDB: true, Context: context.Background()})
	g.Statement.ConnPool = &wholeTx{tx}
	h.runWrite.line, h.group = l, nil
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

package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"
)

// line is a connection to SQLite that runs a [Statement] without database/sql
// between, which costs more than most statements do. One goroutine at a time uses
// it.
type line struct {
	conn     *sqlite3.Conn
	prepared map[*Statement]*sqlite3.Stmt
}

func newLine(c *sqlite3.Conn) *line { return &line{c, map[*Statement]*sqlite3.Stmt{}} }

// rawOf returns the connection behind one of database/sql.
func rawOf(c *sql.Conn) (raw *sqlite3.Conn, err error) {
	err = c.Raw(func(inner any) error {
		of, ok := inner.(driver.Conn)
		if !ok {
			return fmt.Errorf("a connection of the type %T", inner)
		}
		raw = of.Raw()
		return nil
	})
	return raw, err
}

// finalize ends the statements that lines prepared, without which a connection does
// not close.
func finalize(c *sqlite3.Conn) error {
	var all []*sqlite3.Stmt
	for st := range c.Stmts() {
		all = append(all, st)
	}
	var faults []error
	for _, st := range all {
		faults = append(faults, st.Close())
	}
	return errors.Join(faults...)
}

// ready returns the statement with its arguments bound. It is reset after use.
func (l *line) ready(st *Statement, args []any) (*sqlite3.Stmt, error) {
	made := l.prepared[st]
	if made == nil {
		var err error
		if made, _, err = l.conn.PrepareFlags(st.sqlite, sqlite3.PREPARE_PERSISTENT); err != nil {
			return nil, err
		}
		l.prepared[st] = made
	}
	for i, a := range args {
		if err := bindTo(made, i+1, a); err != nil {
			return nil, fmt.Errorf("argument %d: %w", i, err)
		}
	}
	return made, nil
}

func (l *line) query(st *Statement, args []any, each func(scan func(dest ...any) error) error) (err error) {
	made, err := l.ready(st, args)
	if err != nil {
		return err
	}
	defer func() {
		if fault := made.Reset(); err == nil {
			err = fault
		}
	}()
	scan := func(dest ...any) error {
		if n := made.ColumnCount(); n != len(dest) {
			return fmt.Errorf("%d columns for %d values", n, len(dest))
		}
		return fill(liteRow{made}, dest)
	}
	for made.Step() {
		if err := each(scan); err != nil {
			return err
		}
	}
	return made.Err()
}

func (l *line) exec(st *Statement, args []any) (int64, error) {
	made, err := l.ready(st, args)
	if err != nil {
		return 0, err
	}
	if err := made.Exec(); err != nil { // which resets it
		return 0, err
	}
	return l.conn.Changes(), nil
}

// bindTo binds an argument as database/sql would.
func bindTo(st *sqlite3.Stmt, at int, v any) error {
	switch v := v.(type) {
	case nil:
		return st.BindNull(at)
	case string:
		return st.BindText(at, v)
	case int64:
		return st.BindInt64(at, v)
	case []byte:
		return st.BindBlob(at, v)
	case bool:
		return st.BindBool(at, v)
	}
	simple, err := value(v)
	if err != nil {
		return err
	}
	return bindTo(st, at, simple)
}

// lines are the connections that only read. They are opened when they are needed;
// the last used is the next, since its cache is warm.
type lines struct {
	pool *sql.DB
	room chan struct{} // one for each in use

	mu   sync.Mutex // guards what follows
	idle []*line
	open []*sql.Conn
}

func newLines(pool *sql.DB, most int) *lines {
	return &lines{pool: pool, room: make(chan struct{}, most)}
}

// query runs a statement that reads. It ends with ctx.
func (l *lines) query(ctx context.Context, st *Statement, args []any, each func(scan func(dest ...any) error) error) error {
	select {
	case l.room <- struct{}{}:
	default:
		select {
		case l.room <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	defer func() { <-l.room }()
	on, err := l.take(ctx)
	if err != nil {
		return err
	}
	defer l.put(on)
	before := on.conn.SetInterrupt(ctx)
	defer on.conn.SetInterrupt(before)
	if err = on.query(st, args, each); err != nil && errors.Is(err, sqlite3.INTERRUPT) && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (l *lines) take(ctx context.Context) (*line, error) {
	l.mu.Lock()
	if last := len(l.idle) - 1; last >= 0 {
		on := l.idle[last]
		l.idle = l.idle[:last]
		l.mu.Unlock()
		return on, nil
	}
	l.mu.Unlock()
	conn, err := l.pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	raw, err := rawOf(conn)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = append(l.open, conn)
	return newLine(raw), nil
}

func (l *lines) put(on *line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.idle = append(l.idle, on)
}

// close gives the connections back to their pool, which is closed after. It waits
// for those in use.
func (l *lines) close() error {
	for range cap(l.room) {
		l.room <- struct{}{}
	}
	l.mu.Lock()
	open := l.open
	l.idle, l.open = nil, nil
	l.mu.Unlock()
	var faults []error
	for _, conn := range open {
		faults = append(faults, conn.Close())
	}
	faults = append(faults, l.pool.Close())
	for range cap(l.room) { // later ones are told by the pool that it is closed
		<-l.room
	}
	return errors.Join(faults...)
}

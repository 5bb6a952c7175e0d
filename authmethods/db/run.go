package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"gorm.io/gorm"

	"latchkey/authmethods"
	"latchkey/migrations"
)

// runner runs statements: on a pool, or on the transaction if there is one.
type runner struct {
	pool    *sql.DB
	tx      *sql.Tx
	dialect migrations.Dialect
	log     *slog.Logger
	// prepared holds an *sql.Stmt for each *Statement that ran, wanted the
	// statements that ran in a transaction without being prepared. Both stay empty
	// on PostgreSQL: pgx remembers statements itself, by connection.
	prepared, wanted *sync.Map
}

func newRunner(pool *sql.DB, d migrations.Dialect, log *slog.Logger) runner {
	return runner{pool: pool, dialect: d, log: log, prepared: new(sync.Map), wanted: new(sync.Map)}
}

// within returns r in the transaction that g is.
func (r runner) within(g *gorm.DB) runner {
	switch pool := g.Statement.ConnPool.(type) {
	case *gorm.PreparedStmtTX:
		r.tx = pool.Tx.(*sql.Tx)
	case *wholeTx:
		r.tx = pool.Tx
	default:
		r.tx = pool.(*sql.Tx)
	}
	return r
}

// prepare returns the statement as SQLite prepared it on the pool.
func (r runner) prepare(ctx context.Context, st *Statement) (*sql.Stmt, error) {
	if done, ok := r.prepared.Load(st); ok {
		return r.inTx(ctx, done.(*sql.Stmt)), nil
	}
	if r.tx != nil {
		// The transaction has the only connection that writes; the pool would wait
		// for it. It prepares the statement for itself this time.
		r.wanted.Store(st, nil)
		return r.tx.PrepareContext(ctx, st.sqlite)
	}
	made, err := r.pool.PrepareContext(ctx, st.sqlite)
	if err != nil {
		return nil, err
	}
	if first, there := r.prepared.LoadOrStore(st, made); there {
		made.Close()
		return first.(*sql.Stmt), nil
	}
	return made, nil
}

// prepareWanted prepares what earlier transactions had to prepare for themselves.
func (r runner) prepareWanted(ctx context.Context) {
	r.wanted.Range(func(st, _ any) bool {
		r.wanted.Delete(st)
		_, err := r.prepare(ctx, st.(*Statement))
		return err == nil // the transaction will meet the fault itself
	})
}

func (r runner) inTx(ctx context.Context, st *sql.Stmt) *sql.Stmt {
	if r.tx == nil {
		return st
	}
	return r.tx.StmtContext(ctx, st)
}

// statement is what both kinds of statements have in common: one of SQLite's, or
// what runs a text on PostgreSQL.
type statement interface {
	QueryContext(ctx context.Context, args ...any) (*sql.Rows, error)
	ExecContext(ctx context.Context, args ...any) (sql.Result, error)
}

// text runs the text of a statement, on the transaction if there is one.
type text struct {
	on interface {
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
		ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	}
	sql string
}

func (t text) QueryContext(ctx context.Context, args ...any) (*sql.Rows, error) {
	return t.on.QueryContext(ctx, t.sql, args...)
}

func (t text) ExecContext(ctx context.Context, args ...any) (sql.Result, error) {
	return t.on.ExecContext(ctx, t.sql, args...)
}

// ready returns st as it is run here, and the context to run it with.
func (r runner) ready(ctx context.Context, st *Statement) (statement, context.Context, error) {
	if r.dialect == migrations.SQLite {
		if r.tx != nil {
			ctx = context.WithoutCancel(ctx) // see wholeTx
		}
		made, err := r.prepare(ctx, st)
		return made, ctx, err
	}
	if r.tx != nil {
		return text{r.tx, st.postgres}, ctx, nil
	}
	return text{r.pool, st.postgres}, ctx, nil
}

// Exec runs a statement for the tenant and returns how many rows it wrote. Nil
// bytes among the arguments are NULL.
func Exec(ctx context.Context, in Tenant, st *Statement, args ...any) (int64, error) {
	all, err := st.bind(in, args)
	if err != nil {
		return 0, err
	}
	if in.h.group == nil {
		return in.h.exec(ctx, st, all)
	}
	var n int64
	err = in.h.group.do(ctx, true, func(h handle) (err error) {
		n, err = h.exec(ctx, st, all)
		return err
	})
	return n, err
}

func (h handle) exec(ctx context.Context, st *Statement, all []any) (int64, error) {
	r, begin := h.run(st), time.Now()
	ctx, cancel := r.bounded(ctx, writePatience)
	defer cancel()
	var res sql.Result
	ready, ctx, err := r.ready(ctx, st)
	if err == nil {
		res, err = ready.ExecContext(ctx, all...)
	}
	r.slow(ctx, st, begin)
	if err != nil {
		return 0, fail(st.doing, err)
	}
	n, err := res.RowsAffected()
	return n, fail(st.doing, err)
}

// QueryRow runs a statement for the tenant and scans the one row that it returns;
// without a row it returns [authmethods.Missing].
func QueryRow(ctx context.Context, in Tenant, st *Statement, args []any, dest ...any) error {
	found := false
	err := Query(ctx, in, st, args, func(scan func(...any) error) error {
		if found {
			return fmt.Errorf("db: %s: more than one row", st.doing)
		}
		found = true
		return scan(dest...)
	})
	if err == nil && !found {
		return authmethods.Missing()
	}
	return err
}

// How long a statement may take outside a transaction where the database is
// elsewhere and may hang: who cannot be served is told so.
const (
	readPatience  = 2 * time.Second
	writePatience = 10 * time.Second
)

// bounded bounds the time of a statement on a database that may hang.
func (r runner) bounded(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if r.dialect == migrations.SQLite || r.tx != nil {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, d)
}

// Query runs a statement for the tenant and calls each with every row that it
// returns; scan fills what it is given from the row. An error of each ends it and
// is returned. each must not run another statement: SQLite may have no second
// connection for it.
func Query(ctx context.Context, in Tenant, st *Statement, args []any, each func(scan func(dest ...any) error) error) error {
	all, err := st.bind(in, args)
	if err != nil {
		return err
	}
	r, begin := in.h.run(st), time.Now()
	ctx, cancel := r.bounded(ctx, readPatience)
	defer cancel()
	var rows *sql.Rows
	ready, ctx, err := r.ready(ctx, st)
	if err == nil {
		rows, err = ready.QueryContext(ctx, all...)
	}
	if err != nil {
		r.slow(ctx, st, begin)
		return fail(st.doing, err)
	}
	scan := func(dest ...any) error { return fail(st.doing, rows.Scan(dest...)) }
	for rows.Next() {
		if err := each(scan); err != nil {
			rows.Close()
			return err
		}
	}
	err = errors.Join(rows.Err(), rows.Close())
	r.slow(ctx, st, begin)
	return fail(st.doing, err)
}

// run returns where a statement goes: whatever writes, even if it returns rows,
// goes to the connection that may.
func (h handle) run(st *Statement) runner {
	if st.reads {
		return h.runRead
	}
	return h.runWrite
}

// bind returns the arguments with the tenant's id before them.
func (st *Statement) bind(in Tenant, args []any) ([]any, error) {
	if in.h == nil {
		panic("db: zero Tenant")
	}
	if len(args) != st.args {
		return nil, fmt.Errorf("db: %s: %d arguments for %d", st.doing, len(args), st.args)
	}
	all := make([]any, 1, len(args)+1)
	all[0] = string(in.id)
	for _, a := range args {
		all = append(all, orNull(a))
	}
	return all, nil
}

// slow logs a statement that took long, as [slowLog] does those of GORM.
func (r runner) slow(ctx context.Context, st *Statement, begin time.Time) {
	if took := time.Since(begin); took > slow && r.log != nil {
		r.log.WarnContext(ctx, "SQL executed", slog.Group("trace",
			slog.String("duration", fmt.Sprintf("%.3fms", float64(took)/1e6)), slog.String("sql", st.text(r.dialect))))
	}
}

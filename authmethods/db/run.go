package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"gorm.io/gorm"

	"latchkey/authmethods"
	"latchkey/migrations"
)

// runner runs statements: on a database, or in a transaction on it.
type runner struct {
	dialect migrations.Dialect
	log     *slog.Logger
	lines   *lines        // that read SQLite; nil in a transaction
	line    *line         // SQLite in a transaction
	pool    *pgxpool.Pool // PostgreSQL
	tx      *sql.Tx       // PostgreSQL in a transaction
}

// inTx reports whether r is a transaction.
func (r runner) inTx() bool { return r.tx != nil || r.line != nil }

// within returns r in the transaction that g is. On SQLite it is there already.
func (r runner) within(g *gorm.DB) runner {
	if r.dialect == migrations.Postgres {
		r.tx = g.Statement.ConnPool.(*sql.Tx)
	}
	return r
}

// query runs a statement that returns rows.
func (r runner) query(ctx context.Context, st *Statement, args []any, each func(scan func(dest ...any) error) error) error {
	switch {
	case r.line != nil:
		return r.line.query(st, args, each)
	case r.lines != nil:
		return r.lines.query(ctx, st, args, each)
	case r.tx != nil:
		rows, err := r.tx.QueryContext(r.seeing(ctx, args[0].(string)), st.postgres, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := each(rows.Scan); err != nil {
				return err
			}
		}
		return errors.Join(rows.Err(), rows.Close())
	}
	return again(func() error {
		return r.alone(ctx, st, args, func(results pgx.BatchResults) error {
			rows, err := results.Query()
			if err != nil {
				return err
			}
			defer rows.Close()
			return eachRow(rows, each)
		})
	})
}

// alone sends a statement together with what it may see, and reads what came of it.
// The first of the arguments is the tenant's id. Both are one transaction, because
// they end with one Sync of the protocol.
func (r runner) alone(ctx context.Context, st *Statement, args []any, read func(pgx.BatchResults) error) error {
	batch := told(args[0])
	batch.Queue(st.postgres, args...)
	results := r.pool.SendBatch(ctx, batch)
	_, err := results.Exec()
	if err == nil {
		err = read(results)
	}
	if closed := results.Close(); err == nil {
		err = closed
	}
	return err
}

// again repeats f once if its statement met a dead connection and was never sent.
func again(f func() error) error {
	err := f()
	if err != nil && pgconn.SafeToRetry(err) {
		err = f()
	}
	return err
}

// eachRow calls each with every row.
func eachRow(rows pgx.Rows, each func(scan func(dest ...any) error) error) error {
	scan := func(dest ...any) error { return scanPg(rows, dest) }
	for rows.Next() {
		if err := each(scan); err != nil {
			return err
		}
	}
	rows.Close()
	return rows.Err()
}

// exec runs a statement and returns how many rows it wrote.
func (r runner) exec(ctx context.Context, st *Statement, args []any) (n int64, err error) {
	switch {
	case r.line != nil:
		return r.line.exec(st, args)
	case r.tx != nil:
		res, err := r.tx.ExecContext(r.seeing(ctx, args[0].(string)), st.postgres, args...)
		if err != nil {
			return 0, err
		}
		return res.RowsAffected()
	}
	err = again(func() error {
		return r.alone(ctx, st, args, func(results pgx.BatchResults) error {
			tag, err := results.Exec()
			n = tag.RowsAffected()
			return err
		})
	})
	return n, err
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
	n, err := r.exec(ctx, st, all)
	r.slow(ctx, st, begin)
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
	if r.dialect == migrations.SQLite || r.inTx() {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, d)
}

// Query runs a statement for the tenant and calls each with every row that it
// returns; scan fills what it is given from the row. An error of each ends it and
// is returned. each must not run another statement: there may be no second
// connection for it.
func Query(ctx context.Context, in Tenant, st *Statement, args []any, each func(scan func(dest ...any) error) error) error {
	all, err := st.bind(in, args)
	if err != nil {
		return err
	}
	if in.h.group != nil && !st.reads {
		return in.h.group.do(ctx, true, func(h handle) error { return h.query(ctx, st, all, each) })
	}
	return in.h.query(ctx, st, all, each)
}

func (h handle) query(ctx context.Context, st *Statement, all []any, each func(scan func(dest ...any) error) error) error {
	r, begin := h.run(st), time.Now()
	ctx, cancel := r.bounded(ctx, readPatience)
	defer cancel()
	var theirs error // an error of each passes unchanged
	err := r.query(ctx, st, all, func(scan func(dest ...any) error) error {
		theirs = each(func(dest ...any) error { return fail(st.doing, scan(dest...)) })
		return theirs
	})
	r.slow(ctx, st, begin)
	if theirs != nil {
		return theirs
	}
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
	for i, a := range args {
		v, err := value(orNull(a))
		if err != nil {
			return nil, fmt.Errorf("db: %s: argument %d: %w", st.doing, i, err)
		}
		all = append(all, v)
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

package db

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/ncruces/go-sqlite3"

	"latchkey/migrations"
)

// Snapshot is everything that the database holds at one moment: what is written
// meanwhile is not in it, and nobody waits for it. A test holds the list of
// files that may take one.
type Snapshot struct {
	Schema  int // the version of the schema
	Dialect migrations.Dialect
	TakenAt time.Time // by the database's clock
	Tables  []Table   // each after those that it refers to
	in      reader
}

// reader reads what a snapshot consists of.
type reader interface {
	query(ctx context.Context, text string, each func(row []any) error) error
}

// TakeSnapshot calls f with a snapshot, which ends with it.
func TakeSnapshot(ctx context.Context, s System, f func(*Snapshot) error) error {
	if pool := s.h.runWrite.pool; pool != nil {
		return pgx.BeginTxFunc(ctx, pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
			// Whoever writes the backup down may be slower than the database.
			_, err := tx.Exec(ctx, "SET LOCAL "+idle+" = 0; SET LOCAL statement_timeout = 0", pgx.QueryExecModeSimpleProtocol)
			if err == nil {
				_, err = tx.Exec(ctx, tellSight, everything)
			}
			if err != nil {
				return fail("beginning a snapshot", err)
			}
			return s.snapshot(ctx, pgReader{tx}, f)
		})
	}
	conn, err := s.h.runRead.lines.pool.Conn(ctx)
	if err != nil {
		return fail("beginning a snapshot", err)
	}
	defer conn.Close()
	raw, err := rawOf(conn)
	if err != nil {
		return fail("beginning a snapshot", err)
	}
	defer raw.SetInterrupt(raw.SetInterrupt(ctx))
	if err := raw.Exec("BEGIN"); err != nil {
		return fail("beginning a snapshot", err)
	}
	return errors.Join(s.snapshot(ctx, liteReader{raw}, f), fail("ending a snapshot", raw.Exec("ROLLBACK")))
}

func (s System) snapshot(ctx context.Context, in reader, f func(*Snapshot) error) error {
	snap := &Snapshot{in: in, Dialect: s.h.runWrite.dialect}
	var err error
	if snap.Tables, err = tables(ctx, in, snap.Dialect); err != nil {
		return err
	}
	err = in.query(ctx, "SELECT COALESCE(MAX(version), 0), "+s.h.now+" FROM schema_version", func(row []any) error {
		version, at := row[0].(int64), row[1].(int64)
		snap.Schema, snap.TakenAt = int(version), Time(at).Time()
		return nil
	})
	if err != nil {
		return fail("reading the schema version", err)
	}
	return f(snap)
}

// Rows calls each with every row of a table, its values in the order of the columns:
// nil, int64, string or []byte. They are good until each returns.
func (s *Snapshot) Rows(ctx context.Context, t Table, each func(row []any) error) error {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = quoted(c.Name)
	}
	var inner error
	err := s.in.query(ctx, "SELECT "+strings.Join(names, ", ")+" FROM "+quoted(t.Name), func(row []any) error {
		inner = each(row)
		return inner
	})
	if inner != nil {
		return inner // the caller's own, unchanged
	}
	return fail("reading the table "+t.Name, err)
}

// Count returns how many rows a table has.
func (s *Snapshot) Count(ctx context.Context, t Table) (n int64, err error) {
	err = s.in.query(ctx, "SELECT count(*) FROM "+quoted(t.Name), func(row []any) error {
		n, _ = row[0].(int64)
		return nil
	})
	return n, fail("counting the rows of "+t.Name, err)
}

// quoted is for names that come from the database's catalogue.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

type pgReader struct{ tx pgx.Tx }

func (r pgReader) query(ctx context.Context, text string, each func(row []any) error) error {
	rows, err := r.tx.Query(ctx, text)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		row, err := rows.Values()
		if err != nil {
			return err
		}
		for i, v := range row {
			if row[i], err = asInLite(v); err != nil {
				return err
			}
		}
		if err := each(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

// asInLite is a value of PostgreSQL as SQLite would have it.
func asInLite(v any) (any, error) {
	switch v := v.(type) {
	case nil, int64, string, []byte:
		return v, nil
	case int32:
		return int64(v), nil
	case bool:
		if v {
			return int64(1), nil
		}
		return int64(0), nil
	}
	return nil, fmt.Errorf("a value of the type %T", v)
}

type liteReader struct{ conn *sqlite3.Conn }

func (r liteReader) query(_ context.Context, text string, each func(row []any) error) error {
	st, _, err := r.conn.Prepare(text)
	if err != nil {
		return err
	}
	defer st.Close()
	row := make([]any, st.ColumnCount())
	for st.Step() {
		for i := range row {
			switch kind := st.ColumnType(i); kind {
			case sqlite3.NULL:
				row[i] = nil
			case sqlite3.INTEGER:
				row[i] = st.ColumnInt64(i)
			case sqlite3.TEXT:
				row[i] = st.ColumnText(i)
			case sqlite3.BLOB:
				row[i] = st.ColumnRawBlob(i)
			default:
				return fmt.Errorf("a value of the type %s", kind)
			}
		}
		if err := each(row); err != nil {
			return err
		}
	}
	return st.Err()
}

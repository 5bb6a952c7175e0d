package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

// openWalled returns database/sql on a pool of PostgreSQL, for GORM. Its
// connections tell the server with each statement whose rows it may see.
func openWalled(pool *pgxpool.Pool) *sql.DB {
	d := sql.OpenDB(walledConnector{stdlib.GetPoolConnector(pool)})
	d.SetMaxIdleConns(0) // idle ones are the pool's
	return d
}

type walledConnector struct{ driver.Connector }

func (c walledConnector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &walledConn{Conn: inner.(*stdlib.Conn)}, nil
}

// walledConn is a connection of the pool. What a statement may see is in its
// context; see [sightKey].
type walledConn struct {
	*stdlib.Conn
	// told is what the server was told in the open transaction; "" if that may no
	// longer hold, as after a return to a savepoint.
	told string
}

// BeginTx implements [driver.ConnBeginTx].
func (c *walledConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	c.told = ""
	return c.Conn.BeginTx(ctx, o)
}

// knows reports whether the server need not be told what the statement of ctx may
// see.
func (c *walledConn) knows(sight string) bool {
	if sight == "" {
		c.told = ""
		return true
	}
	return sight == c.told && c.inTx()
}

func (c *walledConn) inTx() bool { return c.Conn.Conn().PgConn().TxStatus() == 'T' }

// send sends a statement together with what it may see.
func (c *walledConn) send(ctx context.Context, sight, query string, args []driver.NamedValue) (pgx.BatchResults, error) {
	conn := c.Conn.Conn()
	if conn.IsClosed() {
		return nil, driver.ErrBadConn
	}
	inTx := c.inTx()
	values := make([]any, len(args))
	for i, a := range args {
		values[i] = a.Value
	}
	batch := told(sight)
	batch.Queue(query, values...)
	results := conn.SendBatch(ctx, batch)
	if _, err := results.Exec(); err != nil {
		results.Close()
		return nil, unsent(err)
	}
	if inTx {
		c.told = sight
	}
	return results, nil
}

// unsent tells database/sql that it may try again where nothing was sent.
func unsent(err error) error {
	if pgconn.SafeToRetry(err) {
		return driver.ErrBadConn
	}
	return err
}

// ExecContext implements [driver.ExecerContext].
func (c *walledConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	sight := sightOf(ctx)
	if c.knows(sight) {
		return c.Conn.ExecContext(ctx, query, args)
	}
	results, err := c.send(ctx, sight, query, args)
	if err != nil {
		return nil, err
	}
	tag, err := results.Exec()
	if closed := results.Close(); err == nil {
		err = closed // outside a transaction this is where it commits
	}
	return driver.RowsAffected(tag.RowsAffected()), err
}

// QueryContext implements [driver.QueryerContext].
func (c *walledConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	sight := sightOf(ctx)
	if c.knows(sight) {
		return c.Conn.QueryContext(ctx, query, args)
	}
	results, err := c.send(ctx, sight, query, args)
	if err != nil {
		return nil, err
	}
	rows, err := results.Query()
	if err != nil {
		results.Close()
		return nil, err
	}
	// The columns are known with the first row only.
	r := &walledRows{rows: rows, results: results, ahead: true, more: rows.Next()}
	if err := rows.Err(); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// walledRows are the rows of a statement that was sent with what it may see.
type walledRows struct {
	rows        pgx.Rows
	results     pgx.BatchResults
	ahead, more bool // the next row was asked for, and there is one
	columns     []string
}

// Columns implements [driver.Rows].
func (r *walledRows) Columns() []string {
	if r.columns == nil {
		r.columns = make([]string, len(r.rows.FieldDescriptions()))
		for i, f := range r.rows.FieldDescriptions() {
			r.columns[i] = f.Name
		}
	}
	return r.columns
}

// Close implements [driver.Rows].
func (r *walledRows) Close() error {
	r.rows.Close()
	return r.results.Close()
}

// Next implements [driver.Rows].
func (r *walledRows) Next(dest []driver.Value) error {
	if !r.ahead {
		r.more = r.rows.Next()
	}
	r.ahead = false
	if !r.more {
		if err := r.rows.Err(); err != nil {
			return err
		}
		if err := r.Close(); err != nil {
			return err
		}
		return io.EOF
	}
	values, err := r.rows.Values()
	if err != nil {
		return err
	}
	for i, v := range values {
		if dest[i], err = plain(v); err != nil {
			return fmt.Errorf("column %d: %w", i, err)
		}
	}
	return nil
}

// plain returns a value of pgx as one of those that database/sql knows.
func plain(v any) (driver.Value, error) {
	switch v := v.(type) {
	case nil, bool, string, int64, float64, []byte, time.Time:
		return v, nil
	case int32:
		return int64(v), nil
	case int16:
		return int64(v), nil
	case driver.Valuer:
		return v.Value()
	}
	return nil, fmt.Errorf("nothing takes a %T", v)
}

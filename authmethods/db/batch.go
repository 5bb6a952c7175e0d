package db

import (
	"context"
	"database/sql/driver"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"latchkey/migrations"
)

// Step is one statement of a [Batch].
type Step struct {
	st   *Statement
	args []any
	rows *int64
	dest []any
}

// Run is a step that writes; rows, unless it is nil, becomes the number of rows
// that it wrote.
func Run(rows *int64, st *Statement, args ...any) Step { return Step{st: st, args: args, rows: rows} }

// Read is a step that returns one row.
func Read(st *Statement, args []any, dest ...any) Step { return Step{st: st, args: args, dest: dest} }

// Batch runs steps in one transaction, in their order and without a look at what
// came of those before: on PostgreSQL they travel together. If one fails nothing is
// written. A [Read] is to find its row; without it the error is
// [authmethods.Missing], and whether the others wrote is not said.
func Batch(ctx context.Context, in Tenant, steps ...Step) error {
	all := make([][]any, len(steps))
	for i, s := range steps {
		args, err := s.st.bind(in, s.args)
		if err != nil {
			return err
		}
		all[i] = args
	}
	if in.h.runWrite.dialect == migrations.Postgres && in.h.runWrite.tx == nil {
		return in.h.runWrite.send(ctx, steps, all)
	}
	return in.h.tx(ctx, func(h handle) error {
		for _, s := range steps {
			if err := s.run(ctx, Tenant{in.id, &h}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Step) run(ctx context.Context, in Tenant) error {
	if s.dest != nil {
		return QueryRow(ctx, in, s.st, s.args, s.dest...)
	}
	n, err := Exec(ctx, in, s.st, s.args...)
	if s.rows != nil {
		*s.rows = n
	}
	return err
}

// send has the server run the steps. Without a BEGIN they are one transaction,
// because they end with one Sync of the protocol.
func (r runner) send(ctx context.Context, steps []Step, all [][]any) error {
	ctx, cancel := r.bounded(ctx, writePatience)
	defer cancel()
	begin := time.Now()
	conn, err := r.pool.Conn(ctx)
	if err != nil {
		return fail("connecting", err)
	}
	defer conn.Close()
	err = conn.Raw(func(raw any) error {
		var batch pgx.Batch
		for i, s := range steps {
			args, err := plain(all[i])
			if err != nil {
				return err
			}
			batch.Queue(s.st.postgres, args...)
		}
		results := raw.(*stdlib.Conn).Conn().SendBatch(ctx, &batch)
		for i := range steps {
			if err := steps[i].take(results); err != nil {
				results.Close()
				return err
			}
		}
		return fail("committing", results.Close())
	})
	r.slow(ctx, steps[0].st, begin)
	return err
}

// take reads what came of a step.
func (s *Step) take(results pgx.BatchResults) error {
	if s.dest != nil {
		return fail(s.st.doing, results.QueryRow().Scan(s.dest...))
	}
	tag, err := results.Exec()
	if s.rows != nil {
		*s.rows = tag.RowsAffected()
	}
	return fail(s.st.doing, err)
}

// plain turns arguments into what drivers take, as database/sql does by itself.
func plain(args []any) ([]any, error) {
	out := make([]any, len(args))
	for i, a := range args {
		v, err := driver.DefaultParameterConverter.ConvertValue(a)
		if err != nil {
			return nil, fmt.Errorf("db: argument %d: %w", i, err)
		}
		out[i] = v
	}
	return out, nil
}

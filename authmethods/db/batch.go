package db

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"latchkey/authmethods"
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
	if in.h.runWrite.dialect == migrations.Postgres && !in.h.runWrite.inTx() {
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
	batch := told(all[0][0])
	for i, s := range steps {
		batch.Queue(s.st.postgres, all[i]...)
	}
	results := r.pool.SendBatch(ctx, batch)
	_, err := results.Exec()
	err = fail(steps[0].st.doing, err)
	for i := range steps {
		if err != nil {
			break
		}
		err = steps[i].take(results)
	}
	if closed := results.Close(); err == nil {
		err = fail("committing", closed)
	}
	r.slow(ctx, steps[0].st, begin)
	return err
}

// take reads what came of a step.
func (s *Step) take(results pgx.BatchResults) error {
	if s.dest == nil {
		tag, err := results.Exec()
		if s.rows != nil {
			*s.rows = tag.RowsAffected()
		}
		return fail(s.st.doing, err)
	}
	rows, err := results.Query()
	if err != nil {
		return fail(s.st.doing, err)
	}
	found := false
	err = eachRow(rows, func(scan func(dest ...any) error) error {
		found = true
		return scan(s.dest...)
	})
	if err == nil && !found {
		return authmethods.Missing()
	}
	return fail(s.st.doing, err)
}

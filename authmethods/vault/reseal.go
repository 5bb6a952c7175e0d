package vault

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/seal"
)

const (
	// page is how many values are read at once, together how many are written at a
	// time: few, since what people and services wait for comes first.
	page     = 200
	together = 4
)

// value is a sealed value and where it is.
type value struct {
	row, more string
	sealed    []byte
}

// read reads values by one of the statements of a column, in the order of rows.
func read(ctx context.Context, in db.Tenant, st *db.Statement, args ...any) (values []value, err error) {
	err = db.Query(ctx, in, st, args, func(scan func(...any) error) error {
		var v value
		values = append(values, v)
		last := &values[len(values)-1]
		return scan(&last.row, &last.sealed, &last.more)
	})
	return values, err
}

func header(version uint32) []byte { return binary.BigEndian.AppendUint32(nil, version) }

// resealOf seals everything of the tenant anew that is not sealed with its newest data
// key.
func (r *Rotator) resealOf(ctx context.Context, in db.Tenant, p *Progress, tell func(Progress)) error {
	newest, err := newestOf(ctx, in)
	if err != nil || newest == nil {
		return err
	}
	instant, err := db.Now(ctx, r.Sys)
	if err != nil {
		return err
	}
	calm := instant.Sub(newest.CreatedAt.Time()) > settled
	if r.clean[in.ID()] == newest.Version && !calm {
		return nil // looked through already, and not yet time for the last look
	}
	r.Vault.Forget(in.ID())
	sealer, err := r.Vault.Sealer(ctx, in)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	left := 0
	var faults []error
	for i := range sealedColumns {
		n, err := resealColumn(ctx, in, sealer, &sealedColumns[i], func() {
			mu.Lock()
			defer mu.Unlock()
			p.Resealed++
			tell(*p)
		})
		left += n
		faults = append(faults, err)
	}
	p.Left += left
	if err := errors.Join(faults...); err != nil || left > 0 {
		return err
	}
	if r.clean == nil {
		r.clean = map[authmethods.TenantID]uint32{}
	}
	r.clean[in.ID()] = newest.Version
	if !calm {
		return nil
	}
	_, err = db.UpdateIf[dataKeyRow](ctx, in, newest.ID, []db.Set{db.ToFromNow("resealed_at", 0)})
	return err
}

// resealColumn seals the values of a column anew, and returns how many could not be. A
// value that was replaced meanwhile stays as it is: whoever wrote it wins.
func resealColumn(ctx context.Context, in db.Tenant, sealer *seal.Sealer, c *statements, did func()) (left int, err error) {
	var faults []error
	for after := ""; ; {
		values, err := read(ctx, in, c.list, after, header(sealer.Active()), page)
		if err != nil || len(values) == 0 {
			return left, errors.Join(append(faults, err)...)
		}
		after = values[len(values)-1].row
		var group errgroup.Group
		group.SetLimit(together)
		var unopened atomic.Int64
		var first atomic.Pointer[error]
		for _, v := range values {
			group.Go(func() error {
				next, err := resealed(sealer, c.at(v.row, v.more), v.sealed)
				if err != nil {
					unopened.Add(1)
					first.CompareAndSwap(nil, &err)
					return nil
				}
				n, err := db.Exec(ctx, in, c.swap, next, v.row, v.sealed)
				if n == 1 && err == nil {
					did()
				}
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return left, fmt.Errorf("sealing %s.%s anew: %w", c.table, c.name, err)
		}
		if n := int(unopened.Load()); n > 0 {
			left += n
			faults = append(faults, fmt.Errorf("%d values of %s.%s do not open: %w", n, c.table, c.name, *first.Load()))
		}
	}
}

func resealed(sealer *seal.Sealer, at seal.Place, sealed []byte) ([]byte, error) {
	plain, err := sealer.OpenBytes(sealed, at)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	return sealer.SealBytes(plain, at)
}

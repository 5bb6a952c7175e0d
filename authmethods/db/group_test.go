package db_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/test/postgres"
	"latchkey/test/storage"
)

var (
	addReference = db.Prepare(`INSERT INTO taken_references (tenant_id, id, kind, reference, created_at, updated_at)
		VALUES ({tenant}, ?, 'test', ?, {now}, {now})`)
	countReferences = db.Prepare(`SELECT count(*) FROM taken_references r WHERE r.tenant_id = {tenant} AND r.kind = 'test' AND r.id = ?`)
)

// TestTransactionsThatAreCommittedTogetherStayApart has many callers write at the
// same time, some of whom fail, panic or give up.
func TestTransactionsThatAreCommittedTogetherStayApart(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		in := seeded(t, url)
		refused := errors.New("refused")
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		var all sync.WaitGroup
		got := make([]error, 300)
		for i := range got {
			all.Go(func() {
				id := fmt.Sprintf("r%03d", i)
				write := func(ctx context.Context, in db.Tenant) error {
					_, err := db.Exec(ctx, in, addReference, id, id)
					return err
				}
				switch i % 6 {
				case 0: // one statement
					got[i] = write(t.Context(), in)
				case 1: // two, of which the second breaks a rule
					got[i] = db.Tx(t.Context(), in, func(in db.Tenant) error {
						return errors.Join(write(t.Context(), in), write(t.Context(), in))
					})
				case 2: // two, of which the second is regretted
					got[i] = db.Tx(t.Context(), in, func(in db.Tenant) error {
						return errors.Join(write(t.Context(), in), refused)
					})
				case 3: // its caller has left
					got[i] = db.Tx(gone, in, func(in db.Tenant) error { return write(gone, in) })
				case 4: // its caller leaves meanwhile
					ctx, leave := context.WithCancel(t.Context())
					got[i] = db.Tx(ctx, in, func(in db.Tenant) error {
						leave()
						return write(context.WithoutCancel(ctx), in)
					})
				default:
					got[i] = db.Tx(t.Context(), in, func(in db.Tenant) error { return write(t.Context(), in) })
				}
			})
		}
		all.Wait()
		for i, err := range got {
			n := 0
			if e := db.QueryRow(t.Context(), in, countReferences, []any{fmt.Sprintf("r%03d", i)}, &n); e != nil {
				t.Fatal(e)
			}
			if n == 1 != (err == nil) {
				t.Errorf("%d of the kind %d: %d rows, and its caller was told %v", i, i%6, n, err)
			}
			good := i%6 == 0 || i%6 == 5
			if bad := i%6 == 1 || i%6 == 2 || i%6 == 3; good && err != nil || bad && err == nil {
				t.Errorf("%d of the kind %d: %v", i, i%6, err)
			}
			if i%6 == 1 && !errors.Is(err, db.ErrDuplicate) || i%6 == 2 && !errors.Is(err, refused) {
				t.Errorf("%d of the kind %d got another's error: %v", i, i%6, err)
			}
		}
	})
}

func TestAPanicInATransactionHarmsNobodyElse(t *testing.T) {
	in := seeded(t, "sqlite:"+filepath.Join(t.TempDir(), "latchkey.db"))
	var all sync.WaitGroup
	var failed atomic.Int64
	for i := range 50 {
		all.Go(func() {
			err := db.Tx(t.Context(), in, func(in db.Tenant) error {
				_, err := db.Exec(t.Context(), in, addReference, fmt.Sprint("p", i), fmt.Sprint("p", i))
				if i%5 == 0 {
					panic("planned")
				}
				return err
			})
			if err != nil {
				failed.Add(1)
			}
		})
	}
	all.Wait()
	if n := failed.Load(); n != 10 {
		t.Errorf("%d failed, want the ten that panicked", n)
	}
}

// BenchmarkTx commits small transactions of many callers.
func BenchmarkTx(b *testing.B) {
	for name, url := range map[string]func() string{
		"sqlite":   func() string { return "sqlite:" + filepath.Join(b.TempDir(), "latchkey.db") },
		"postgres": func() string { return postgres.URL(b) },
	} {
		b.Run(name, func(b *testing.B) {
			in := seeded(b, url())
			var number atomic.Int64
			b.SetParallelism(32)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					id := fmt.Sprint("b", number.Add(1))
					if err := db.Tx(b.Context(), in, func(in db.Tenant) error {
						_, err := db.Exec(b.Context(), in, addReference, id, id)
						return err
					}); err != nil {
						b.Error(authmethods.KindOf(err), err)
					}
				}
			})
		})
	}
}

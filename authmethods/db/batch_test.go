package db_test

import (
	"errors"
	"testing"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/test/storage"
)

func TestABatchIsWholeOrNotThereAtAll(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		in := seeded(t, url)
		count := func(id string) (n int) {
			t.Helper()
			if err := db.QueryRow(t.Context(), in, countReferences, []any{id}, &n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		var rows int64
		seen := 0
		err := db.Batch(t.Context(), in,
			db.Run(nil, addReference, "one", "one"), db.Run(&rows, addReference, "two", "two"),
			db.Read(countReferences, []any{"one"}, &seen))
		if err != nil || rows != 1 || seen != 1 || count("one")+count("two") != 2 {
			t.Errorf("%d rows, %d seen, %d and %d there, %v", rows, seen, count("one"), count("two"), err)
		}
		err = db.Batch(t.Context(), in, db.Run(nil, addReference, "three", "three"), db.Run(nil, addReference, "one", "one"))
		if !errors.Is(err, db.ErrDuplicate) || count("three") != 0 {
			t.Errorf("with a duplicate: %v, and %d of the first step", err, count("three"))
		}
		var none string
		err = db.Batch(t.Context(), in, db.Run(nil, addReference, "five", "five"), db.Read(readOne, []any{"no such"}, &none, &none, &none, &none, &none, &none, &none))
		if authmethods.KindOf(err) != authmethods.NotFound {
			t.Errorf("with a reading of nothing: %v", err)
		}
		refused := errors.New("refused")
		err = db.Tx(t.Context(), in, func(in db.Tenant) error {
			return errors.Join(db.Batch(t.Context(), in, db.Run(&rows, addReference, "six", "six")), refused)
		})
		if !errors.Is(err, refused) || rows != 1 || count("six") != 0 {
			t.Errorf("within a transaction that is undone: %v, %d rows, %d there", err, rows, count("six"))
		}
	})
}

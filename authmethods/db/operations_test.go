package db_test

import (
	"testing"
	"time"

	"latchkey/authmethods/db"
	"latchkey/test/storage"
)

func TestWhoHasADutyIsTold(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		ctx, sys := t.Context(), db.NewSystem(storage.Open(t, url))
		for duty, holder := range map[string]string{"a": "one", "b": "two"} {
			if have, err := db.Hold(ctx, sys, duty, holder, time.Minute); !have || err != nil {
				t.Fatal(have, err)
			}
		}
		if err := db.Release(ctx, sys, "b", "two"); err != nil {
			t.Fatal(err)
		}
		held, err := db.Duties(ctx, sys)
		if err != nil || len(held) != 1 || held[0].ID != "a" || held[0].Holder != "one" || time.Until(held[0].HeldUntil).Abs() > 2*time.Minute {
			t.Errorf("%+v, %v", held, err)
		}
	})
}

func TestADatabaseKnowsItsSize(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		if n, err := storage.Open(t, url).Size(t.Context()); n < 16<<10 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	})
}

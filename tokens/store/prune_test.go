package store_test

import (
	"testing"
	"time"
)

func TestWhatIsOldIsRemovedAndNoGrantIsTouched(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		connection := w.install(t).Connection
		count := func(table string) string { return string(w.bytes(t, "SELECT count(*) FROM "+table)) }
		for name, want := range map[string]struct {
			after  time.Duration
			tokens string
		}{
			"at once":        {0, "1"},
			"after two days": {48 * time.Hour, "1"},
		} {
			if err := w.Store.Prune(t.Context(), time.Now().Add(want.after)); err != nil {
				t.Fatal(err)
			}
			if got := count("tokens"); got != want.tokens {
				t.Errorf("%s %s tokens are known, want %s", name, got, want.tokens)
			}
		}
		if err := w.Store.Prune(t.Context(), time.Now().Add(365*24*time.Hour)); err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"tokens", "consents", "loans", "captures"} {
			if got := count(table); got != "0" {
				t.Errorf("after a year %s rows of %s are left", got, table)
			}
		}
		if g := load(t, w.slot(t, w.Store)); g.RefreshToken.IsZero() || count("connections") != "1" {
			t.Errorf("the grant of %s went with them", connection)
		}
	})
}

package store_test

import (
	"fmt"
	"testing"
	"time"

	"latchkey/sso"
)

// TestSignInsThatLedToNothingAreCapped
// whoever walks to the provider and back for nothing fills no table.
func TestSignInsThatLedToNothingAreCapped(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		good := w.open(t, back("good"))
		good.Outcome, good.User = sso.SignedIn, marie
		must(t, w.Close(t.Context(), as(acme), good))
		for i := range 20 {
			w.open(t, back(fmt.Sprint("state ", i)))
		}
		must(t, w.CapAt(t.Context(), acme, time.Now().Add(-time.Minute), 5))
		if n := w.count(t, "sign_ins"); n != 21 {
			t.Errorf("%d are left: one went whose state could come back", n)
		}
		must(t, w.CapAt(t.Context(), acme, time.Now().Add(time.Minute), 5))
		if n := w.count(t, "sign_ins"); n != 6 {
			t.Errorf("%d are left, want 5 and the one that signed in", n)
		}
		if found, err := w.Find(t.Context(), as(acme), string(good.ID)); err != nil || found.Outcome != sso.SignedIn {
			t.Errorf("the one that signed in: %+v, %v", found, err)
		}
	})
}

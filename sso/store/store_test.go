package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/sso"
	"latchkey/sso/store"
	"latchkey/test/storage"
)

func TestOfFiftyWhoComeBackWithOneStateOneIsRecorded(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		var won, lost atomic.Int64
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				switch _, err := w.Open(t.Context(), as(acme), back("the state")); {
				case err == nil:
					won.Add(1)
				case errors.Is(err, store.ErrUsed):
					lost.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 || lost.Load() != 49 || w.count(t, "sign_ins") != 1 {
			t.Errorf("%d won, %d lost, %d rows", won.Load(), lost.Load(), w.count(t, "sign_ins"))
		}
		if _, err := w.Open(t.Context(), as(other), back("the state")); err != nil {
			t.Errorf("a state of another tenant: %v", err)
		}
	})
}

func TestWhatBecameOfASignInIsKept(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		opened := w.open(t, back("s"))
		if opened.Outcome != sso.Pending || opened.ReferenceCode == "" || opened.Address != "192.0.2.7" || opened.UserAgent != "Browser" {
			t.Errorf("opened %+v", opened)
		}
		done := opened
		done.Outcome, done.Code, done.User, done.UserName = sso.Refused, authmethods.CodeUserDisabled, marie, "marie"
		done.Subject, done.DataCentre = sso.Subject{Issuer: "https://accounts.zoho.eu", ID: "4711"}, "eu"
		done.Claims = sso.Claims{"email": "marie@acme.fr", "n": json.Number("9007199254740993"), "ok": true}
		done.Trace = []string{"one", "two"}
		must(t, w.Close(t.Context(), as(acme), done))
		for _, ref := range []string{string(opened.ID), opened.ReferenceCode, strings.ToLower(opened.ReferenceCode), strings.ReplaceAll(opened.ReferenceCode, "-", " ")} {
			found, err := w.Find(t.Context(), as(acme), ref)
			must(t, err)
			if found.FinishedAt.IsZero() || found.CreatedAt.IsZero() {
				t.Errorf("by %q: made %v and finished %v", ref, found.CreatedAt, found.FinishedAt)
			}
			want := done
			want.CreatedAt, want.FinishedAt = found.CreatedAt, found.FinishedAt
			if diff := cmp.Diff(want, found); diff != "" {
				t.Errorf("closed (-) and found (+) by %q:\n%s", ref, diff)
			}
		}
	})
}

func TestASignInEndsOnce(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		done := w.open(t, back("s"))
		done.Outcome, done.User = sso.SignedIn, marie
		must(t, w.Close(t.Context(), as(acme), done))
		done.Outcome, done.Code, done.User, done.Claims = sso.Refused, authmethods.CodeInternal, "usr_paul", sso.Claims{"sub": "x"}
		must(t, w.Close(t.Context(), as(acme), done))
		found, err := w.Find(t.Context(), as(acme), string(done.ID))
		must(t, err)
		if found.Outcome != sso.SignedIn || found.Code != "" || found.User != marie || found.Claims != nil {
			t.Errorf("it ended a second time: %+v", found)
		}
	})
}

func TestAnotherTenantKnowsNothingOfASignIn(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		opened := w.open(t, back("s"))
		for _, ref := range []string{string(opened.ID), opened.ReferenceCode} {
			_, err := w.Find(t.Context(), as(other), ref)
			missing(t, err)
		}
		stolen := opened
		stolen.Outcome = sso.SignedIn
		must(t, w.Close(t.Context(), as(other), stolen))
		found, err := w.Find(t.Context(), as(acme), string(opened.ID))
		must(t, err)
		if found.Outcome != sso.Pending {
			t.Errorf("another tenant ended it: %+v", found)
		}
		list, err := w.List(t.Context(), as(other), sso.SignInQuery{Limit: 10})
		if must(t, err); len(list) != 0 {
			t.Errorf("another tenant lists %+v", list)
		}
		for _, ref := range []string{"", "sin_none", "usr_marie", "0000-0000", "%", "7F3K"} {
			_, err := w.Find(t.Context(), as(acme), ref)
			missing(t, err)
		}
		if _, err := w.Open(t.Context(), authmethods.Caller{}, back("x")); err == nil {
			t.Error("nobody's sign-in was recorded")
		}
	})
}

func TestWhatAProviderClaimedIsStoredSealed(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		done := w.open(t, back("the state of the browser"))
		done.Outcome = sso.SignedIn
		done.Claims = sso.Claims{"email": "a.very.private.address@acme.fr", "picture": "https://example.com/a-private-picture"}
		must(t, w.Close(t.Context(), as(acme), done))
		for _, text := range []string{"a.very.private.address", "a-private-picture", "the state of the browser"} {
			if where := storage.FindText(t, w.url, text); where != "" {
				t.Errorf("%q stands in %s", text, where)
			}
		}
		if where := storage.FindText(t, w.url, done.ReferenceCode); where == "" {
			t.Error("what does stand there is not found either")
		}
		// Sealed for one sign-in, opened as another's: the place is part of the seal.
		second := w.open(t, back("another"))
		w.raw(t, fmt.Sprintf("UPDATE sign_ins SET claims = (SELECT claims FROM sign_ins WHERE id = '%s') WHERE id = '%s'", done.ID, second.ID))
		if found, err := w.Find(t.Context(), as(acme), string(second.ID)); err == nil {
			t.Errorf("moved claims were opened: %+v", found.Claims)
		}
	})
}

func TestAReferenceCodeThatIsTakenIsReplaced(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		const taken, free = "AAAA-AAAA", "BBBB-BBBB"
		first, err := store.WithCodes(w.Store, taken).Open(t.Context(), as(acme), back("1"))
		must(t, err)
		second, err := store.WithCodes(w.Store, taken, taken, free).Open(t.Context(), as(acme), back("2"))
		must(t, err)
		if first.ReferenceCode != taken || second.ReferenceCode != free || first.ID == second.ID {
			t.Errorf("%+v and %+v", first, second)
		}
		elsewhere, err := store.WithCodes(w.Store, taken).Open(t.Context(), as(other), back("2"))
		if must(t, err); elsewhere.ReferenceCode != taken {
			t.Errorf("in another tenant: %+v", elsewhere)
		}
		_, err = store.WithCodes(w.Store, taken, free).Open(t.Context(), as(acme), back("1"))
		if !errors.Is(err, store.ErrUsed) {
			t.Errorf("a used state under a code that is taken: %v", err)
		}
		_, err = store.WithCodes(w.Store, taken, taken, taken, taken, taken).Open(t.Context(), as(acme), back("3"))
		if !errors.Is(err, db.ErrDuplicate) || errors.Is(err, store.ErrUsed) {
			t.Errorf("where every code is taken: %v", err)
		}
	})
}

func TestSignInsAreListedTheNewestFirst(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		var all []sso.SignIn
		for i, connector := range []authmethods.ID{zoho, entra, zoho, zoho} {
			from := back(fmt.Sprint(i))
			from.Connector = connector
			for began := time.Now().UnixMilli(); time.Now().UnixMilli() == began; {
				runtime.Gosched() // ids of one millisecond have no order
			}
			one := w.open(t, from)
			one.Outcome, one.Claims = sso.SignedIn, sso.Claims{"sub": "x"}
			if i == 2 {
				one.Outcome, one.Code = sso.Refused, authmethods.CodeNotAssociated
			} else {
				one.User = marie
			}
			must(t, w.Close(t.Context(), as(acme), one))
			all = append(all, one)
		}
		w.raw(t, fmt.Sprintf("UPDATE sign_ins SET created_at = 1000 WHERE id = '%s'", all[0].ID))
		for name, c := range map[string]struct {
			query sso.SignInQuery
			want  []int
		}{
			"all":             {sso.SignInQuery{}, []int{3, 2, 1, 0}},
			"two":             {sso.SignInQuery{Limit: 2}, []int{3, 2}},
			"of a connector":  {sso.SignInQuery{Connector: zoho}, []int{3, 2, 0}},
			"of a user":       {sso.SignInQuery{User: marie}, []int{3, 1, 0}},
			"by outcome":      {sso.SignInQuery{Outcome: sso.Refused}, []int{2}},
			"by code":         {sso.SignInQuery{Code: authmethods.CodeNotAssociated}, []int{2}},
			"before one":      {sso.SignInQuery{Before: all[2].ID}, []int{1, 0}},
			"since an hour":   {sso.SignInQuery{Since: time.Now().Add(-time.Hour)}, []int{3, 2, 1}},
			"all at once":     {sso.SignInQuery{Connector: zoho, User: marie, Outcome: sso.SignedIn, Before: all[3].ID}, []int{0}},
			"what is nowhere": {sso.SignInQuery{User: "usr_paul"}, nil},
		} {
			if c.query.Limit == 0 {
				c.query.Limit = 10
			}
			list, err := w.List(t.Context(), as(acme), c.query)
			must(t, err)
			var got, want []authmethods.ID
			for _, one := range list {
				got = append(got, one.ID)
				if one.Claims != nil {
					t.Errorf("%s: a list has claims", name)
				}
			}
			for _, i := range c.want {
				want = append(want, all[i].ID)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: wanted (-) and listed (+):\n%s", name, diff)
			}
		}
	})
}

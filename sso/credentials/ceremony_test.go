package credentials_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/credentials"
	"latchkey/test/storage"
)

const (
	origin    = "https://acme.example.com:8443"
	elsewhere = "https://other.example.com:8443"
)

func unproved(t testing.TB, err error) {
	t.Helper()
	refused(t, err, authmethods.Unauthenticated, authmethods.CodeIdentityUnproved)
}

// register gives a user a passkey.
func (w *world) register(t testing.TB, u *sso.User, name string) (*authenticator, credentials.Passkey) {
	t.Helper()
	a := newAuthenticator(t, origin)
	c := got(w.BeginRegistration(t.Context(), as(u), u, origin))(t)
	return a, got(w.FinishRegistration(t.Context(), as(u), u, origin, name, c.State, a.create(t, c.Options)))(t)
}

// login signs in with an authenticator.
func (w *world) login(t testing.TB, a *authenticator) (credentials.Signer, error) {
	t.Helper()
	c := got(w.BeginLogin(t.Context(), nobody(), origin))(t)
	return w.FinishLogin(t.Context(), nobody(), origin, home, c.State, a.get(t, c.Options))
}

func TestAPasskeySignsItsOwnerIn(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		a, made := w.register(t, w.marie, " Blue key ")
		b, _ := w.register(t, w.paul, "Telephone")
		if made.Name != "Blue key" || made.ID == "" || made.CreatedAt.IsZero() {
			t.Errorf("made %+v", made)
		}
		for i := range 3 {
			a.counter = uint32(i + 1)
			if s := got(w.login(t, a))(t); s.User != w.marie.ID || s.Passkey != made.ID {
				t.Errorf("signed in as %+v", s)
			}
			if s := got(w.login(t, b))(t); s.User != w.paul.ID { // which never counts
				t.Errorf("signed in as %+v", s)
			}
		}
		keys := got(w.Passkeys(ctx, as(w.marie), w.marie))(t)
		if len(keys) != 1 || keys[0].ID != made.ID || time.Since(keys[0].LastUsedAt).Abs() > time.Minute {
			t.Errorf("the list is %+v", keys)
		}
		if all := w.actions(t); !slices.Equal(all, []string{"passkey.added", "passkey.added"}) {
			t.Errorf("audited: %v", all)
		}
		if where := storage.FindText(t, w.url, `"publicKey"`); where != "" {
			t.Errorf("a credential stands in clear in %s", where)
		}
	})
}

func TestCeremoniesAskForWhatIsNeeded(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		a, _ := w.register(t, w.marie, "Key")
		c := got(w.BeginRegistration(t.Context(), as(w.marie), w.marie, origin))(t)
		o := options(t, c.Options).PublicKey
		if o.RP.ID != "acme.example.com" || o.Selection.ResidentKey != "required" || o.Selection.UserVerification != "required" {
			t.Errorf("registration asks for %+v", o)
		}
		if len(o.Exclude) != 1 || o.Exclude[0].ID != encode(a.id) {
			t.Errorf("it excludes %+v", o.Exclude)
		}
		if handle, err := base64.RawURLEncoding.DecodeString(o.User.ID); err != nil || string(handle) != string(w.marie.ID) {
			t.Errorf("the handle is %q, %v", handle, err)
		}
		l := options(t, got(w.BeginLogin(t.Context(), nobody(), origin))(t).Options).PublicKey
		if l.RPID != "acme.example.com" || l.UserVerification != "required" || l.Challenge == o.Challenge {
			t.Errorf("a sign-in asks for %+v", l)
		}
		_, err := w.BeginLogin(t.Context(), nobody(), "https://127.0.0.1")
		if err == nil {
			t.Error("an address without a name was taken for a party")
		}
	})
}

func TestAnAnswerThatProvesNothingSignsNobodyIn(t *testing.T) {
	for name, lie := range map[string]func(t *testing.T, w *world, a *authenticator){
		"another origin":  func(_ *testing.T, _ *world, a *authenticator) { a.origin = elsewhere },
		"another port":    func(_ *testing.T, _ *world, a *authenticator) { a.origin = "https://acme.example.com" },
		"no TLS":          func(_ *testing.T, _ *world, a *authenticator) { a.origin = "http://acme.example.com:8443" },
		"another party":   func(t *testing.T, _ *world, a *authenticator) { a.party = hostOf(t, elsewhere) },
		"nobody verified": func(_ *testing.T, _ *world, a *authenticator) { a.flags = present },
		"nobody present":  func(_ *testing.T, _ *world, a *authenticator) { a.flags = verified },
		"another key": func(t *testing.T, _ *world, a *authenticator) {
			a.key = got(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
		},
		"another user's handle":       func(_ *testing.T, w *world, a *authenticator) { a.handle = []byte(w.paul.ID) },
		"no handle":                   func(_ *testing.T, _ *world, a *authenticator) { a.handle = nil },
		"a passkey that nobody has":   func(_ *testing.T, _ *world, a *authenticator) { a.id = bytes.Repeat([]byte{7}, 32) },
		"a counter that did not rise": func(_ *testing.T, _ *world, a *authenticator) { a.counter = 5 },
		"a counter that went back":    func(_ *testing.T, _ *world, a *authenticator) { a.counter = 4 },
		"a counter that is gone":      func(_ *testing.T, _ *world, a *authenticator) { a.counter = 0 },
		"a passkey that was taken away": func(t *testing.T, w *world, _ *authenticator) {
			keys := got(w.Passkeys(t.Context(), as(w.marie), w.marie))(t)
			must(t, w.RemovePasskey(t.Context(), as(w.marie), credentials.Target{User: w.marie}, keys[0].ID))
		},
	} {
		t.Run(name, func(t *testing.T) {
			inEach(t, func(t *testing.T, w *world) {
				a, _ := w.register(t, w.marie, "Key")
				a.counter = 5
				got(w.login(t, a))(t)
				a.counter = 6
				lie(t, w, a)
				_, err := w.login(t, a)
				unproved(t, err)
			})
		})
	}
}

func TestACeremonyIsFinishedOnceInTimeAndWhereItBegan(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		a, _ := w.register(t, w.marie, "Key")
		c := got(w.BeginLogin(ctx, nobody(), origin))(t)
		d := got(w.BeginLogin(ctx, nobody(), origin))(t)
		answer := a.get(t, c.Options)
		finish := func(c authmethods.Caller, at string, state, answer []byte) error {
			_, err := w.FinishLogin(ctx, c, at, home, state, answer)
			return err
		}
		unproved(t, finish(nobody(), origin, d.State, answer))
		unproved(t, finish(nobody(), elsewhere, c.State, answer))
		unproved(t, finish(nobody(), origin, []byte("{"), answer))
		unproved(t, finish(nobody(), origin, []byte("{}"), answer))
		unproved(t, finish(nobody(), origin, c.State, []byte("{")))
		unproved(t, finish(authmethods.NewCaller(other, authmethods.Actor{}, nil, ""), origin, c.State, answer))
		unproved(t, finish(nobody(), origin, aged(t, c.State), answer))
		made := got(w.BeginRegistration(ctx, as(w.marie), w.marie, origin))(t)
		unproved(t, finish(nobody(), origin, made.State, a.get(t, made.Options)))
		must(t, finish(nobody(), origin, c.State, answer))
		unproved(t, finish(nobody(), origin, c.State, answer))
	})
}

// aged returns the state of a ceremony that began six minutes earlier.
func aged(t testing.TB, state []byte) []byte {
	t.Helper()
	all := map[string]any{}
	must(t, json.Unmarshal(state, &all))
	until := got(time.Parse(time.RFC3339Nano, all["expires"].(string)))(t)
	if left := time.Until(until); left > credentials.CeremonyLife || left < credentials.CeremonyLife-time.Minute {
		t.Errorf("a ceremony may be finished for %s", left)
	}
	all["expires"] = until.Add(-6 * time.Minute)
	return got(json.Marshal(all))(t)
}

func TestOfManyWithTheSameAnswerOneSignsIn(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		a, _ := w.register(t, w.marie, "Key")
		c := got(w.BeginLogin(t.Context(), nobody(), origin))(t)
		answer := a.get(t, c.Options)
		var all sync.WaitGroup
		var in atomic.Int64
		for range 6 {
			all.Go(func() {
				_, err := w.FinishLogin(t.Context(), nobody(), origin, home, c.State, answer)
				if err == nil {
					in.Add(1)
				} else if authmethods.KindOf(err) != authmethods.Unauthenticated {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if in.Load() != 1 {
			t.Errorf("%d signed in", in.Load())
		}
	})
}

func TestAnAnswerThatProvesNothingMakesNoPasskey(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		for name, lie := range map[string]func(a *authenticator){
			"another origin":  func(a *authenticator) { a.origin = elsewhere },
			"another party":   func(a *authenticator) { a.party = "other.example.com" },
			"nobody verified": func(a *authenticator) { a.flags = present },
		} {
			t.Run(name, func(t *testing.T) {
				a := newAuthenticator(t, origin)
				lie(a)
				c := got(w.BeginRegistration(ctx, as(w.marie), w.marie, origin))(t)
				_, err := w.FinishRegistration(ctx, as(w.marie), w.marie, origin, "Key", c.State, a.create(t, c.Options))
				unproved(t, err)
			})
		}
		a := newAuthenticator(t, origin)
		c := got(w.BeginRegistration(ctx, as(w.marie), w.marie, origin))(t)
		answer := a.create(t, c.Options)
		_, err := w.BeginRegistration(ctx, admin(), w.marie, origin)
		refused(t, err, authmethods.Forbidden, authmethods.CodeForbidden)
		_, err = w.FinishRegistration(ctx, admin(), w.marie, origin, "Key", c.State, answer)
		refused(t, err, authmethods.Forbidden, authmethods.CodeForbidden)
		_, err = w.FinishRegistration(ctx, as(w.paul), w.paul, origin, "Key", c.State, answer)
		unproved(t, err)
		_, err = w.FinishRegistration(ctx, as(w.marie), w.marie, origin, "", c.State, answer)
		refused(t, err, authmethods.Invalid, authmethods.CodeInvalidRequest)
		got(w.FinishRegistration(ctx, as(w.marie), w.marie, origin, "Key", c.State, answer))(t)
		_, err = w.FinishRegistration(ctx, as(w.marie), w.marie, origin, "Key", c.State, answer)
		unproved(t, err)
		// The same credential for somebody else.
		d := got(w.BeginRegistration(ctx, as(w.paul), w.paul, origin))(t)
		_, err = w.FinishRegistration(ctx, as(w.paul), w.paul, origin, "Key", d.State, a.create(t, d.Options))
		unproved(t, err)
		if keys := got(w.Passkeys(ctx, admin(), w.paul))(t); len(keys) != 0 {
			t.Errorf("Paul has %+v", keys)
		}
	})
}

func TestPasskeysAreRenamedAndRemovedByWhoMay(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		_, key := w.register(t, w.marie, "Key")
		of := credentials.Target{User: w.marie, Rights: authmethods.Rights{authmethods.ViewAudit}}
		must(t, w.RenamePasskey(ctx, as(w.marie), w.marie, key.ID, "Green key"))
		refused(t, w.RenamePasskey(ctx, admin(), w.marie, key.ID, "Mine"), authmethods.Forbidden, authmethods.CodeForbidden)
		outOfDate(t, w.RenamePasskey(ctx, as(w.paul), w.paul, key.ID, "Mine"))
		outOfDate(t, w.RemovePasskey(ctx, as(w.paul), credentials.Target{User: w.paul}, key.ID))
		refused(t, w.RemovePasskey(ctx, as(w.paul), of, key.ID), authmethods.Forbidden, authmethods.CodeForbidden)
		refused(t, w.RemovePasskey(ctx, with("usr_h", authmethods.ModifyUsers), of, key.ID), authmethods.Forbidden, authmethods.CodeForbidden)
		_, err := w.Passkeys(ctx, as(w.paul), w.marie)
		refused(t, err, authmethods.Forbidden, authmethods.CodeForbidden)
		if keys := got(w.Passkeys(ctx, admin(), w.marie))(t); len(keys) != 1 || keys[0].Name != "Green key" {
			t.Errorf("the list is %+v", keys)
		}
		_, before := w.people(t, w.marie.ID)
		must(t, w.RemovePasskey(ctx, admin(), of, key.ID))
		if _, after := w.people(t, w.marie.ID); after != before+1 {
			t.Error("the sessions did not end")
		}
		outOfDate(t, w.RemovePasskey(ctx, admin(), of, key.ID))
		if all := w.actions(t); !slices.Equal(all, []string{"passkey.removed", "passkey.renamed", "passkey.added"}) {
			t.Errorf("audited: %v", all)
		}
	})
}

func TestAPersonHasTwentyPasskeysAtMost(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		for range 19 {
			w.register(t, w.marie, "Key")
		}
		c := got(w.BeginRegistration(t.Context(), as(w.marie), w.marie, origin))(t)
		w.register(t, w.marie, "Key")
		_, err := w.FinishRegistration(t.Context(), as(w.marie), w.marie, origin, "Key", c.State, newAuthenticator(t, origin).create(t, c.Options))
		refused(t, err, authmethods.Conflict, authmethods.CodeLimitReached)
		_, err = w.BeginRegistration(t.Context(), as(w.marie), w.marie, origin)
		refused(t, err, authmethods.Conflict, authmethods.CodeLimitReached)
	})
}

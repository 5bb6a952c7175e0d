package signin_test

import (
	"testing"

	"latchkey/authmethods"
	methods "latchkey/authmethods/store"
	"latchkey/crypto/secret"
	"latchkey/sso"
	"latchkey/sso/signin"
)

// People who are at the provider while its client secret changes come back and are signed
// in; the next secret takes over with the first of them.
func TestSignInsGoThroughAChangeOfTheSecret(t *testing.T) {
	w := newWorld(t)
	in, err := w.Methods.For(w.Admin)
	must(t, err)
	before, earlier := w.begin(signin.BeginOptions{})
	_, err = in.ChangeMethod(t.Context(), "zoho-desk", 0, methods.MethodChange{NextSecret: secret.New("the-next-secret-k7q2")})
	must(t, err)
	after, later := w.begin(signin.BeginOptions{})
	client := w.Seed.Server
	client.Secret = "the-next-secret-k7q2"
	must(t, w.Zoho.AddClient(client))
	for _, each := range []func() (signin.Result, error){
		func() (signin.Result, error) { return w.come(before.State, earlier) },
		func() (signin.Result, error) { return w.come(after.State, later) },
	} {
		r, err := each()
		must(t, err)
		ends(t, r, sso.SignedIn, "")
		m, err := in.Method(t.Context(), "zoho-desk")
		must(t, err)
		if m.NextSecret.Set || m.Secret.Last4 != "k7q2" {
			t.Errorf("%+v counts, and %+v waits", m.Secret, m.NextSecret)
		}
	}
	events, err := in.History(t.Context(), "zoho-desk", 0, 10)
	must(t, err)
	if e := events[0]; e.Action != "method.secret_promoted" || e.Actor.Kind != authmethods.ActorJob {
		t.Errorf("the last event is %s by %+v", e.Action, e.Actor)
	}
	begun, q := w.begin(signin.BeginOptions{})
	_, err = in.ChangeMethod(t.Context(), "zoho-desk", 0, methods.MethodChange{ClientSecret: secret.New("typed-anew")})
	must(t, err)
	r, err := w.come(begun.State, q)
	must(t, err)
	ends(t, r, sso.Refused, authmethods.CodeSignInOutOfDate)
}

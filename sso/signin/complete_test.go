package signin_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/sso/signin"
	"latchkey/zohosim"
)

func TestAStateThatDoesNotFitIsRefusedBeforeAnythingIsDone(t *testing.T) {
	w := newWorld(t)
	begun, q := w.begin(signin.BeginOptions{})
	for name, change := range map[string]func(*signin.State, url.Values){
		"ten minutes old":         func(s *signin.State, _ url.Values) { s.BeganAt = time.Now().Add(-signin.Lifetime) },
		"from the future":         func(s *signin.State, _ url.Values) { s.BeganAt = time.Now().Add(2 * time.Minute) },
		"of no time":              func(s *signin.State, _ url.Values) { s.BeganAt = time.Time{} },
		"of another sign-in":      func(s *signin.State, _ url.Values) { s.State = secret.New("another") },
		"an empty one":            func(s *signin.State, q url.Values) { s.State = secret.Text{}; q.Set("state", "") },
		"a prefix":                func(_ *signin.State, q url.Values) { q.Set("state", q.Get("state")[:20]) },
		"in capitals":             func(_ *signin.State, q url.Values) { q.Set("state", strings.ToUpper(q.Get("state"))) },
		"of a connector not here": func(s *signin.State, _ url.Values) { s.Connector = "con_none" },
	} {
		state, given := begun.State, url.Values{}
		for n, v := range q {
			given[n] = append([]string{}, v...)
		}
		change(&state, given)
		if _, err := w.come(state, given); code(err) != authmethods.CodeSignInOutOfDate {
			t.Errorf("%s: %v", name, err)
		}
	}
	if list, err := w.signing.List(t.Context(), w.Admin, sso.SignInQuery{Limit: 10}); err != nil || len(list) != 0 || w.provider.sent != 0 {
		t.Errorf("%d attempts were recorded, %d codes sent: %v", len(list), w.provider.sent, err)
	}
	begun.State.BeganAt = time.Now().Add(-signin.Lifetime + time.Minute)
	r, err := w.come(begun.State, q)
	must(t, err)
	ends(t, r, sso.SignedIn, "")
	if r.User.ID != w.user.ID || r.Identity == "" || r.Provider != "Zoho Desk" || r.ProviderSession == "" {
		t.Errorf("%+v", r)
	}
	if _, err := w.come(begun.State, q); code(err) != authmethods.CodeSignInOutOfDate {
		t.Errorf("a second time: %v", err)
	}
}

// What a browser keeps of a sign-in comes back as it was.
func TestAStateSurvivesTheBrowser(t *testing.T) {
	w := newWorld(t)
	begun, q := w.begin(signin.BeginOptions{ReturnTo: "/account"})
	var kept []byte
	must(t, begun.State.Keep(func(v any) (err error) {
		kept, err = json.Marshal(v)
		return err
	}))
	state, err := signin.OpenState(func(into any) error { return json.Unmarshal(kept, into) })
	must(t, err)
	r, err := w.come(state, q)
	must(t, err)
	ends(t, r, sso.SignedIn, "")
	if r.ReturnTo != "/account" || len(kept) > 600 {
		t.Errorf("on to %q; %d bytes are kept", r.ReturnTo, len(kept))
	}
	if _, err := json.Marshal(begun.State); err == nil {
		t.Error("a state is written out by accident")
	}
}

// R-05, where a provider promises to name itself (RFC 9207).
func TestAProviderThatPromisesToNameItselfMust(t *testing.T) {
	for name, c := range map[string]struct {
		iss  string
		want authmethods.Code
	}{
		"not named": {"", authmethods.CodeAccountsServerRefused}, "another": {"https://accounts.evil.example", authmethods.CodeAccountsServerRefused},
		"itself": {"own", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.provider.change = func(p *catalog.Provider) { p.NamesIssuer = true }
			begun, q := w.begin(signin.BeginOptions{})
			if q.Set("iss", c.iss); c.iss == "own" {
				q.Set("iss", q.Get("accounts-server"))
			}
			r, err := w.come(begun.State, q)
			must(t, err)
			if c.want == "" {
				ends(t, r, sso.SignedIn, "")
				return
			}
			ends(t, r, sso.Refused, c.want)
			if w.provider.sent != 0 {
				t.Error("the code was sent")
			}
		})
	}
}

// Even who has the code of somebody with its verifier gets nowhere: the ID token
// repeats the nonce of another browser.
func TestAnIDTokenOfAnotherBrowserIsRefusedByItsNonce(t *testing.T) {
	w := newWorld(t)
	victim, stolen := w.begin(signin.BeginOptions{})
	thief, q := w.begin(signin.BeginOptions{})
	w.provider.exchange = func(code, verifier *secret.Text) {
		*code, *verifier = secret.New(stolen.Get("code")), victim.State.CodeVerifier
	}
	r, err := w.come(thief.State, q)
	must(t, err)
	ends(t, r, sso.Refused, authmethods.CodeIdentityUnproved)
	if !strings.Contains(strings.Join(r.SignIn.Trace, "\n"), "its nonce is not the one that was sent") {
		t.Error(r.SignIn.Trace)
	}
}

func TestACodeIsSentWithTheVerifierOfItsBrowser(t *testing.T) {
	w := newWorld(t)
	w.provider.exchange = func(_, verifier *secret.Text) { *verifier = secret.New(strings.Repeat("v", 43)) }
	r := w.whole()
	ends(t, r, sso.Refused, authmethods.CodeSignInOutOfDate)
	w.provider.exchange = nil
	ends(t, w.whole(), sso.SignedIn, "")
}

// a provider that changes its keys locks nobody out for longer than the pause.
func TestKeysMayChangeBetweenTwoSignIns(t *testing.T) {
	w := newWorld(t)
	ends(t, w.whole(), sso.SignedIn, "")
	w.Zoho.RotateKeys("eu")
	ends(t, w.whole(), sso.Refused, authmethods.CodeIdentityUnproved) // asked a moment ago
	w.clock = 31 * time.Second
	ends(t, w.whole(), sso.SignedIn, "")
	w.Zoho.RotateKeys("eu")
	w.clock = 62 * time.Second
	w.Zoho.Switch(func(s *zohosim.Switches) { s.ClockSkewSeconds = 62 })
	ends(t, w.whole(), sso.SignedIn, "")
}

func TestATestJudgesAndSignsNobodyIn(t *testing.T) {
	w := newWorld(t)
	if _, err := w.signing.Begin(t.Context(), w.Browser, "zoho", signin.BeginOptions{Test: true}); code(err) != authmethods.CodeForbidden {
		t.Errorf("a test without the right: %v", err)
	}
	_, _, err := w.people().ChangeConnector(t.Context(), "zoho", 0, directory.ConnectorChange{Disabled: ptr(true)})
	must(t, err)
	if _, err := w.signing.Begin(t.Context(), w.Browser, "zoho", signin.BeginOptions{}); code(err) != authmethods.CodeConnectorDisabled {
		t.Errorf("a closed door: %v", err)
	}
	begun, q := w.begin(signin.BeginOptions{Test: true})
	r, err := w.come(begun.State, q)
	must(t, err)
	ends(t, r, sso.Tried, "")
	if r.SignIn.User != w.user.ID || r.Identity != "" {
		t.Errorf("%+v", r)
	}
	u, err := w.people().User(t.Context(), string(w.user.ID))
	if must(t, err); len(u.Identities) != 0 || !u.LastSeenAt.IsZero() {
		t.Errorf("the test left a mark: %+v", u)
	}
}

// The log of sign-ins is for those who may see connectors.
func TestTheLogOfSignInsNeedsARight(t *testing.T) {
	w := newWorld(t)
	made := w.whole().SignIn
	for name, do := range map[string]func(authmethods.Caller) error{
		"find": func(c authmethods.Caller) error {
			_, err := w.signing.Find(t.Context(), c, string(made.ID))
			return err
		},
		"list": func(c authmethods.Caller) error {
			_, err := w.signing.List(t.Context(), c, sso.SignInQuery{Limit: 1})
			return err
		},
		"funnel": func(c authmethods.Caller) error {
			_, err := w.signing.Funnel(t.Context(), c, w.connector.ID, time.Now())
			return err
		},
		"try": func(c authmethods.Caller) error {
			_, err := w.signing.Try(t.Context(), c, "zoho", signin.TryRequest{})
			return err
		},
		"dry run": func(c authmethods.Caller) error {
			_, err := w.signing.DryRun(t.Context(), c, "zoho", signin.DryRunRequest{})
			return err
		},
	} {
		if err := do(w.Browser); code(err) != authmethods.CodeForbidden {
			t.Errorf("%s without the right: %v", name, err)
		}
		if err := do(w.Admin); err != nil {
			t.Errorf("%s with it: %v", name, err)
		}
	}
	other := w.NewTenant(t, "globex")
	there := authmethods.NewCaller(other.ID, authmethods.Actor{Kind: authmethods.ActorPerson, Name: "test"}, authmethods.AdminRights, "")
	if _, err := w.signing.Find(t.Context(), there, string(made.ID)); authmethods.KindOf(err) != authmethods.NotFound {
		t.Errorf("from another tenant: %v", err)
	}
}

func TestZohoOffersNoWayToEndItsOwnSession(t *testing.T) {
	w := newWorld(t)
	if to, err := w.signing.LogoutURL(t.Context(), w.Browser, w.connector.ID, "https://acme.latchkey.test/login"); to != "" || err != nil {
		t.Errorf("%q %v", to, err)
	}
	w.provider.change = func(p *catalog.Provider) { p.EndSessionEndpoint = "https://accounts.example/end?x=1" }
	to, err := w.signing.LogoutURL(t.Context(), w.Browser, w.connector.ID, "https://acme.latchkey.test/login?notice=signed-out")
	must(t, err)
	u, err := url.Parse(to)
	must(t, err)
	q := u.Query()
	if u.Host != "accounts.example" || q.Get("x") != "1" || q.Get("client_id") != w.Seed.Server.ID || q.Get("id_token_hint") != "" ||
		q.Get("post_logout_redirect_uri") != "https://acme.latchkey.test/login?notice=signed-out" {
		t.Error(to)
	}
}

func ptr[T any](v T) *T { return &v }

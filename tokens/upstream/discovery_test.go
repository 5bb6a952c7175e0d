package upstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
)

const (
	openIDPlace = "/.well-known/openid-configuration"
	oauthPlace  = "/.well-known/oauth-authorization-server"
)

// issuer starts a server whose metadata is at the given places, with changes.
func issuer(t testing.TB, change func(origin string, doc map[string]any), places ...string) *provider {
	t.Helper()
	var p *provider
	p = serve(t, func(w http.ResponseWriter, r *http.Request) {
		for _, place := range places {
			if r.URL.Path == place {
				doc := document(p.URL)
				change(p.URL, doc)
				_ = json.NewEncoder(w).Encode(doc)
				return
			}
		}
		http.NotFound(w, r)
	})
	return p
}

func asIs(string, map[string]any) {}

func document(origin string) map[string]any {
	return map[string]any{
		"issuer":                           origin,
		"authorization_endpoint":           origin + "/authorize",
		"token_endpoint":                   origin + "/token",
		"revocation_endpoint":              origin + "/revoke",
		"userinfo_endpoint":                origin + "/userinfo",
		"end_session_endpoint":             origin + "/logout",
		"jwks_uri":                         origin + "/keys",
		"code_challenge_methods_supported": []string{"plain", "S256"},
		"authorization_response_iss_parameter_supported": true,
	}
}

func TestDiscoverReadsMetadata(t *testing.T) {
	p := issuer(t, asIs, openIDPlace)
	got, err := newClient(t).Discover(t.Context(), p.URL)
	if err != nil {
		t.Fatal(err)
	}
	want := Metadata{
		Issuer: p.URL, AuthorizationEndpoint: p.URL + "/authorize", TokenEndpoint: p.URL + "/token",
		RevocationEndpoint: p.URL + "/revoke", UserinfoEndpoint: p.URL + "/userinfo", EndSessionEndpoint: p.URL + "/logout",
		JWKSURI: p.URL + "/keys", CodeChallengeMethods: []string{"plain", "S256"}, NamesIssuer: true,
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Metadata{}, "FetchedAt")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDiscoverKnowsBothPlaces(t *testing.T) {
	for _, test := range []struct{ name, path, place string }{
		{"OpenID Connect", "", openIDPlace},
		{"OpenID Connect below a path", "/realms/a", "/realms/a" + openIDPlace},
		{"an issuer that ends in a slash", "/", openIDPlace},
		{"RFC 8414", "", oauthPlace},
		{"RFC 8414 with the path behind", "/realms/a", oauthPlace + "/realms/a"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := issuer(t, func(origin string, doc map[string]any) { doc["issuer"] = origin + test.path }, test.place)
			if m, err := newClient(t).Discover(t.Context(), p.URL+test.path); err != nil || m.Issuer != p.URL+test.path {
				t.Errorf("%+v, %v", m, err)
			}
		})
	}
}

//
func TestMetadataThatMustNotBeUsed(t *testing.T) {
	set := func(name string, value any) func(string, map[string]any) {
		return func(_ string, doc map[string]any) { doc[name] = value }
	}
	for _, test := range []struct {
		name, detail string
		change       func(string, map[string]any)
	}{
		{"another issuer", "another issuer", set("issuer", "https://evil.example")},
		{"an issuer with a slash more", "another issuer", func(o string, doc map[string]any) { doc["issuer"] = o + "/" }},
		{"no issuer", "another issuer", set("issuer", nil)},
		{"an issuer by a name in capitals only", "another issuer", func(o string, doc map[string]any) { delete(doc, "issuer"); doc["ISSUER"] = o }},
		{"no token endpoint", "no token_endpoint", set("token_endpoint", nil)},
		{"a token endpoint by http on the internet", "token_endpoint", set("token_endpoint", "http://8.8.8.8/token")},
		{"a relative endpoint", "revocation_endpoint", set("revocation_endpoint", "/revoke")},
		{"an endpoint with a password", "userinfo_endpoint", set("userinfo_endpoint", "https://u:CANARY@idp.example/")},
		{"an endpoint that is a script", "end_session_endpoint", set("end_session_endpoint", "javascript:CANARY")},
		{"keys that are not an address", "jwks_uri", set("jwks_uri", 7)},
		{"an endpoint with a fragment", "authorization_endpoint", set("authorization_endpoint", "https://idp.example/#CANARY")},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := newClient(t).Discover(t.Context(), issuer(t, test.change, openIDPlace).URL)
			var unusable *MetadataError
			if f := failureOf(t, err); !errors.As(err, &unusable) || !strings.Contains(unusable.Detail, test.detail) || f.Code != authmethods.CodeUnexpectedReply {
				t.Errorf("%v, %+v", err, f)
			}
		})
	}
}

func TestDiscoveryThatFails(t *testing.T) {
	for _, test := range []struct {
		name     string
		handler  http.HandlerFunc
		code     authmethods.Code
		requests int
	}{
		{"a page everywhere", reply(200, "text/html", "<html>"+plantedAnswer), authmethods.CodeUnexpectedReply, 2},
		{"nothing anywhere", http.NotFound, authmethods.CodeUnexpectedReply, 2},
		{"a redirect", http.RedirectHandler("/elsewhere", http.StatusFound).ServeHTTP, authmethods.CodeUnexpectedReply, 2},
		{"a server that is down", reply(503, "text/html", ""), authmethods.CodeProviderDown, 1},
		{"no answer", raw(""), authmethods.CodeProviderDown, 1},
		{"a list", reply(200, "application/json", "[]"), authmethods.CodeUnexpectedReply, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := serve(t, test.handler)
			_, err := newClient(t).Discover(t.Context(), p.URL)
			if f := failureOf(t, err); f.Code != test.code || len(p.all()) != test.requests {
				t.Errorf("%v, %+v after %d requests", err, f, len(p.all()))
			}
		})
	}
	for _, wrong := range []string{"", "idp.example", "http://8.8.8.8", "https://idp.example/?CANARY=1", "https://u:CANARY@idp.example", "https://idp.example#CANARY"} {
		_, err := newClient(t).Discover(t.Context(), wrong)
		var unusable *MetadataError
		if failureOf(t, err); !errors.As(err, &unusable) {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

func TestMetadataIsRemembered(t *testing.T) {
	var down atomic.Bool
	var good *provider
	good = serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if down.Load() {
			w.WriteHeader(503)
			return
		}
		_ = json.NewEncoder(w).Encode(document(good.URL))
	})
	c := newClient(t)
	now := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	c.now = func() time.Time { return now }
	for _, step := range []struct {
		name     string
		passes   time.Duration
		down     bool
		requests int // in all
		works    bool
	}{
		{"the first asks", 0, false, 1, true},
		{"the second does not", 0, false, 1, true},
		{"nor does one within the hour", 59 * time.Minute, false, 1, true},
		{"after the hour it is asked again", 2 * time.Minute, false, 2, true},
		{"what was known holds while the server is down", 2 * time.Hour, true, 3, true},
		{"and the server is left alone for a minute", 30 * time.Second, true, 3, true},
		{"and asked again after it", time.Minute, true, 4, true},
		{"but not for more than a day", 23 * time.Hour, true, 5, false},
		{"until it is back", 0, false, 6, true},
	} {
		now = now.Add(step.passes)
		down.Store(step.down)
		_, err := c.Discover(t.Context(), good.URL)
		if n := len(good.all()); (err == nil) != step.works || n != step.requests {
			t.Fatalf("%s: %v after %d requests, want %d", step.name, err, n, step.requests)
		}
	}
}

func TestWhoAsksAtOnceAsksTogether(t *testing.T) {
	reached, release := make(chan struct{}, 9), make(chan struct{})
	var p *provider
	p = serve(t, func(w http.ResponseWriter, _ *http.Request) {
		reached <- struct{}{}
		<-release
		_ = json.NewEncoder(w).Encode(document(p.URL))
	})
	c := newClient(t)
	impatient, leave := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		if _, err := c.Discover(impatient, p.URL); !errors.Is(err, context.Canceled) {
			t.Errorf("who left got %v", err)
		}
	})
	<-reached
	leave()
	for range 20 {
		all.Go(func() {
			if _, err := c.Discover(t.Context(), p.URL); err != nil {
				t.Error(err)
			}
		})
	}
	close(release)
	all.Wait()
	if n := len(p.all()); n != 1 {
		t.Errorf("%d requests, want one", n)
	}
}

func TestMemoryForIssuersIsBounded(t *testing.T) {
	d := discoveries{entries: map[string]discovery{}}
	start := time.Unix(1795255200, 0)
	for i := range maxIssuers + 10 {
		now := start.Add(time.Duration(i) * time.Second)
		_, _ = d.settle(fmt.Sprint(i), Metadata{FetchedAt: now}, nil, now)
	}
	_, oldest := d.find("0", start)
	_, newest := d.find(fmt.Sprint(maxIssuers+9), start)
	if len(d.entries) != maxIssuers || oldest || !newest {
		t.Errorf("%d remembered, the oldest %v, the newest %v", len(d.entries), oldest, newest)
	}
}

func TestCompleteFillsWhatIsMissing(t *testing.T) {
	p := issuer(t, func(_ string, doc map[string]any) {
		doc["id_token_signing_alg_values_supported"] = []string{"RS256", "ES256"}
	}, openIDPlace)
	c := newClient(t)
	given := catalog.Provider{Discover: true, Issuer: p.URL, UserinfoEndpoint: "https://own.example/userinfo"}
	got, err := c.Complete(t.Context(), given)
	want := given
	want.AuthorizationEndpoint, want.TokenEndpoint = p.URL+"/authorize", p.URL+"/token"
	want.RevocationEndpoint, want.JWKSURI = p.URL+"/revoke", p.URL+"/keys"
	want.EndSessionEndpoint, want.NamesIssuer = p.URL+"/logout", true
	want.IDTokens.Algorithms = []string{"RS256", "ES256"}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(catalog.Provider{})); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	still := catalog.Provider{Issuer: p.URL}
	if got, err := c.Complete(t.Context(), still); err != nil || !cmp.Equal(got, still, cmpopts.IgnoreUnexported(catalog.Provider{})) || len(p.all()) != 1 {
		t.Errorf("a provider with endpoints of its own became %+v, %v", got, err)
	}
}

func TestSendDiscoversTheTokenEndpoint(t *testing.T) {
	var p *provider
	var down atomic.Bool
	p = serve(t, func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			w.WriteHeader(503)
			return
		}
		if r.URL.Path == "/token" {
			io.WriteString(w, granted)
			return
		}
		_ = json.NewEncoder(w).Encode(document(p.URL))
	})
	r := refresh("")
	r.Provider.Discover, r.Provider.Issuer = true, p.URL
	c := newClient(t)
	if answer, err := c.Send(t.Context(), r); err != nil || answer.Body.Reveal() != granted {
		t.Errorf("%+v, %v", answer, err)
	}
	down.Store(true)
	_, err := newClient(t).Send(t.Context(), r)
	if f := failureOf(t, err); f.Unanswered || f.Code != authmethods.CodeProviderDown {
		t.Errorf("without discovery: %+v", f)
	}
	if err := c.Revoke(t.Context(), r.Registration, secret.New("x"), secret.Text{}); failureOf(t, err).Status != 503 {
		t.Errorf("the discovered revocation endpoint was not asked: %v", err)
	}
}

func FuzzReadMetadata(f *testing.F) {
	for _, change := range []func(map[string]any){
		func(map[string]any) {},
		func(d map[string]any) { d["token_endpoint"] = "http://8.8.8.8" },
		func(d map[string]any) { d["jwks_uri"] = []int{1} },
	} {
		doc := document("https://idp.example")
		change(doc)
		text, err := json.Marshal(doc)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	c := New(Options{})
	f.Fuzz(func(t *testing.T, text []byte) {
		body, err := decode(text)
		if err != nil {
			return
		}
		m, wrong := c.readMetadata(body, "https://idp.example")
		if wrong != "" {
			return
		}
		if m.Issuer != "https://idp.example" || c.checkAddress(m.TokenEndpoint) != nil {
			t.Errorf("accepted %+v", m)
		}
		for _, address := range []string{m.AuthorizationEndpoint, m.RevocationEndpoint, m.UserinfoEndpoint, m.EndSessionEndpoint, m.JWKSURI} {
			if address != "" && !strings.HasPrefix(address, "https://") {
				t.Errorf("accepted the endpoint %q", address)
			}
		}
	})
}

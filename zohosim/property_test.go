package zohosim_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"latchkey/zohosim"
)

// local is a simulator driven without a network.
type local struct {
	*zohosim.Sim
	t    rapid.TB
	seed zohosim.DemoSeed
}

func newLocal(t rapid.TB, sw zohosim.Switches) local {
	sim := zohosim.New(zohosim.Config{BaseURL: "http://sim.test", Clock: zohosim.NewClock(start), Switches: sw})
	seed, err := zohosim.Demo(sim, redirectURI)
	if err != nil {
		t.Fatal(err)
	}
	return local{sim, t, seed}
}

func (l local) serve(method, target string, values url.Values, bearer string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	w := httptest.NewRecorder()
	l.ServeHTTP(w, r)
	return w
}

func field(raw, name string) string {
	_, rest, _ := strings.Cut(raw, `"`+name+`":"`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

func (l local) selfToken(pairs ...string) string {
	values := form(append([]string{"client_id", l.seed.Self.ID, "client_secret", l.seed.Self.Secret}, pairs...)...)
	return l.serve(http.MethodPost, "http://sim.test/accounts.zoho.eu/oauth/v2/token", values, "").Body.String()
}

// The oracle, the cap and the API must agree whatever a client does.
func TestTheOracleAgreesWithDesk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 4).Draw(t, "limit")
		l := newLocal(t, zohosim.Switches{
			RotateRefreshTokens: rapid.Bool().Draw(t, "rotate"), RotationKillsAccess: rapid.Bool().Draw(t, "kill"),
			Limits: zohosim.Limits{AccessTokensPerRefreshToken: limit, RefreshesPerWindow: -1}})
		code, err := l.SelfClientCode(zohosim.SelfClientRequest{Client: l.seed.Self.ID, Scope: "Desk.tickets.READ"})
		if err != nil {
			t.Fatal(err)
		}
		raw := l.selfToken("grant_type", "authorization_code", "code", code)
		refresh, access := []string{field(raw, "refresh_token")}, []string{field(raw, "access_token")}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0:
				l.Clock().Advance(time.Duration(rapid.IntRange(1, 40).Draw(t, "minutes")) * time.Minute)
			case 1: // an old refresh token comes back
				l.selfToken("grant_type", "refresh_token", "refresh_token", rapid.SampledFrom(refresh).Draw(t, "old"))
			default:
				raw := l.selfToken("grant_type", "refresh_token", "refresh_token", refresh[len(refresh)-1])
				if token := field(raw, "access_token"); token != "" {
					access = append(access, token)
				}
				if token := field(raw, "refresh_token"); token != "" {
					refresh = append(refresh, token)
				}
			}
		}
		live := 0
		for _, token := range access {
			status := l.serve(http.MethodGet, "http://sim.test/desk.zoho.eu/api/v1/tickets", nil, token).Code
			v := l.Token(token)
			if v.Valid != (status == http.StatusOK) {
				t.Fatalf("the oracle says %+v, Desk %d", v, status)
			}
			if v.Valid != (v.Reason == "") {
				t.Fatalf("%+v", v)
			}
			if v.Valid {
				live++
			}
		}
		if live > limit {
			t.Fatalf("%d access tokens live, limit %d", live, limit)
		}
	})
}

func FuzzRequests(f *testing.F) {
	f.Add("GET", "accounts.zoho.com/oauth/v2/auth", "client_id=x&scope=a,b")
	f.Add("POST", "accounts.zoho.eu/oauth/v2/token", "grant_type=refresh_token&refresh_token=1")
	f.Add("GET", "desk.zoho.com/api/v1/tickets/1/2", "from=-1&limit=x")
	f.Add("GET", "www.zohoapis.com/crm/v8/", "")
	f.Add("POST", "accounts.zoho.com/oauth/v3/device/token", "code=")
	f.Add("GET", "accounts.zoho.com/oauth/v2/consent", "flow=1")
	f.Add("POST", "_sim/faults", "")
	f.Fuzz(func(t *testing.T, method, path, query string) {
		u := &url.URL{Scheme: "http", Host: "sim.test", Path: "/" + path, RawQuery: query}
		r, err := http.NewRequestWithContext(t.Context(), method, u.String(), strings.NewReader(""))
		if err != nil {
			t.Skip()
		}
		w := httptest.NewRecorder()
		newLocal(t, zohosim.Switches{}).ServeHTTP(w, r)
		if w.Code < 200 || w.Code > 599 {
			t.Errorf("status %d", w.Code)
		}
	})
}

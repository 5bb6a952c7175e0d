package zohosim_test

import (
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/zohosim"
)

const redirectURI = "https://broker.test/callback"

var start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// zoho is a running simulator with the demo seed and a clock that stands still.
type zoho struct {
	*zohosim.Server
	t    *testing.T
	seed zohosim.DemoSeed
}

func begin(t *testing.T, sw zohosim.Switches) *zoho {
	t.Helper()
	server, err := zohosim.Start(t.Context(), zohosim.Config{Clock: zohosim.NewClock(start), Switches: sw}, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	seed, err := zohosim.Demo(server.Sim, redirectURI)
	if err != nil {
		t.Fatal(err)
	}
	return &zoho{server, t, seed}
}

func (z *zoho) at(dc string) zohosim.DataCentre {
	z.t.Helper()
	found, ok := z.DataCentre(dc)
	if !ok {
		z.t.Fatalf("no data centre %s", dc)
	}
	return found
}

// authorizeURL is an offline request with forced consent at the us data centre, changed by pairs.
func (z *zoho) authorizeURL(pairs ...string) string {
	q := url.Values{"response_type": {"code"}, "client_id": {z.seed.Server.ID}, "redirect_uri": {redirectURI},
		"scope": {"Desk.tickets.READ,Desk.basic.READ"}, "access_type": {"offline"}, "prompt": {"consent"}, "state": {"st"}}
	for i := 0; i < len(pairs); i += 2 {
		q.Del(pairs[i])
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return z.at("us").Accounts + "/oauth/v2/auth?" + q.Encode()
}

func (z *zoho) approve(user string, pairs ...string) url.Values {
	z.t.Helper()
	return z.walk(zohosim.Approval{User: user}, pairs...)
}

func (z *zoho) walk(a zohosim.Approval, pairs ...string) url.Values {
	z.t.Helper()
	callback, err := zohosim.Approve(nil, z.authorizeURL(pairs...), a)
	if err != nil {
		z.t.Fatal(err)
	}
	u, err := url.Parse(callback)
	if err != nil {
		z.t.Fatal(err)
	}
	return u.Query()
}

type body map[string]any

func (b body) text(name string) string {
	s, _ := b[name].(string)
	return s
}

type answer struct {
	status int
	header http.Header
	raw    string
	body   body
}

func read(t *testing.T, resp *http.Response, err error) answer {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, raw: string(raw)}
	_ = json.Unmarshal(raw, &a.body) // HTML answers have no body of this kind
	return a
}

func form(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

func (z *zoho) post(target string, pairs ...string) answer {
	z.t.Helper()
	resp, err := http.PostForm(target, form(pairs...))
	return read(z.t, resp, err)
}

func (z *zoho) token(dc string, pairs ...string) answer {
	z.t.Helper()
	base := []string{"client_id", z.seed.Server.ID, "client_secret", z.seed.Server.Secret}
	return z.post(z.at(dc).Accounts+"/oauth/v2/token", append(base, pairs...)...)
}

func (z *zoho) exchange(callback url.Values, pairs ...string) answer {
	z.t.Helper()
	return z.token(callback.Get("location"), append([]string{"grant_type", "authorization_code",
		"code", callback.Get("code"), "redirect_uri", redirectURI}, pairs...)...)
}

func (z *zoho) refresh(dc, token string) answer {
	z.t.Helper()
	return z.token(dc, "grant_type", "refresh_token", "refresh_token", token)
}

// connect makes a whole connection and returns its tokens.
func (z *zoho) connect(user string, pairs ...string) body {
	z.t.Helper()
	a := z.exchange(z.approve(user, pairs...))
	if a.body.text("access_token") == "" {
		z.t.Fatalf("no access token: %s", a.raw)
	}
	return a.body
}

func (z *zoho) get(target, token string, headers ...string) answer {
	z.t.Helper()
	req, err := http.NewRequestWithContext(z.t.Context(), http.MethodGet, target, nil)
	if err != nil {
		z.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Zoho-oauthtoken "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	return read(z.t, resp, err)
}

func (z *zoho) wantError(a answer, code string) {
	z.t.Helper()
	if a.body.text("error") != code {
		z.t.Errorf("got status %d %s, want error %s", a.status, a.raw, code)
	}
}

func multipartBody(t *testing.T, values url.Values) (string, io.Reader) {
	t.Helper()
	var b strings.Builder
	w := multipart.NewWriter(&b)
	for name := range values {
		if err := w.WriteField(name, values.Get(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), strings.NewReader(b.String())
}

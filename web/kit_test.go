package web_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/store"
	"latchkey/test/broker"
	"latchkey/web"
	"latchkey/web/route"
)

const (
	origin       = "https://acme.latchkey.test"
	internalBase = "http://127.0.0.1:8081"
)

// stack is a whole server on a real database and a simulated provider. Every
// answer that passes through it is held against api.yaml.
type stack struct {
	*broker.Broker
	t        testing.TB
	public   http.Handler
	internal http.Handler
	contract *contract
	deps     web.Deps
	logs     *lockedBuffer
	admin    string // key of an administrator of acme
	borrower string // key of a service that may borrow zoho-desk in production
	url      string // of the database
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newStack(t testing.TB, change ...func(*web.Deps)) *stack {
	t.Helper()
	url := "sqlite:" + filepath.Join(t.TempDir(), "latchkey.db")
	d, err := db.Open(t.Context(), db.Options{URL: url})
	must(t, err)
	t.Cleanup(func() { must(t, d.Close()) })
	s := &stack{Broker: broker.New(t, d, nil), t: t, contract: newContract(t), logs: &lockedBuffer{}, url: url}
	s.deps = web.Deps{
		Services: s.Auth, Tenants: s.Tenants, Store: s.Methods, Consents: s.Consents, Lender: s.Lender, Ledger: s.Grants, Catalog: s.Catalog,
		Directory: s.Directory, Sessions: s.Sessions, Credentials: s.Credentials, SignIn: s.SignIn, Frozen: s.Frozen,
		Metrics: prometheus.NewRegistry(), PublicURL: broker.PublicURL, InternalURL: internalBase,
		Log: slog.New(slog.NewJSONHandler(s.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, c := range change {
		c(&s.deps)
	}
	s.public, s.internal = web.New(s.deps)
	s.admin = s.key(s.Admin, store.NewService{Name: "administrator", Admin: true})
	s.borrower = s.key(s.Admin, store.NewService{Name: "call-pop", Permits: []authmethods.Permit{{Method: "zoho-desk", Environment: "production"}}})
	return s
}

// key makes a service with a key.
func (s *stack) key(c authmethods.Caller, n store.NewService) string {
	s.t.Helper()
	tenant, err := s.Methods.For(c)
	must(s.t, err)
	service, err := tenant.CreateService(s.t.Context(), n)
	must(s.t, err)
	issued, err := tenant.IssueKey(s.t.Context(), string(service.ID), "first", time.Time{})
	must(s.t, err)
	return issued.Shown.Reveal()
}

// adminOf is a caller with all rights in a tenant.
func adminOf(tenant authmethods.TenantID) authmethods.Caller {
	return authmethods.NewCaller(tenant, authmethods.Actor{Kind: authmethods.ActorPerson, Name: "test"}, authmethods.AdminRights, "req_test")
}

// reply is an answer that was read.
type reply struct {
	t      testing.TB
	Status int
	Header http.Header
	Body   string
}

// json decodes the answer.
func (r reply) json() map[string]any {
	r.t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(r.Body), &m); err != nil {
		r.t.Fatalf("no JSON: %v\n%s", err, r.Body)
	}
	return m
}

func (r reply) text(name string) string {
	r.t.Helper()
	s, _ := r.json()[name].(string)
	return s
}

// want fails the test unless the answer has the status and, if given, the code.
func (r reply) want(status int, code ...string) reply {
	r.t.Helper()
	if r.Status != status {
		r.t.Fatalf("status %d, want %d\n%s", r.Status, status, r.Body)
	}
	if len(code) == 1 {
		if got := r.text("code"); got != code[0] {
			r.t.Fatalf("code %q, want %q\n%s", got, code[0], r.Body)
		}
	}
	return r
}

// request makes a request; body may be nil, a string, url.Values or anything that
// encodes as JSON. headers come in pairs.
func request(t testing.TB, method, address, key string, body any, headers ...string) *http.Request {
	t.Helper()
	var content io.Reader
	media := ""
	switch b := body.(type) {
	case nil:
	case string:
		content, media = strings.NewReader(b), "application/json"
	case url.Values:
		content, media = strings.NewReader(b.Encode()), "application/x-www-form-urlencoded"
	default:
		encoded, err := json.Marshal(b)
		must(t, err)
		content, media = bytes.NewReader(encoded), "application/json"
	}
	r := httptest.NewRequestWithContext(t.Context(), method, address, content)
	r.RequestURI = ""
	if media != "" {
		r.Header.Set("Content-Type", media)
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

// send passes a request through a listener and holds the answer against the
// contract.
func (s *stack) send(l route.Listener, r *http.Request) reply {
	s.t.Helper()
	var sent []byte
	if r.Body != nil {
		var err error
		sent, err = io.ReadAll(r.Body)
		must(s.t, err)
		r.Body = io.NopCloser(bytes.NewReader(sent))
	}
	w := httptest.NewRecorder()
	h := s.public
	if l == route.Internal {
		h = s.internal
	}
	h.ServeHTTP(w, r)
	s.contract.check(s.t, l, r, w)
	answered := reply{s.t, w.Code, w.Header(), w.Body.String()}
	s.witness(l, r, sent, answered)
	return answered
}

// api calls the administration API as acme's administrator.
func (s *stack) api(method, path string, body any, headers ...string) reply {
	s.t.Helper()
	return s.send(route.Public, request(s.t, method, origin+"/api/v1"+path, s.admin, body, headers...))
}

// program calls the internal API with the borrower's key.
func (s *stack) program(method, path string, body any, headers ...string) reply {
	s.t.Helper()
	return s.send(route.Internal, request(s.t, method, internalBase+path, s.borrower, body, headers...))
}

// browser is a browser at the public listener: it keeps cookies and follows no
// redirect.
type browser struct {
	s   *stack
	jar http.CookieJar
}

func (s *stack) browser() *browser {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	must(s.t, err)
	return &browser{s, jar}
}

func (b *browser) send(method, address string, body any, headers ...string) reply {
	b.s.t.Helper()
	r := request(b.s.t, method, address, "", body, append([]string{"Accept", "text/html,application/xhtml+xml"}, headers...)...)
	if method != http.MethodGet {
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Origin", origin)
	}
	for _, c := range b.jar.Cookies(r.URL) {
		r.AddCookie(c)
	}
	w := b.s.send(route.Public, r)
	b.jar.SetCookies(r.URL, (&http.Response{Header: w.Header}).Cookies())
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

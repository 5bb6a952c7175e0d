package web_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/test/storage"
	"latchkey/web"
	"latchkey/web/route"
)

// limited is a stack whose addresses may send sixty requests a minute: twelve of them
// may begin a sign-in, six may come back or be wrong.
func limited(t *testing.T, change ...func(*web.Deps)) *stack {
	return newStack(t, append(change, func(d *web.Deps) { d.AddressLimit = 60 })...)
}

// from sends a request from an address.
func (s *stack) from(address string, l route.Listener, r *http.Request) reply {
	s.t.Helper()
	r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(address), 40000).String()
	return s.send(l, r)
}

// until sends requests until one is refused, and returns how many were not.
func until(t *testing.T, most int, send func(i int) reply) int {
	t.Helper()
	for i := range most {
		if got := send(i); got.Status == http.StatusTooManyRequests {
			if got.Header.Get("Retry-After") == "" {
				t.Error("429 without Retry-After")
			}
			return i
		}
	}
	return most
}

// TestWhatNeedsNoProofIsLimitedByAddress walks the route table: a new route is limited
// unless it says that it need not be.
func TestWhatNeedsNoProofIsLimitedByAddress(t *testing.T) {
	s := limited(t)
	want := map[route.Limit]int{route.Usual: 60, route.SignIn: 12, route.Callback: 6}
	free := []string{"getLiveness", "getStaticFile", "getDescription", "showComponents", "getSession"}
	walked := 0
	for i, r := range web.Table(web.Deps{}) {
		if r.Listeners&route.Public == 0 || !slices.Contains([]authmethods.Right{route.Open, route.Ticket, route.Browser}, r.Right) {
			continue
		}
		most, ok := want[r.Limit]
		if !ok {
			if !slices.Contains(free, r.Operation) {
				t.Errorf("%s is not limited, and nothing says why", r.Operation)
			}
			continue
		}
		walked++
		if r.Method != http.MethodGet && r.Limit == route.Usual {
			continue // signing out, which is for whoever may
		}
		address := fmt.Sprintf("198.51.100.%d", i%250+1)
		n := until(t, most+1, func(int) reply {
			target := origin + strings.NewReplacer(":reference", "nothing", ":secret", "x", ":ref", "x", ":id", "nothing", ":a", "x", ":b", "y").Replace(r.Path)
			asked, w := request(t, r.Method, target, "", nil, "Accept", "text/html"), newAnswer()
			asked.RemoteAddr = address + ":40000"
			s.public.ServeHTTP(w, asked) // not held against api.yaml: not all is in it
			return reply{t: t, Status: w.status, Header: w.header}
		})
		if n > most {
			t.Errorf("%s: %d requests of one address were let through, want %d at most", r.Operation, n, most)
		}
	}
	if walked < 20 {
		t.Errorf("only %d routes are limited", walked)
	}
}

func TestAnAddressIsRefusedInWordsAndOthersAreNot(t *testing.T) {
	s := limited(t)
	person := s.signedIn(t, "root", "workspace-admin")
	login := func(address, language string) reply {
		return s.from(address, route.Public, request(t, "GET", origin+"/login", "", nil, "Accept", "text/html", "Accept-Language", language))
	}
	if n := until(t, 100, func(int) reply { return login("192.0.2.1", "en") }); n != 60 {
		t.Fatalf("%d requests were let through, want 60", n)
	}
	for language, words := range map[string]string{"en": "Too many requests", "fr": "Trop de requêtes"} {
		if got := login("192.0.2.1", language).want(429); !strings.Contains(got.Body, words) {
			t.Errorf("in %s the page does not say %q", language, words)
		}
	}
	login("192.0.2.2", "en").want(200)
	login("2001:db8::1", "en").want(200)
	// Who has proved who they are is served, also behind the same address.
	s.from("192.0.2.1", route.Public, request(t, "GET", origin+"/api/v1/auth-methods", s.admin, nil)).want(200)
	s.from("192.0.2.1", route.Public, request(t, "GET", origin+"/api/v1/auth-methods", "", nil, "Cookie", person.cookie)).want(200)
	s.from("192.0.2.1", route.Public, request(t, "GET", origin+"/livez", "", nil)).want(200)
}

func TestWhoeverForwardsTheirOwnAddressIsLimitedByTheirRealOne(t *testing.T) {
	for name, c := range map[string]struct {
		trusted []netip.Prefix
		want    int
	}{
		"no proxy is trusted": {nil, 60},
		"the sender is":       {[]netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, 100},
	} {
		t.Run(name, func(t *testing.T) {
			s := limited(t, func(d *web.Deps) { d.TrustedProxies = c.trusted })
			n := until(t, 100, func(i int) reply {
				r := request(t, "GET", origin+"/login", "", nil, "Accept", "text/html", "X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i+1))
				return s.from("192.0.2.1", route.Public, r)
			})
			if n != c.want {
				t.Errorf("%d requests were let through, want %d", n, c.want)
			}
		})
	}
}

// TestWrongKeysAreLimitedBeforeTheyAreLookedUp
// keys cannot be guessed at, and who guesses shuts nobody out.
func TestWrongKeysAreLimitedBeforeTheyAreLookedUp(t *testing.T) {
	s := limited(t)
	for _, c := range []struct {
		listener route.Listener
		good     *http.Request
		bad      func() *http.Request
	}{
		{route.Public, request(t, "GET", origin+"/api/v1/auth-methods", s.admin, nil), func() *http.Request {
			return request(t, "GET", origin+"/api/v1/auth-methods", s.admin+"x", nil)
		}},
		{route.Internal, request(t, "GET", internalBase+"/internal/v1/connections", s.borrower, nil), func() *http.Request {
			return request(t, "GET", internalBase+"/internal/v1/connections", s.borrower+"x", nil)
		}},
		{route.Public, request(t, "GET", origin+"/api/v1/auth-methods", s.admin, nil), func() *http.Request {
			return request(t, "GET", "https://"+"nobody-at-all.latchkey.test/login", "", nil)
		}},
	} {
		address := fmt.Sprintf("192.0.2.%d", c.listener+10)
		if c.bad().Host != c.good.Host {
			address = "192.0.2.99"
		}
		s.from(address, c.listener, c.good.Clone(t.Context())).want(200)
		if n := until(t, 20, func(int) reply { return s.from(address, c.listener, c.bad()) }); n != 6 {
			t.Errorf("%s: %d wrong ones were looked up, want 6", c.bad().URL, n)
		}
		s.from(address, c.listener, c.good.Clone(t.Context())).want(200)
	}
}

func TestSomebodyWithAKeyIsLimitedTooButLoansAreNot(t *testing.T) {
	s := limited(t)
	if n := until(t, 100, func(int) reply { return s.api("GET", "/auth-methods", nil) }); n != 60 {
		t.Errorf("%d calls of one key were let through, want 60", n)
	}
	for range 100 {
		s.program("POST", "/internal/v1/tokens", map[string]any{"method": "nothing"}).want(404)
	}
}

// TestAHundredThousandAnonymousStartsLeaveNoRows
// a sign-in that began is in the browser and nowhere else.
func TestAHundredThousandAnonymousStartsLeaveNoRows(t *testing.T) {
	s := newStack(t, func(d *web.Deps) { d.AddressLimit = 3000 })
	s.connect()
	s.connector(t, "zoho")
	pool := storage.Raw(t, s.url)
	tables, err := storage.Tables(t.Context(), pool, storage.DialectOf(s.url))
	must(t, err)
	rows := func() string {
		var all []string
		for _, table := range slices.Sorted(maps.Keys(tables)) {
			var n int
			must(t, pool.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
			all = append(all, fmt.Sprint(table, " ", n))
		}
		return strings.Join(all, ", ")
	}
	s.browser().send("GET", origin+"/api/sso/login/zoho", nil).want(http.StatusSeeOther) // makes the tenant's key for such cookies
	before, begun, refused := rows(), 0, 0
	started := time.Now()
	for i := range 100_000 {
		r := request(t, "GET", origin+"/api/sso/login/zoho", "", nil, "Accept", "text/html")
		r.RemoteAddr = fmt.Sprintf("192.0.2.%d:4000", i%10+1)
		w := newAnswer()
		s.public.ServeHTTP(w, r)
		switch w.status {
		case http.StatusSeeOther:
			begun++
		case http.StatusTooManyRequests:
			refused++
		default:
			t.Fatalf("status %d", w.status)
		}
	}
	if after := rows(); after != before {
		t.Errorf("before: %s\nafter: %s", before, after)
	}
	if begun < 10*600 || refused == 0 {
		t.Errorf("%d began and %d were refused", begun, refused)
	}
	t.Logf("%d began, %d were refused, in %s", begun, refused, time.Since(started))
}

// answer keeps the status of an answer and nothing more.
type answer struct {
	header http.Header
	status int
}

func newAnswer() *answer { return &answer{header: http.Header{}} }

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(b []byte) (int, error) { return len(b), nil }

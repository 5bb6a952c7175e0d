package web

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/authmethods/catalog"
	"latchkey/authmethods/store"
	"latchkey/sso/credentials"
	"latchkey/sso/directory"
	"latchkey/sso/mail"
	"latchkey/sso/session"
	"latchkey/sso/signin"
	"latchkey/tokens"
	"latchkey/tokens/consent"
	"latchkey/web/admin/system"
	"latchkey/web/api"
	"latchkey/web/live"
	"latchkey/web/route"
)

// Deps are what the handlers work with. All are needed but Operations, Ready and Metrics.
type Deps struct {
	Services *store.Authenticator
	Tenants  *store.Tenants
	Store    *store.Store
	Consents *consent.Service
	Lender   *tokens.Lender
	Ledger   api.Ledger
	Catalog  *catalog.Catalog
	// People, and how they sign in.
	Directory   *directory.Directory
	Sessions    *session.Sessions
	Credentials *credentials.Credentials
	SignIn      *signin.Service
	Mail        *mail.Sender // nil: there is none, and links are shown to whoever makes them
	// Operations tells operators of the installation; nil: there are no pages of it.
	Operations system.Operations
	// Frozen tells people what is stopped; nil: nothing ever is.
	Frozen *store.Frozen
	// Patience is how long an answer waits for all servers to heed a freeze; 0: 20 s.
	Patience time.Duration
	// Live tells open pages what changed; nil: a new one, which hears of nothing.
	Live *live.Hub
	// Ready says what the server needs to work and whether it has it; nil: nothing.
	Ready func(context.Context) []Check
	// Refused is told of what was refused to whom; nil: nobody is.
	Refused func(authmethods.Caller, audit.Refusal)
	// Metrics is where requests are counted, and what /metrics shows; nil: a new
	// one.
	Metrics   *prometheus.Registry
	PublicURL authmethods.PublicURL
	// InternalURL is where services of this machine reach the internal listener,
	// http://HOST:PORT or unix:PATH: pages show it to developers.
	InternalURL string
	// Showcase serves the page of all components, for who works on pages.
	Showcase bool
	// AddressLimit is how many requests a minute one address may send without proof of
	// who sends them; 0: any number.
	AddressLimit int
	// TrustedProxies are those whose X-Forwarded-For is believed; none: nobody's.
	TrustedProxies []netip.Prefix
	Log            *slog.Logger

	limits *limits // of both listeners together
}

// server is one listener's handler while it is put together.
type server struct {
	Deps
	listener route.Listener
	counted  *metrics
	hosts    hosts
	headers  []header
	gate     func(*route.Call) error // that every request passes first
	pages    map[string]bool         // paths whose faults are pages
	quiet    map[string]bool         // paths whose successes are not for the ordinary log
	crossing *http.CrossOriginProtection
}

// New returns the handlers of the two listeners. It panics if the route table is
// not well formed, which a test has found out before.
func New(d Deps) (public, internal http.Handler) {
	if d.Metrics == nil {
		d.Metrics = prometheus.NewRegistry()
	}
	d.limits = newLimits(d.AddressLimit)
	if d.Live == nil {
		d.Live = live.New()
	}
	d.Patience = cmp.Or(d.Patience, 20*time.Second)
	counted := newMetrics(d.Metrics)
	table := d.table(counted)
	if err := table.Check(); err != nil {
		panic(err)
	}
	return d.handler(route.Public, table, counted), d.handler(route.Internal, table, counted)
}

// Table returns everything that is served, for those who loop over it. Its
// handlers work only as far as their parts of d are given.
func Table(d Deps) route.Table {
	d.limits = newLimits(0)
	return d.table(newMetrics(prometheus.NewRegistry()))
}

func (d Deps) handler(l route.Listener, table route.Table, counted *metrics) http.Handler {
	s := &server{
		Deps: d, listener: l, counted: counted, hosts: newHosts(d.PublicURL), pages: map[string]bool{}, quiet: map[string]bool{},
		headers:  headersFor(d.PublicURL.Secure() && l == route.Public),
		crossing: http.NewCrossOriginProtection(),
	}
	e := echo.New()
	e.HideBanner = true
	e.IPExtractor = clientAddress(d.TrustedProxies)
	e.HTTPErrorHandler = func(error, echo.Context) {} // watch has answered already
	s.gate = s.onlyPrograms
	if l == route.Public {
		s.gate = s.onlyTenants
	}
	e.Use(s.watch)
	for _, r := range table {
		if r.Listeners&l == 0 {
			continue
		}
		s.pages[r.Path] = s.pages[r.Path] || r.Page
		s.quiet[r.Path] = s.quiet[r.Path] || r.Quiet
		e.Add(r.Method, r.Path, s.serve(r))
		if r.Method == http.MethodGet {
			e.Add(http.MethodHead, r.Path, s.serve(r))
		}
	}
	return e
}

// serve carries a request through the gates of a route to its handler.
func (s *server) serve(r route.Route) echo.HandlerFunc {
	return func(ec echo.Context) error {
		c := ec.(*route.Call) // which watch made
		if slices.ContainsFunc(c.ParamValues(), unnamable) {
			return authmethods.Missing()
		}
		limitBody(c, r.MaxBody)
		if err := s.admit(c, r); err != nil {
			return err
		}
		if r.Limit == route.Session {
			return s.guessSession(c, func() error { return answered(c, r.Handle(c)) })
		}
		return r.Handle(c)
	}
}

// unnamable reports a part of a path that can name nothing here: no database and no
// log is to meet it.
func unnamable(s string) bool {
	return !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl)
}

// clientAddress finds the address that the log names.
func clientAddress(trusted []netip.Prefix) echo.IPExtractor {
	if len(trusted) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range trusted {
		p = p.Masked()
		options = append(options, echo.TrustIPRange(&net.IPNet{
			IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen()),
		}))
	}
	return echo.ExtractIPFromXFFHeader(options...)
}

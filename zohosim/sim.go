package zohosim

import (
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
)

// Config is what a simulator starts with. The zero Config works.
type Config struct {
	// BaseURL is where the simulator is reached, such as http://127.0.0.1:9090. Every host is a
	// path below it: http://127.0.0.1:9090/accounts.zoho.eu/oauth/v2/auth.
	BaseURL string
	// Clock is the simulator's time; nil follows the machine.
	Clock *Clock
	// VirtualHosts also answers by Host header and announces hosts under their own names, on the
	// scheme and port of BaseURL.
	VirtualHosts bool
	Switches     Switches
	// ExtraScopes are accepted besides the ones Zoho Desk and CRM are known to have.
	ExtraScopes []string
	// EventCapacity bounds the event log; 0 is 100000.
	EventCapacity int
}

// Sim is a simulated Zoho, an http.Handler safe for concurrent use.
type Sim struct {
	clock       *Clock
	virtual     bool
	base        atomic.Pointer[string]
	dcs         []*centre
	hosts       map[string]host
	scopes      map[string][]string
	extraScopes scopes
	routes      map[route]func(*call)
	templates   *template.Template
	control     http.Handler
	log         *eventLog
	faults      faultQueue
	overlap     overlaps

	mu        sync.Mutex // guards everything below
	sw        Switches
	nextZUID  int
	nextID    int
	users     []*User
	clients   map[string]*Client
	orgs      map[string]*orgState
	flows     *bounded[*flow]
	codes     *bounded[*grantCode]
	grants    *bounded[*grant]
	refresh   *bounded[*refreshToken]
	access    *bounded[*accessToken]
	enhance   *bounded[*enhancement]
	devices   *bounded[*device]
	windows   *bounded[*window]
	consented *bounded[bool]
	keys      map[string][]*signingKey
}

// New returns a simulator with no users and no clients.
func New(cfg Config) *Sim {
	s := &Sim{
		clock: cfg.Clock, virtual: cfg.VirtualHosts, dcs: centres(), scopes: knownScopes(),
		extraScopes: cfg.ExtraScopes, sw: cfg.Switches, nextZUID: 600100200, nextID: 100000,
		log: newEventLog(or(cfg.EventCapacity, 100_000)), overlap: overlaps{peak: newBounded[int](100_000)},
		clients: map[string]*Client{}, orgs: map[string]*orgState{}, keys: map[string][]*signingKey{},
		flows: newBounded[*flow](10_000), codes: newBounded[*grantCode](10_000),
		grants: newBounded[*grant](100_000), refresh: newBounded[*refreshToken](100_000),
		access: newBounded[*accessToken](200_000), enhance: newBounded[*enhancement](1_000),
		devices: newBounded[*device](1_000), windows: newBounded[*window](10_000),
		consented: newBounded[bool](100_000),
	}
	if s.clock == nil {
		s.clock = &Clock{}
	}
	s.hosts, s.templates = hostIndex(s.dcs), parseTemplates()
	s.routes, s.control = s.routeTable(), s.controlMux()
	s.SetBaseURL(cfg.BaseURL)
	return s
}

// SetBaseURL says where the simulator is reached, for callers that learn their port late.
func (s *Sim) SetBaseURL(base string) {
	base = strings.TrimSuffix(base, "/")
	s.base.Store(&base)
}

// Clock is the clock the simulator lives by.
func (s *Sim) Clock() *Clock { return s.clock }

type route struct {
	kind hostKind
	path string
}

func (s *Sim) routeTable() map[route]func(*call) {
	return map[route]func(*call){
		{accountsHost, "/oauth/v2/auth"}:                    s.authorize,
		{accountsHost, "/oauth/v2/org/auth"}:                s.authorizeOrg,
		{accountsHost, "/signin"}:                           s.signIn,
		{accountsHost, "/oauth/v2/org/choose"}:              s.chooseOrg,
		{accountsHost, "/oauth/v2/consent"}:                 s.consent,
		{accountsHost, "/oauth/v2/token"}:                   s.token,
		{accountsHost, "/oauth/v2/token/addextrascope"}:     s.addExtraScope,
		{accountsHost, "/oauth/v2/token/revoke"}:            s.revokeEndpoint,
		{accountsHost, "/oauth/v2/introspect"}:              s.introspect,
		{accountsHost, "/oauth/v2/keys"}:                    s.jwks,
		{accountsHost, "/oauth/v2/userinfo"}:                s.userinfo,
		{accountsHost, "/oauth/user/info"}:                  s.legacyUserInfo,
		{accountsHost, "/oauth/serverinfo"}:                 s.serverInfo,
		{accountsHost, "/oauth/v3/device/code"}:             s.deviceCode,
		{accountsHost, "/oauth/v3/device/token"}:            s.deviceToken,
		{accountsHost, "/oauth/v3/device"}:                  s.deviceVerify,
		{accountsHost, "/.well-known/openid-configuration"}: s.discovery,
	}
}

func (s *Sim) dispatch(c *call) {
	if handler, ok := s.routes[route{c.host.kind, c.path}]; ok {
		handler(c)
		return
	}
	switch {
	case c.host.kind == deskHost && strings.HasPrefix(c.path, "/api/v1/"):
		s.desk(c)
	case c.host.kind == accountsHost || c.host.kind == deskHost:
		c.page(http.StatusNotFound, "error", errorPage("en", "not_found", ""))
	case strings.HasPrefix(c.path, "/crm/v"):
		s.crm(c)
	default:
		// The API host knows nothing of Desk and says so in its own shape, not Desk's.
		c.json(http.StatusNotFound, map[string]any{"error": map[string]any{
			"code": "API_ENDPOINT_NOT_FOUND", "message": "API endpoint not found"}})
	}
}

// newID returns a number as text, above 2^53 as Zoho's are.
func (s *Sim) newID() string {
	s.nextID++
	return fmt.Sprintf("16689200000%07d", s.nextID)
}

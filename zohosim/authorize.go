package zohosim

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// flow is one person's way from the authorise request to the answer; its ID in the page forms
// stands in for the session cookie, which could not cross from one data centre to another.
type flow struct {
	id           string
	start        *centre
	client       *Client
	orgLevel     bool
	implicit     bool
	redirectURI  string
	state        string
	scopes       scopes
	offline      bool
	forceConsent bool
	challenge    string
	plain        bool
	nonce        string
	user         *User
	orgs         map[string]string
	auto         url.Values // the sim_ parameters, which answer the pages for a program
	enhance      *grant     // set when scopes are added to this grant
	device       *device    // set when a device waits for the answer
	done         bool
}

func (s *Sim) authorizeOrg(c *call) { s.startAuthorize(c, true) }
func (s *Sim) authorize(c *call)    { s.startAuthorize(c, false) }

func (s *Sim) startAuthorize(c *call, orgLevel bool) {
	f, problem, detail := s.readFlow(c)
	id, _ := c.credentials()
	c.record(Event{Kind: EventAuthorize, Client: id, Outcome: or(problem, "ok"), Detail: or(detail, c.form.Get("scope"))})
	if problem != "" {
		s.refusePage(c, problem, detail)
		return
	}
	f.orgLevel = orgLevel
	s.enterFlow(c, f)
}

// readFlow checks an authorise request. Nothing that is wrong with it is ever reported to the
// client: Zoho shows a page to the person instead.
func (s *Sim) readFlow(c *call) (f *flow, problem, detail string) {
	get := c.form.Get
	client := s.clients[get("client_id")]
	if client == nil || !client.enabledIn(c.dc.code) {
		return nil, "invalid_client", get("client_id")
	}
	if !slices.Contains(client.RedirectURIs, get("redirect_uri")) {
		return nil, "invalid_redirect_uri", get("redirect_uri")
	}
	implicit := get("response_type") == "token"
	if implicit && client.Type != JSClient || !implicit && get("response_type") != "code" {
		return nil, "invalid_response_type", get("response_type")
	}
	list := parseScopes(get("scope"), s.sw.SpaceScopes)
	if name, bad := s.badScope(client, list); bad {
		return nil, "invalid_scope", name
	}
	method := or(get("code_challenge_method"), "plain")
	if get("code_challenge") != "" && method != "plain" && method != "S256" {
		return nil, "invalid_request", "code_challenge_method"
	}
	return &flow{
		start: c.dc, client: client, implicit: implicit, redirectURI: get("redirect_uri"), state: get("state"), scopes: list,
		offline: get("access_type") == "offline" && !implicit, forceConsent: get("prompt") == "consent",
		challenge: get("code_challenge"), plain: method == "plain", nonce: get("nonce"),
	}, "", ""
}

// enterFlow sends the browser to sign in, or past it when the request names its user.
func (s *Sim) enterFlow(c *call, f *flow) {
	f.id, f.orgs, f.auto = randomHex(16), map[string]string{}, url.Values{}
	for name, values := range c.form {
		if strings.HasPrefix(name, "sim_") {
			f.auto[name] = values
		}
	}
	s.flows.put(f.id, f)
	if name := f.auto.Get("sim_user"); name != "" {
		s.signInAs(c, f, name)
		return
	}
	c.redirect(c.accounts(c.dc, "/signin", url.Values{"flow": {f.id}}))
}

// flowOf finds the flow of a page request, or answers with the error page.
func (s *Sim) flowOf(c *call) *flow {
	f, ok := s.flows.get(c.form.Get("flow"))
	if !ok || f.done {
		s.refusePage(c, "expired", "")
		return nil
	}
	return f
}

func (s *Sim) signIn(c *call) {
	f := s.flowOf(c)
	if f == nil {
		return
	}
	if c.r.Method == http.MethodPost {
		s.signInAs(c, f, c.form.Get("user"))
		return
	}
	c.page(http.StatusOK, pageSignIn, s.signInPage(c, f))
}

// reachable says whether a user can sign in from a page of a data centre: China is run apart, and
// its accounts exist only on its own pages.
func reachable(u *User, from *centre) bool { return (u.DC == "cn") == (from.code == "cn") }

// signInAs is the moment Zoho moves the browser to the user's own data centre.
func (s *Sim) signInAs(c *call, f *flow, name string) {
	u := s.user(name)
	switch {
	case u == nil || !reachable(u, c.dc):
		s.refusePage(c, "unknown_user", name)
	case !f.client.enabledIn(u.DC):
		s.refusePage(c, "invalid_client", f.client.ID)
	case f.enhance != nil && f.enhance.user != u:
		s.refusePage(c, "unknown_user", name)
	default:
		f.user = u
		home := s.centre(u.DC)
		if f.device != nil && home != f.start {
			f.device.otherDC = home
		}
		c.redirect(c.accounts(home, s.nextPage(f), url.Values{"flow": {f.id}}))
	}
}

// nextPage binds every product that leaves no choice and names the page that comes next.
func (s *Sim) nextPage(f *flow) string {
	ask := false
	for _, product := range f.scopes.products() {
		owned := f.user.orgsOf(product)
		if f.enhance != nil && f.enhance.orgs[product] != "" {
			f.orgs[product] = f.enhance.orgs[product]
		}
		if f.orgs[product] == "" && len(owned) == 1 {
			f.orgs[product] = owned[0].ID // Zoho does not ask when there is nothing to choose
		}
		ask = ask || f.orgs[product] == "" && len(owned) > 1
	}
	if ask {
		return "/oauth/v2/org/choose"
	}
	return "/oauth/v2/consent"
}

// chooseOrg is the page that asks for which organisation and environment the client may act.
func (s *Sim) chooseOrg(c *call) {
	f := s.flowOf(c)
	if f == nil || !s.atHome(c, f) {
		return
	}
	choice := c.form
	if c.r.Method != http.MethodPost {
		if f.auto.Get("sim_user") == "" {
			c.page(http.StatusOK, pageOrg, s.orgPage(c, f))
			return
		}
		choice = url.Values{"org": f.auto["sim_org"], "environment": f.auto["sim_environment"]}
	}
	for _, product := range f.scopes.products() {
		if f.orgs[product] != "" {
			continue
		}
		id := pickOrg(f.user.orgsOf(product), append(choice["org"], choice[product]...), choice.Get("environment"))
		if id == "" && len(f.user.orgsOf(product)) > 0 {
			s.refusePage(c, "unknown_org", strings.Join(choice["org"], " "))
			return
		}
		f.orgs[product] = id
	}
	c.redirect(c.accounts(c.dc, "/oauth/v2/consent", url.Values{"flow": {f.id}}))
}

// pickOrg chooses by ID, else by environment, else the default organisation.
func pickOrg(owned []Org, ids []string, environment string) string {
	best := ""
	for _, o := range owned {
		if slices.Contains(ids, o.ID) {
			return o.ID
		}
		fits := environment == "" || o.Environment == environment
		if fits && (best == "" || o.Default) {
			best = o.ID
		}
	}
	if ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == "" }); len(ids) > 0 && len(owned) > 0 {
		return "" // a named organisation that is not there must not turn into another one
	}
	return best
}

// atHome refuses pages of a flow that is elsewhere, such as before signing in.
func (s *Sim) atHome(c *call, f *flow) bool {
	if f.user == nil || f.user.DC != c.dc.code {
		s.refusePage(c, "expired", "")
		return false
	}
	return true
}

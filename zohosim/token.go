package zohosim

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"
	"time"
)

// grantCode is a code waiting to be exchanged.
type grantCode struct {
	grant       *grant
	redirectURI string
	withRefresh bool
	challenge   string
	plain       bool
	nonce       string
	expires     time.Time
	used        bool
	selfClient  bool
}

// token is the token endpoint.
func (s *Sim) token(c *call) {
	if c.r.Method != http.MethodPost {
		c.json(http.StatusBadRequest, map[string]any{"error": "invalid_request"})
		return
	}
	client := s.authenticate(c)
	if client == nil {
		return
	}
	switch c.form.Get("grant_type") {
	case "authorization_code":
		s.exchange(c, client)
	case "refresh_token":
		s.refreshGrant(c, client)
	case "client_credentials":
		s.clientCredentials(c, client)
	case "update_scopes_token":
		s.scopeEnhancement(c, client)
	default:
		s.tokenError(c, client, "invalid_client")
	}
}

// authenticate answers the request itself when the client is not who it says.
func (s *Sim) authenticate(c *call) *Client {
	id, secret := c.credentials()
	client := s.clients[id]
	if client == nil || !client.enabledIn(c.dc.code) {
		s.tokenError(c, client, "invalid_client")
		return nil
	}
	// Only clients that can keep a secret have one.
	if client.Type == JSClient || (client.Type == MobileClient && client.secret(c.dc.code) == "") {
		return client
	}
	if subtle.ConstantTimeCompare([]byte(secret), []byte(client.secret(c.dc.code))) != 1 {
		s.tokenError(c, client, "invalid_client_secret")
		return nil
	}
	return client
}

func (s *Sim) tokenEvent(c *call, outcome string) Event {
	id, _ := c.credentials()
	e := Event{Kind: EventToken, Detail: c.form.Get("grant_type"), Client: id, Outcome: outcome}
	if c.form.Get("grant_type") == "refresh_token" {
		e.Kind = EventRefresh
		e.Refresh = fingerprintOf(c.form.Get("refresh_token"))
	}
	return e
}

// tokenError answers as Zoho does, with status 200 and the code in the body.
func (s *Sim) tokenError(c *call, client *Client, code string) {
	c.record(s.tokenEvent(c, code))
	s.writeError(c, code)
}

func (s *Sim) writeError(c *call, code string) {
	if !s.sw.StandardErrors {
		c.json(http.StatusOK, map[string]any{"error": code})
		return
	}
	status := http.StatusBadRequest
	switch code {
	case "invalid_code", "invalid_redirect_uri":
		code = "invalid_grant"
	case "invalid_client_secret", "invalid_client":
		code, status = "invalid_client", http.StatusUnauthorized
	}
	c.json(status, map[string]any{"error": code})
}

// throttled is the body Zoho sends to clients that ask too often; even its error code is in the
// language of the account.
func (s *Sim) throttled(c *call) {
	c.record(s.tokenEvent(c, "throttled"))
	body := map[string]any{"status": "failure", "error": "Access Denied",
		"error_description": "You have made too many requests continuously. Please try again after some time."}
	if s.sw.Language == "zh" {
		body["error"], body["error_description"] = "拒绝访问", "您连续提出了太多请求。请稍后再试。"
	}
	c.json(or(s.sw.ThrottleStatus, http.StatusBadRequest), body)
}

func (s *Sim) exchange(c *call, client *Client) {
	code, ok := s.codes.get(Fingerprint(c.form.Get("code")))
	if ok && code.grant.dc != c.dc {
		s.tokenError(c, client, or(s.sw.WrongDC, "invalid_client"))
		return
	}
	switch {
	case !ok || code.used || code.grant.ended || code.grant.client != client || !s.clock.Now().Before(code.expires):
		s.tokenError(c, client, "invalid_code")
	case !code.selfClient && c.form.Get("redirect_uri") != code.redirectURI:
		s.tokenError(c, client, "invalid_redirect_uri")
	case !code.verifies(c.form.Get("code_verifier")):
		s.tokenError(c, client, "invalid_code")
	case code.withRefresh && code.grant.user != nil && !s.takeRefreshToken(code.grant.user, client):
		s.throttled(c)
	default:
		s.redeem(c, code)
	}
}

func (s *Sim) redeem(c *call, code *grantCode) {
	g := code.grant
	code.used = true
	body := map[string]any{}
	e := s.tokenEvent(c, "ok")
	if code.withRefresh {
		s.makeRoom(g.user, g.client)
		refresh := s.issueRefresh(g)
		body["refresh_token"], e.Refresh = refresh, Fingerprint(refresh)
	}
	s.tokenBody(c, body, g, g.scopes)
	if g.user != nil && g.scopes.wantsIDToken() {
		body["id_token"] = s.idToken(g, code.nonce, body["access_token"].(string))
	}
	e.Access, e.User, e.Grant = Fingerprint(body["access_token"].(string)), g.userEmail(), g.id
	c.record(e)
	c.json(http.StatusOK, body)
}

func (code *grantCode) verifies(verifier string) bool {
	switch {
	case code.challenge == "":
		return true
	case code.plain:
		return verifier == code.challenge
	}
	sum := sha256.Sum256([]byte(verifier))
	return base64url(sum[:]) == code.challenge
}

// tokenBody mints an access token and writes what every token reply has.
func (s *Sim) tokenBody(c *call, body map[string]any, g *grant, list scopes) {
	body["access_token"] = s.issueAccess(g, list)
	body["token_type"] = "Bearer"
	body["api_domain"] = s.apiDomain(g)
	if !s.sw.NoScopeInReply {
		body["scope"] = strings.Join(list, " ") // with spaces, although it was asked with commas
	}
	seconds := int(s.seconds(s.sw.AccessTokenSeconds, 3600) / time.Second)
	switch s.sw.ExpiresIn {
	case "milliseconds":
		body["expires_in"], body["expires_in_sec"] = seconds*1000, seconds
	case "sec_only":
		body["expires_in_sec"] = seconds
	default:
		body["expires_in"] = seconds
	}
}

func (s *Sim) apiDomain(g *grant) string {
	name := g.dc.api
	products := []string{CRM}
	if s.sw.DeskSandboxAPIDomain {
		products = append(products, Desk)
	}
	for _, product := range products {
		switch s.environment(g, product) {
		case Sandbox:
			name = g.dc.sandbox
		case Developer:
			name = g.dc.developer
		}
	}
	domain := s.origin(name)
	if s.sw.APIDomainSlash {
		domain += "/"
	}
	return domain
}

// environment of the organisation a grant is bound to in a product; empty when there is none.
func (s *Sim) environment(g *grant, product string) string {
	if o := s.orgs[g.orgs[product]]; o != nil {
		return o.Environment
	}
	return ""
}

func (s *Sim) clientCredentials(c *call, client *Client) {
	list := parseScopes(c.form.Get("scope"), s.sw.SpaceScopes)
	if client.Type != SelfClient {
		s.tokenError(c, client, "invalid_client")
		return
	}
	if _, bad := s.badScope(client, list); bad {
		s.tokenError(c, client, "invalid_scope")
		return
	}
	owner := s.user(client.Owner)
	orgs, ok := s.orgsBySoid(owner, list, c.form.Get("soid"))
	if !ok {
		s.tokenError(c, client, "missing_org_info")
		return
	}
	g := s.newGrant(client, owner, c.dc, list, orgs)
	g.orgLevel = true
	body := map[string]any{}
	s.tokenBody(c, body, g, list)
	e := s.tokenEvent(c, "ok")
	e.Access, e.User, e.Grant = Fingerprint(body["access_token"].(string)), g.userEmail(), g.id
	c.record(e)
	c.json(http.StatusOK, body)
}

// orgsBySoid binds client credentials to organisations: the named one, or the only one.
func (s *Sim) orgsBySoid(owner *User, list scopes, soid string) (map[string]string, bool) {
	prefixes := map[string][]string{Desk: {"zohosupport", "zohodesk"}, CRM: {"zohocrm"}}
	service, id, _ := strings.Cut(soid, ".")
	orgs := map[string]string{}
	for _, product := range list.products() {
		if owner == nil {
			return nil, false
		}
		owned := owner.orgsOf(product)
		if slices.Contains(prefixes[product], strings.ToLower(service)) {
			if o := owner.org(id); o == nil || o.Product != product {
				return nil, false
			}
			orgs[product] = id
			continue
		}
		if len(owned) != 1 {
			return nil, false
		}
		orgs[product] = owned[0].ID
	}
	return orgs, true
}

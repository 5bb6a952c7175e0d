package zohosim

import (
	"net/http"
	"strings"
	"time"
)

// device is a television or a command line waiting for its code to be typed in elsewhere.
type device struct {
	client   *Client
	start    *centre
	otherDC  *centre // where the user turned out to live
	scopes   scopes
	offline  bool
	userCode string
	expires  time.Time
	polled   time.Time
	denied   bool
	used     bool
	approved *flow
}

func (d *device) approve(f *flow) { d.approved = f }

func (s *Sim) deviceCode(c *call) {
	client := s.clients[c.form.Get("client_id")]
	list := parseScopes(c.form.Get("scope"), s.sw.SpaceScopes)
	outcome := "ok"
	if client == nil || !client.enabledIn(c.dc.code) || client.Type != DeviceClient || c.form.Get("grant_type") != "device_request" {
		outcome = "invalid_client"
	} else if _, bad := s.badScope(client, list); bad {
		outcome = "invalid_scope"
	}
	c.record(Event{Kind: EventDevice, Client: c.form.Get("client_id"), Detail: "code", Outcome: outcome})
	if outcome != "ok" {
		s.writeError(c, outcome)
		return
	}
	code, userCode := strings.Replace(newToken(), "1000.", "1004.", 1), strings.ToUpper(randomHex(4))
	lifetime := s.seconds(s.sw.DeviceCodeSeconds, 300)
	d := &device{client: client, start: c.dc, scopes: list, userCode: userCode,
		offline: c.form.Get("access_type") == "offline", expires: s.clock.Now().Add(lifetime)}
	s.devices.put(Fingerprint(code), d)
	verify := c.accounts(c.dc, "/oauth/v3/device", nil)
	c.json(http.StatusOK, map[string]any{
		"device_code": code, "user_code": userCode, "verification_url": verify,
		"verification_uri_complete": verify + "?user_code=" + userCode,
		"expires_in":                int(lifetime / time.Second),
		"interval":                  int(s.seconds(s.sw.DevicePollSeconds, 30) / time.Second),
	})
}

// deviceVerify is the page where a person types the code.
func (s *Sim) deviceVerify(c *call) {
	userCode := strings.ToUpper(c.form.Get("user_code"))
	if userCode == "" {
		c.page(http.StatusOK, pageDevice, s.devicePage(c))
		return
	}
	var found *device
	s.devices.each(func(d *device) {
		if d.userCode == userCode && d.start == c.dc && s.clock.Now().Before(d.expires) && d.approved == nil && !d.denied {
			found = d
		}
	})
	if found == nil {
		s.refusePage(c, "unknown_code", userCode)
		return
	}
	s.enterFlow(c, &flow{start: c.dc, client: found.client, scopes: found.scopes, offline: found.offline, device: found})
}

func (s *Sim) deviceDone(c *call, message string) {
	c.page(http.StatusOK, pageDone, donePage(message))
}

func (s *Sim) deviceToken(c *call) {
	client := s.authenticate(c)
	if client == nil {
		return
	}
	d, ok := s.devices.get(Fingerprint(c.form.Get("code")))
	outcome := ""
	if !ok || d.client != client || c.form.Get("grant_type") != "device_token" || d.used {
		outcome = "invalid_code"
	} else {
		outcome = s.pollDevice(c, d)
	}
	switch outcome {
	case "":
		s.deviceGrant(c, d)
	case "other_dc":
		c.record(s.tokenEvent(c, outcome))
		c.json(http.StatusOK, map[string]any{"error": outcome, "user_location": d.otherDC.code})
	default:
		s.tokenError(c, client, outcome)
	}
}

// pollDevice is the error a poll gets, empty when the tokens may be handed out.
func (s *Sim) pollDevice(c *call, d *device) string {
	now := s.clock.Now()
	early := !d.polled.IsZero() && now.Before(d.polled.Add(s.seconds(s.sw.DevicePollSeconds, 30)))
	// The first poll at the new data centre follows at once; it is not the device that is hasty.
	early = early && (d.otherDC == nil || d.otherDC != c.dc)
	d.polled = now
	switch {
	case early:
		return "slow_down"
	case d.denied:
		return "access_denied"
	case !now.Before(d.expires):
		return "expired"
	case d.otherDC != nil && d.otherDC != c.dc:
		return "other_dc"
	case d.otherDC == nil && d.start != c.dc:
		return or(s.sw.WrongDC, "invalid_client")
	case d.approved == nil:
		return "authorization_pending"
	}
	return ""
}

func (s *Sim) deviceGrant(c *call, d *device) {
	if d.offline && !s.takeRefreshToken(d.approved.user, d.client) {
		s.throttled(c)
		return
	}
	d.used = true
	g := s.newGrant(d.client, d.approved.user, c.dc, d.scopes, d.approved.orgs)
	s.redeem(c, &grantCode{grant: g, withRefresh: d.offline})
}

// enhancement is a scope enhancement token.
type enhancement struct {
	grant   *grant
	expires time.Time
}

// scopeEnhancement trades a refresh token for the right to ask for more scopes on it.
func (s *Sim) scopeEnhancement(c *call, client *Client) {
	t, ok := s.refresh.get(Fingerprint(c.form.Get("refresh_token")))
	if !ok || t.reason != "" || t.grant.client != client || t.grant.dc != c.dc {
		s.tokenError(c, client, "invalid_code")
		return
	}
	token := newToken()
	s.enhance.put(Fingerprint(token), &enhancement{t.grant, s.clock.Now().Add(s.seconds(s.sw.CodeSeconds, 120))})
	c.record(s.tokenEvent(c, "ok"))
	c.json(http.StatusOK, map[string]any{"scope_token": token, "expires_in": int(s.seconds(s.sw.CodeSeconds, 120) / time.Second)})
}

// addExtraScope is the browser's half of adding scopes; the refresh token stays the same.
func (s *Sim) addExtraScope(c *call) {
	e, ok := s.enhance.get(Fingerprint(or(c.form.Get("scope_token"), c.form.Get("enhance_token"))))
	c.form.Set("response_type", "code")
	f, problem, detail := s.readFlow(c)
	if problem == "" && (!ok || e.grant.ended || e.grant.client != f.client || !s.clock.Now().Before(e.expires)) {
		problem = "expired"
	}
	if problem != "" {
		s.refusePage(c, problem, detail)
		return
	}
	f.enhance = e.grant
	s.enterFlow(c, f)
}

func (s *Sim) addScopes(c *call, f *flow) {
	g := f.enhance
	for _, name := range f.scopes {
		if !g.scopes.has(name) {
			g.scopes = append(g.scopes[:len(g.scopes):len(g.scopes)], name)
		}
	}
	for product, id := range f.orgs {
		g.orgs[product] = id
	}
	s.consented.put(consentKey(f.user, f.client.ID)+g.scopes.canonical(), true)
	pairs := []string{"status", "success", "location", c.dc.code, "accounts-server", s.origin(c.dc.accounts)}
	if f.state != "" {
		pairs = append(pairs, "state", f.state)
	}
	c.callback(f, pairs)
}

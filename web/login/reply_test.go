package login_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/test/pages"
	"latchkey/test/storage"
	"latchkey/zohosim"
)

// nothing in a callback chooses a server, but for the data centres of
// the provider's own table.
func TestAReplyOfAnotherServerIsRefusedBeforeTheCodeIsSent(t *testing.T) {
	s := newSite(t)
	ada, _ := s.ada()
	us, _ := s.Zoho.DataCentre("us")
	for name, change := range map[string]func(url.Values){
		"another issuer":                    set("iss", "https://accounts.evil.example"),
		"an issuer with a slash more":       func(q url.Values) { q.Set("iss", q.Get("accounts-server")+"/") },
		"a server outside the table":        set("accounts-server", "https://accounts.evil.example"),
		"a server that begins like one":     func(q url.Values) { q.Set("accounts-server", q.Get("accounts-server")+".evil.example") },
		"a server with a path":              func(q url.Values) { q.Set("accounts-server", q.Get("accounts-server")+"/x") },
		"a server with somebody in front":   set("accounts-server", strings.Replace(us.Accounts, "://", "://accounts@", 1)),
		"a location that does not fit":      set("location", "us"),
		"a server that does not fit":        set("accounts-server", us.Accounts),
		"a location outside the table":      func(q url.Values) { q.Del("accounts-server"); q.Set("location", "zz") },
		"no code and no error":              func(q url.Values) { q.Del("code") },
		"an empty code":                     set("code", ""),
		"a server that is not one":          set("accounts-server", "javascript:alert(1)"),
		"the right server, another issuer":  set("iss", us.Accounts),
		"the issuer without its own scheme": set("iss", "accounts.evil.example"),
	} {
		t.Run(name, func(t *testing.T) {
			v := s.visitor()
			sent := s.exchanges()
			code := authmethods.CodeAccountsServerRefused
			if strings.Contains(name, "code") {
				code = authmethods.CodeUnexpectedReply
			}
			v.refused(v.Get(altered(t, v.callback(ada.Email), change)), code)
			if s.exchanges() != sent {
				t.Error("the code was sent")
			}
		})
	}
}

// Where a callback names another data centre of the table, only that one is asked, and
// it knows nothing of the code.
func TestACodeIsGoodAtItsOwnDataCentreOnly(t *testing.T) {
	s := newSite(t)
	ada, _ := s.ada()
	us, _ := s.Zoho.DataCentre("us")
	v := s.visitor()
	a := v.Get(altered(t, v.callback(ada.Email), func(q url.Values) { q.Set("accounts-server", us.Accounts); q.Set("location", "us") }))
	if v.refused(a, s.last().Code); s.last().DataCentre != "us" {
		t.Errorf("%+v", s.last())
	}
}

const hostile = `<script>alert(1)</script>"'><img src=https://evil.example/x>`

// what the provider says is neither shown nor kept.
func TestTheProvidersOwnWordsAreNotRepeated(t *testing.T) {
	database := "sqlite:" + t.TempDir() + "/latchkey.db"
	s := newSiteOn(t, database)
	ada, _ := s.ada()
	for answered, want := range map[string]authmethods.Code{
		"access_denied":           authmethods.CodeSignInDeclined,
		"login_required":          authmethods.CodeSignInDeclined,
		"consent_required":        authmethods.CodeSignInDeclined,
		"interaction_required":    authmethods.CodeSignInDeclined,
		"server_error":            authmethods.CodeProviderDown,
		"temporarily_unavailable": authmethods.CodeProviderDown,
		"invalid_scope":           authmethods.CodeScopeUnknown,
		"unauthorized_client":     authmethods.CodeClientUnknown,
		hostile:                   authmethods.CodeUnexpectedReply,
		strings.Repeat("e", 4000): authmethods.CodeUnexpectedReply,
	} {
		t.Run(answered[:min(20, len(answered))], func(t *testing.T) {
			v := s.visitor()
			a := v.Get(altered(t, v.callback(ada.Email), func(q url.Values) {
				q.Del("code")
				q.Set("error", answered)
				q.Set("error_description", hostile)
				q.Set("error_uri", "https://evil.example/help")
			}))
			v.refused(a, want)
			page := v.Get(a.To())
			for _, said := range []string{"evil.example", "alert(1)", "script>alert", strings.Repeat("e", 100)} {
				if strings.Contains(a.Body+page.Body, said) {
					t.Errorf("%q is on the page", said)
				}
				if where := storage.FindText(t, database, said); where != "" {
					t.Errorf("%q stands in %s", said, where)
				}
			}
			if where := storage.FindText(t, database, s.last().ReferenceCode); where == "" {
				t.Error("what does stand there is not found either")
			}
		})
	}
}

func TestSomebodyMayCallASignInOff(t *testing.T) {
	s := newSite(t)
	ada, _ := s.ada()
	v := s.visitor()
	a := v.Get(v.AtZoho(v.Leave(loginURL), zohosim.Approval{User: ada.Email, Reject: true}))
	v.refused(a, authmethods.CodeSignInDeclined)
	if page := v.Get(a.To()); !strings.Contains(page.Text(), "You called the sign-in off at Zoho Desk") {
		t.Error(page.Text())
	}
}

// code and state leave the address bar, the cache and the referrer.
func TestCallbacksLeadToACleanAddressAndAreNotKept(t *testing.T) {
	s := newSite(t)
	ada, _ := s.ada()
	for name, change := range map[string]func(url.Values){
		"signed in":   func(url.Values) {},
		"refused":     func(q url.Values) { q.Del("code"); q.Set("error", "access_denied") },
		"out of date": set("state", "nothing"),
		"malformed":   func(q url.Values) { q.Add("state", "second") },
	} {
		t.Run(name, func(t *testing.T) {
			v := s.visitor()
			a := v.Get(altered(t, v.callback(ada.Email), change))
			if a.StatusCode != http.StatusSeeOther || strings.ContainsAny(strings.TrimPrefix(a.To(), "/login?notice=out-of-date"), "?#") {
				t.Errorf("%d to %q", a.StatusCode, a.To())
			}
			next := v.Get(a.To())
			for _, each := range []answer{a, next} {
				for header, want := range map[string]string{
					"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
					"Cross-Origin-Opener-Policy": "same-origin", "Access-Control-Allow-Origin": "",
				} {
					if got := each.Header.Get(header); got != want {
						t.Errorf("%s: %q", header, got)
					}
				}
				policy := each.Header.Get("Content-Security-Policy")
				for _, part := range []string{"default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
					if !strings.Contains(policy, part) {
						t.Errorf("the policy lacks %s: %s", part, policy)
					}
				}
				if strings.Contains(each.Body, "//") && strings.Contains(strings.ReplaceAll(each.Body, "//www.w3.org/", ""), "://") {
					t.Errorf("something from elsewhere is on the page: %s", each.Body)
				}
			}
		})
	}
}

// addresses are made from configuration and from nothing that a request says.
func TestTheRedirectURIIsNeverTakenFromTheRequest(t *testing.T) {
	s := newSite(t)
	want := s.Origin + "/api/sso/login/oauth/callback"
	for _, headers := range [][]string{
		nil,
		{"X-Forwarded-Host", "evil.example"},
		{"X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "https", "X-Forwarded-Port", "444"},
		{"Forwarded", "host=evil.example;proto=https"},
		{"X-Original-Host", "evil.example", "X-Forwarded-Server", "evil.example", "X-Rewrite-URL", "/evil"},
		{"Origin", "https://evil.example", "Referer", "https://evil.example/"},
	} {
		a := s.visitor().Send(http.MethodGet, loginURL, nil, headers...)
		q := mustURL(t, a.Header.Get("Location")).Query()
		if a.StatusCode != http.StatusSeeOther || q.Get("redirect_uri") != want {
			t.Errorf("%v: %d, %q", headers, a.StatusCode, q.Get("redirect_uri"))
		}
	}
	for _, host := range []string{"evil.example", "acme.localhost.evil.example", "acme.localhost:1", "", "acme.localhost:99999"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Address+loginURL, nil)
		must(t, err)
		r.Host = host
		response, err := s.visitor().Client.Do(r)
		must(t, err)
		must(t, response.Body.Close())
		if response.StatusCode != http.StatusMisdirectedRequest || response.Header.Get("Location") != "" || len(response.Cookies()) != 0 {
			t.Errorf("the host %q: %d to %q", host, response.StatusCode, response.Header.Get("Location"))
		}
	}
}

// who somebody is and nothing more.
//
//
func TestTheAuthorizationRequestAsksForWhoItIsAndNothingElse(t *testing.T) {
	s := newSite(t)
	u := mustURL(t, s.visitor().Leave(loginURL))
	q := u.Query()
	for name, want := range map[string]string{
		"response_type": "code", "client_id": pages.ClientID, "scope": "openid,email,profile", "access_type": "online",
		"code_challenge_method": "S256", "prompt": "", "client_secret": "",
	} {
		if got := q.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	// 256 random bits in base 64, and the SHA-256 of a verifier.
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		if len(q.Get(name)) != 43 {
			t.Errorf("%s is %q", name, q.Get(name))
		}
	}
	again := mustURL(t, s.visitor().Leave(loginURL)).Query()
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		if q.Get(name) == again.Get(name) {
			t.Errorf("%s is the same twice", name)
		}
	}
	if got := mustURL(t, s.visitor().Leave(loginURL+"?select_account=1")).Query().Get("prompt"); got != "select_account" {
		t.Errorf("prompt is %q", got)
	}
	for name, value := range map[string]string{"scope": "ZohoCRM.modules.ALL", "prompt": "consent", "access_type": "offline", "redirect_uri": "https://evil.example"} {
		got := mustURL(t, s.visitor().Leave(loginURL+"?"+url.Values{name: {value}}.Encode())).Query()
		if got.Get(name) == value {
			t.Errorf("%s was taken from the request", name)
		}
	}
}

// Zoho gives a user 20 refresh tokens for a client and takes the oldest for the next.
func TestSigningInUsesUpNoRefreshToken(t *testing.T) {
	s := newSite(t)
	ada, _ := s.ada()
	v := s.visitor()
	for range 25 {
		v.welcome(v.SignInAt(loginURL, ada.Email))
	}
	for _, token := range s.Zoho.Tokens() {
		if token.Kind == "refresh" && token.Client == pages.ClientID {
			t.Errorf("a refresh token was given: %+v", token)
		}
	}
	for _, e := range s.Zoho.Events() {
		if e.Kind == zohosim.EventEvictRefresh || e.Kind == zohosim.EventRefresh {
			t.Errorf("%+v", e)
		}
	}
	if n := s.exchanges(); n != 25 {
		t.Errorf("%d codes were sent", n)
	}
}

// The token endpoint is asked once, whatever it answers: a code is good for once.
func TestACodeIsSentOnce(t *testing.T) {
	s := newSite(t)
	ada, _ := s.ada()
	for fault, want := range map[string]authmethods.Code{
		zohosim.FaultUnavailable: authmethods.CodeProviderDown,
		zohosim.FaultLost:        authmethods.CodeProviderDown,
		zohosim.FaultReset:       authmethods.CodeProviderDown,
		zohosim.FaultTooMany:     authmethods.CodeProviderThrottled,
		zohosim.FaultHTML:        "",
		zohosim.FaultRedirect:    "",
		zohosim.FaultHuge:        "",
		zohosim.FaultTruncated:   "",
	} {
		t.Run(fault, func(t *testing.T) {
			s.Zoho.ClearFaults()
			v := s.visitor()
			callback := v.callback(ada.Email)
			served := 0
			for _, e := range s.Zoho.Events() {
				if e.Kind == zohosim.EventFault {
					served--
				}
			}
			s.Zoho.Inject(zohosim.Fault{Kind: fault, Path: "/oauth/v2/token", Times: -1, Location: "https://evil.example/token"})
			a := v.Get(callback)
			if want == "" {
				want = s.last().Code
			}
			v.refused(a, want)
			for _, e := range s.Zoho.Events() {
				if e.Kind == zohosim.EventFault {
					served++
				}
			}
			if served != 1 || s.last().Code == authmethods.CodeInternal {
				t.Errorf("%d requests, refused by %q", served, s.last().Code)
			}
		})
	}
}

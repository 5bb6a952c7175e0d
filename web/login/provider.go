package login

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/crypto/token"
	"latchkey/sso"
	"latchkey/sso/session"
	"latchkey/sso/signin"
	"latchkey/web/page"
	"latchkey/web/route"
)

// Start is GET /api/sso/login/:reference, the SSO login URL: it leads straight to the
// provider.
func (h *Handlers) Start(c *route.Call) error {
	ctx := c.Request().Context()
	query, ok := route.Query(c.Request().URL.RawQuery)
	if !ok || c.Param("reference") == sso.ReservedReference {
		return authmethods.Missing()
	}
	returnTo := query.Get("return_to")
	if returnTo != "" { // most want to go nowhere in particular
		settings, err := h.settings(c)
		if err != nil {
			return err
		}
		if returnTo, err = allowed(returnTo, settings); err != nil {
			return err
		}
	}
	begun, err := h.SignIn.Begin(ctx, c.Caller, c.Param("reference"), signin.BeginOptions{
		ReturnTo: returnTo, SelectAccount: query.Get("select_account") == "1",
	})
	if err != nil {
		return err
	}
	return h.lead(c, begun)
}

// Try is GET /sso/:id/try: a sign-in that is judged and signs nobody in, to see whether
// a connector works before people are sent to it.
func (h *Handlers) Try(c *route.Call) error {
	ctx := c.Request().Context()
	door, err := h.door(c)
	if err != nil {
		return err
	}
	of, err := door.Connector(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	begun, err := h.SignIn.Begin(ctx, c.Caller, of.Reference, signin.BeginOptions{SelectAccount: true, Test: true})
	if err != nil {
		return err
	}
	return h.lead(c, begun)
}

// lead has the browser keep a sign-in that began and sends it to the provider.
func (h *Handlers) lead(c *route.Call, begun signin.Begun) error {
	h.dropAttempts(c)
	err := begun.State.Keep(func(v any) error {
		return h.keep(c, attempt, mark(begun.State.State.Reveal()), v, signin.Lifetime)
	})
	if err != nil {
		return err
	}
	return seeOther(c, begun.AuthorizeURL)
}

// maxAttempts bounds the sign-ins that a browser is in the middle of: each is a cookie,
// and proxies refuse requests with too many.
const maxAttempts = 5

// dropAttempts makes room for one more sign-in in this browser.
func (h *Handlers) dropAttempts(c *route.Call) {
	var open []string
	for _, held := range c.Request().Cookies() {
		if strings.HasPrefix(held.Name, h.nameOf(attempt, "")+"-") {
			open = append(open, held.Name)
		}
	}
	for _, name := range open[:max(0, len(open)-maxAttempts+1)] {
		h.unset(c, name)
	}
}

// mark names the cookie of a sign-in, so that several can go on beside one another.
func mark(state string) string {
	if len(state) < 8 {
		return "none"
	}
	for _, r := range state[:8] {
		if r >= 0x80 || !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '-' || r == '_') {
			return "none"
		}
	}
	return state[:8]
}

// Callback is GET /api/sso/login/oauth/callback, the redirect URI of signing in.
// Whatever comes of it, the browser goes on to an address without code and state.
func (h *Handlers) Callback(c *route.Call) error {
	// Scanners and previews ask for the head; they must not use up a code.
	if c.Request().URL.RawQuery == "" || c.Request().Method != http.MethodGet {
		return page.Ready.Show(c, http.StatusOK, page.ReadyPage{Address: h.PublicURL.SignInRedirectURI(c.Tenant)})
	}
	query, ok := route.Query(c.Request().URL.RawQuery)
	if !ok {
		c.Note("callback", "malformed")
		return seeOther(c, loginPath+"?notice=out-of-date")
	}
	at := mark(query.Get("state"))
	state, err := signin.OpenState(func(into any) error { return h.recall(c, attempt, at, into, signin.Lifetime) })
	h.unset(c, h.nameOf(attempt, at))
	if codeOf(err) == authmethods.CodeSignInOutOfDate {
		return seeOther(c, loginPath+"?notice=out-of-date")
	}
	if err != nil {
		return err
	}
	result, err := h.SignIn.Complete(c.Request().Context(), c.Caller, state, signin.Callback{
		Code: query.Get("code"), State: query.Get("state"), Issuer: query.Get("iss"), Error: query.Get("error"), Query: query.Get,
	}, visitor(c))
	if codeOf(err) == authmethods.CodeSignInOutOfDate {
		return seeOther(c, loginPath+"?notice=out-of-date")
	}
	if err != nil {
		return err
	}
	c.Note("sign_in", result.SignIn.ReferenceCode)
	if result.SignIn.Outcome != sso.SignedIn {
		return h.refused(c, state, result)
	}
	return h.signedIn(c, result)
}

func (h *Handlers) signedIn(c *route.Call, r signin.Result) error {
	settings, err := h.settings(c)
	if err != nil {
		return err
	}
	c.Caller = person(c, &r.User)
	begun, err := h.signIn(c, session.Start{
		User: r.User.ID, UserVersion: r.User.Version, Connector: r.Connector.ID, Identity: r.Identity, Means: session.SSO,
		Issuer: r.Issuer, ProviderSID: r.ProviderSession, ProvedAt: r.ProvedAt, Settings: settings,
	})
	if err != nil {
		return err
	}
	return h.onward(c, r.ReturnTo, begun, r.SignIn.ID)
}

func (h *Handlers) settings(c *route.Call) (sso.Settings, error) {
	door, err := h.door(c)
	if err != nil {
		return sso.Settings{}, err
	}
	return door.SettingsNow(c.Request().Context())
}

// refusalLife is how long a browser can come back to why it was refused.
const refusalLife = time.Hour

// refusedSignIn is what a browser keeps of a sign-in that did not succeed. Who knows
// the reference code alone is told nothing.
type refusedSignIn struct {
	Code      authmethods.Code `json:"code"`
	Reference string           `json:"ref"`
	Provider  string           `json:"provider"`
	Email     string           `json:"email"`
	Connector string           `json:"connector"`
	Outcome   sso.Outcome      `json:"outcome"`
	ReturnTo  string           `json:"to,omitempty"`
	UserName  string           `json:"user,omitempty"` // of a test only
}

// maxReturn is how long an address may be that the browser keeps beside the rest.
const maxReturn = 1 << 10

func (h *Handlers) refused(c *route.Call, state signin.State, r signin.Result) error {
	email, _ := r.SignIn.Claims.Text("email")
	why := refusedSignIn{
		Code: r.SignIn.Code, Reference: r.SignIn.ReferenceCode, Provider: limited(r.Provider, 100), Email: limited(email, 320),
		Connector: state.Reference, Outcome: r.SignIn.Outcome,
	}
	if len(state.ReturnTo) <= maxReturn {
		why.ReturnTo = state.ReturnTo
	}
	if state.Test {
		why.UserName = r.SignIn.UserName
	}
	if err := h.keep(c, refusal, "", why, refusalLife); err != nil {
		return err
	}
	return seeOther(c, "/error/"+r.SignIn.ReferenceCode)
}

// Refused is GET /error/:ref: in plain words why somebody was not signed in.
func (h *Handlers) Refused(c *route.Call) error {
	code, ok := token.ParseReferenceCode(c.Param("ref"))
	if !ok {
		return authmethods.Missing()
	}
	var why refusedSignIn
	err := h.recall(c, refusal, "", &why, refusalLife)
	if err != nil && codeOf(err) == "" {
		return err
	}
	if err != nil || why.Reference != code {
		why = refusedSignIn{Reference: code}
	}
	return page.SignInRefused.Show(c, http.StatusOK, page.SignInRefusedPage{
		Reference: code, Code: why.Code, Provider: why.Provider, Email: why.Email,
		Again: again(why.Connector, why.ReturnTo), Tried: why.Outcome == sso.Tried, UserName: why.UserName,
	})
}

// again is where another account can be tried, for going on to the same place.
func again(connector, returnTo string) string {
	if connector == "" {
		return ""
	}
	q := url.Values{"select_account": {"1"}}
	if returnTo != "" {
		q.Set("return_to", returnTo)
	}
	return "/api/sso/login/" + connector + "?" + q.Encode()
}

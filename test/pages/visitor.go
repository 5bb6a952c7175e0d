package pages

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/sso/session"
	"latchkey/zohosim"
)

// Visitor is somebody with a browser that keeps cookies, follows no redirect, and runs
// no script.
type Visitor struct {
	Client   *http.Client
	language string // empty: English
	s        *Site
	t        testing.TB
}

// Visitor is somebody who is not signed in.
func (s *Site) Visitor(t testing.TB) *Visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	var dialer net.Dialer
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		if host, _, err := net.SplitHostPort(address); err == nil && strings.HasSuffix(host, ".localhost") {
			address = s.Address // as browsers resolve it
		}
		return dialer.DialContext(ctx, network, address)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return &Visitor{s: s, t: t, Client: &http.Client{
		Jar: jar, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// In is the same person, who asks for another language, such as "fr".
func (v *Visitor) In(language string) *Visitor {
	other := *v
	other.language = language
	return &other
}

// SignedIn is somebody new with these roles, who is signed in.
func (s *Site) SignedIn(t testing.TB, name string, roles ...string) *Visitor {
	t.Helper()
	return s.As(t, s.User(name, roles...))
}

// As is a user who is signed in.
func (s *Site) As(t testing.TB, u sso.User) *Visitor {
	t.Helper()
	v := s.Visitor(t)
	v.Client.Jar.SetCookies(v.origin(), []*http.Cookie{s.session(t, u)})
	return v
}

// WithRights is somebody new with a role of just these rights, who is signed in.
func (s *Site) WithRights(t testing.TB, name string, rights ...authmethods.Right) *Visitor {
	t.Helper()
	_, err := s.People().CreateRole(t.Context(), directory.NewRole{Reference: name, Name: name, Rights: rights})
	must(t, err)
	return s.SignedIn(t, name, name)
}

// session begins one and returns its cookie.
func (s *Site) session(t testing.TB, u sso.User) *http.Cookie {
	t.Helper()
	settings, err := s.People().Settings(t.Context())
	must(t, err)
	value, _, err := s.Sessions.Begin(t.Context(), s.Browser, session.Start{
		User: u.ID, UserVersion: u.Version, Means: session.Password, Address: "127.0.0.1", UserAgent: "test", Settings: settings,
	})
	must(t, err)
	return &http.Cookie{Name: s.Sessions.CookieName(session.SessionCookie), Value: value.Reveal(), Path: "/"}
}

// origin is where acme is.
func (v *Visitor) origin() *url.URL {
	v.t.Helper()
	u, err := url.Parse(v.s.Origin)
	must(v.t, err)
	return u
}

// Do sends a request as it is, with the cookies of the browser.
func (v *Visitor) Do(r *http.Request) Answer {
	v.t.Helper()
	response, err := v.Client.Do(r)
	must(v.t, err)
	body, err := io.ReadAll(response.Body)
	must(v.t, err)
	must(v.t, response.Body.Close())
	return Answer{response, string(body), v.t}
}

// Send sends a request with these names and values of headers and no others. An address
// that begins with a slash is one of acme's.
func (v *Visitor) Send(method, address string, form url.Values, headers ...string) Answer {
	v.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = v.s.Origin + address
	}
	r, err := http.NewRequestWithContext(v.t.Context(), method, address, strings.NewReader(form.Encode()))
	must(v.t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return v.Do(r)
}

// Get opens a page.
func (v *Visitor) Get(address string) Answer {
	v.t.Helper()
	return v.Send(http.MethodGet, address, nil, "Accept", "text/html", "Accept-Language", v.language)
}

// Post sends a form that no page made, but as if one had.
func (v *Visitor) Post(path string, form url.Values) Answer {
	v.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	return v.Send(http.MethodPost, path, form, "Accept", "text/html", "Accept-Language", v.language,
		"Origin", v.s.Origin, "Sec-Fetch-Site", "same-origin")
}

// Submit sends the form of a page with this action as the page fills it in, but for
// the pairs of names and values, which are typed. A name that is given twice is sent
// twice.
func (v *Visitor) Submit(a Answer, action string, typed ...string) Answer {
	v.t.Helper()
	form := a.form(action)
	for i := 0; i < len(typed); i += 2 {
		form.Del(typed[i])
	}
	for i := 0; i < len(typed); i += 2 {
		form.Add(typed[i], typed[i+1])
	}
	return v.Post(action, form)
}

// Follow opens the page that a redirect leads to.
func (v *Visitor) Follow(a Answer) Answer {
	v.t.Helper()
	if a.StatusCode != http.StatusSeeOther {
		v.t.Fatalf("%s answered %d in place of a redirect: %s", a.Request.URL, a.StatusCode, a.Text())
	}
	return v.Get(a.To())
}

// Leave begins a sign-in at this address and returns where the browser is led to.
func (v *Visitor) Leave(start string) string {
	v.t.Helper()
	led := v.Get(start)
	if led.StatusCode != http.StatusSeeOther {
		v.t.Fatalf("%s answered %d: %s", start, led.StatusCode, led.Text())
	}
	return led.To()
}

// AtZoho walks through the simulator's pages as a person would and returns the address
// that they lead back to.
func (v *Visitor) AtZoho(address string, a zohosim.Approval) string {
	v.t.Helper()
	jar, err := cookiejar.New(nil)
	must(v.t, err)
	callback, err := zohosim.Approve(&http.Client{Jar: jar}, address, a)
	must(v.t, err)
	return callback
}

// SignIn goes the whole way by the connector, as the simulator's person with that
// e-mail address, and returns the answer to the callback.
func (v *Visitor) SignIn(email string) Answer {
	v.t.Helper()
	return v.SignInAt("/api/sso/login/"+v.s.Connector.Reference, email)
}

// SignInAt is [Visitor.SignIn] that begins at another address.
func (v *Visitor) SignInAt(start, email string) Answer {
	v.t.Helper()
	return v.Get(v.AtZoho(v.Leave(start), zohosim.Approval{User: email}))
}

// Cookies are those that the browser keeps.
func (v *Visitor) Cookies() []*http.Cookie {
	v.t.Helper()
	return v.Client.Jar.Cookies(v.origin())
}

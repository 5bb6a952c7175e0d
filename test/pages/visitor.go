package pages

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/sso/session"
	"latchkey/zohosim"
)

// Visitor is somebody with a browser that keeps cookies, follows no redirect, and runs
// no script.
type Visitor struct {
	s        *Site
	t        testing.TB
	client   *http.Client
	Language string // "fr" asks for French; empty: English
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
	return &Visitor{s: s, t: t, client: &http.Client{
		Jar: jar, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// SignedIn is somebody new with these roles, who is signed in.
func (s *Site) SignedIn(t testing.TB, name string, roles ...string) *Visitor {
	t.Helper()
	v, u := s.Visitor(t), s.User(name, roles...)
	v.setCookie(s.session(t, u))
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
	value, _, err := s.Sessions.Begin(t.Context(), s.Browser, session.Start{
		User: u.ID, UserVersion: u.Version, Means: session.Password, Address: "127.0.0.1", UserAgent: "test", Settings: sso.DefaultSettings(),
	})
	must(t, err)
	return &http.Cookie{Name: s.Sessions.CookieName(session.SessionCookie), Value: value.Reveal(), Path: "/"}
}

func (v *Visitor) setCookie(c *http.Cookie) {
	v.t.Helper()
	u, err := url.Parse(v.s.Origin)
	must(v.t, err)
	v.client.Jar.SetCookies(u, []*http.Cookie{c})
}

// Answer is a response that was read.
type Answer struct {
	*http.Response
	Body string
}

var markup = regexp.MustCompile(`<[^>]*>`)

// Text is what stands on the page, without its markup.
func (a Answer) Text() string {
	return html.UnescapeString(strings.Join(strings.Fields(markup.ReplaceAllString(a.Body, " ")), " "))
}

// To is where a redirect leads.
func (a Answer) To() string { return a.Header.Get("Location") }

// Get opens a page.
func (v *Visitor) Get(path string) Answer {
	v.t.Helper()
	return v.send(http.MethodGet, path, nil)
}

func (v *Visitor) send(method, path string, form url.Values) Answer {
	v.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = v.s.Origin + path
	}
	r, err := http.NewRequestWithContext(v.t.Context(), method, path, strings.NewReader(form.Encode()))
	must(v.t, err)
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Accept-Language", v.Language)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", v.s.Origin)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	response, err := v.client.Do(r)
	must(v.t, err)
	body, err := io.ReadAll(response.Body)
	must(v.t, err)
	must(v.t, response.Body.Close())
	return Answer{response, string(body)}
}

// Post sends a form that no page made.
func (v *Visitor) Post(path string, form url.Values) Answer {
	v.t.Helper()
	return v.send(http.MethodPost, path, form)
}

// Submit sends the form of a page with this action as the page fills it in, but for
// the pairs of names and values, which are typed. A name that is given twice is sent
// twice.
func (v *Visitor) Submit(a Answer, action string, typed ...string) Answer {
	v.t.Helper()
	form, ok := filledIn(v.t, a.Body, action)
	if !ok {
		v.t.Fatalf("there is no form for %s on the page %d: %s", action, a.StatusCode, a.Text())
	}
	for i := 0; i < len(typed); i += 2 {
		form.Del(typed[i])
	}
	for i := 0; i < len(typed); i += 2 {
		form.Add(typed[i], typed[i+1])
	}
	return v.Post(action, form)
}

// SignIn goes the whole way by the connector, as the simulator's person with that
// e-mail address, and returns the answer to the callback.
func (v *Visitor) SignIn(email string) Answer {
	v.t.Helper()
	led := v.Get("/api/sso/login/" + v.s.Connector.Reference)
	if led.StatusCode != http.StatusSeeOther {
		v.t.Fatalf("the SSO login URL answered %d: %s", led.StatusCode, led.Text())
	}
	jar, err := cookiejar.New(nil)
	must(v.t, err)
	callback, err := zohosim.Approve(&http.Client{Jar: jar}, led.To(), zohosim.Approval{User: email})
	must(v.t, err)
	return v.Get(callback)
}

// Cookies are those that the browser keeps.
func (v *Visitor) Cookies() []*http.Cookie {
	v.t.Helper()
	u, err := url.Parse(v.s.Origin)
	must(v.t, err)
	return v.client.Jar.Cookies(u)
}

package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// firstVisitor is somebody with a browser that finds every host at one server. It
// follows no redirect.
type firstVisitor struct {
	*http.Client
	t *testing.T
}

func (s *server) visitor(t *testing.T) firstVisitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, s.public)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return firstVisitor{&http.Client{Jar: jar, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, t}
}

// asks returns the status, where it leads, and the page.
func (v firstVisitor) asks(address string, form url.Values) (int, string, string) {
	v.t.Helper()
	method, body := http.MethodGet, ""
	if form != nil {
		method, body = http.MethodPost, form.Encode()
	}
	r, err := http.NewRequestWithContext(v.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Accept-Language", "fr")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := v.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return answer.StatusCode, answer.Header.Get("Location"), string(page)
}

var (
	firstLink  = regexp.MustCompile(`http://setup\.localhost:8080/first-run/[\w-]{43}`)
	invitation = regexp.MustCompile(`http://acme\.localhost:8080/invitations/[\w-]{43}`)
	formToken  = regexp.MustCompile(`name="csrf" value="([^"]+)"`)
)

// TestFromAnEmptyInstallationToItsOverview follows the link that the first start shows
// as a person would, without a script, in French.
func TestFromAnEmptyInstallationToItsOverview(t *testing.T) {
	environ := newSettings(t)
	s := serve(t, environ...)
	for !firstLink.MatchString(s.said.String()) {
		<-s.said.more // it is printed right after the server says that it is ready
	}
	start := firstLink.FindString(s.said.String())
	v := s.visitor(t)
	if status, _, page := v.asks(start, nil); status != http.StatusOK || !strings.Contains(page, "Bienvenue") || strings.Contains(page, "⟦") {
		t.Fatalf("%d %s", status, page)
	}
	for _, elsewhere := range []string{
		strings.Replace(start, "setup.", "acme.", 1), "http://setup.localhost:8080/", "http://setup.localhost:8080/login",
	} {
		if status, _, _ := v.asks(elsewhere, nil); status != http.StatusMisdirectedRequest {
			t.Errorf("%s answers %d", elsewhere, status)
		}
	}
	if status, _, _ := v.asks(start[:len(start)-1]+"_", nil); status != http.StatusNotFound {
		t.Errorf("a link that was made up: %d", status)
	}
	form := url.Values{"name": {"Acme"}, "slug": {"Not a slug"}, "user_name": {"ada@example.com"}, "display_name": {"Ada"}}
	if status, _, page := v.asks(start, form); status != http.StatusUnprocessableEntity || !strings.Contains(page, "tirets") || !strings.Contains(page, "Not a slug") {
		t.Errorf("a slug that is none: %d %s", status, page)
	}
	form.Set("slug", "acme")
	status, _, page := v.asks(start, form)
	next := invitation.FindString(page)
	if status != http.StatusOK || next == "" {
		t.Fatalf("%d %s", status, page)
	}
	for _, again := range []url.Values{nil, form} {
		if status, _, _ := v.asks(start, again); status != http.StatusMisdirectedRequest {
			t.Errorf("once more: %d", status)
		}
	}
	_, _, page = v.asks(next, nil)
	token := formToken.FindStringSubmatch(page)
	if token == nil {
		t.Fatal(page)
	}
	const password = "horses do not staple batteries"
	status, to, page := v.asks(next, url.Values{"csrf": {token[1]}, "password": {password}, "again": {password}})
	if status != http.StatusSeeOther || to != "/" {
		t.Fatalf("%d to %q: %s", status, to, page)
	}
	_, _, page = v.asks("http://acme.localhost:8080/", nil)
	for _, want := range []string{`href="/methods/new"`, `href="/system"`, "Ada"} {
		if !strings.Contains(page, want) {
			t.Errorf("the overview lacks %s: %s", want, page)
		}
	}
	s.Process.Signal(syscall.SIGTERM)
	s.ends()
	if strings.Contains(s.logged(), start[strings.LastIndex(start, "/")+1:]) {
		t.Error("the link is in the log")
	}
	again := serve(t, environ...)
	again.Process.Signal(syscall.SIGTERM)
	again.ends()
	if said := again.said.String(); said != "" {
		t.Errorf("though there is a tenant it is said: %s", said)
	}
}

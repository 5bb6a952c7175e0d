package canary_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"latchkey/test/fleet"
)

// visitor is somebody with a browser that finds every host of the installation at one
// server. It follows no redirect.
type visitor struct {
	t      *testing.T
	client *http.Client
	host   string
}

func newVisitor(t *testing.T, p *fleet.Process, host string) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, strings.TrimPrefix(p.Public(), "http://"))
	}}
	return &visitor{t, &http.Client{Jar: jar, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, "http://" + host}
}

// asks sends a form, or gets a page without one, and returns the status, where it
// leads and the page.
func (v *visitor) asks(path string, form url.Values) (status int, to, page string) {
	v.t.Helper()
	method, media := http.MethodGet, ""
	if form != nil {
		method, media = http.MethodPost, "application/x-www-form-urlencoded"
	}
	return v.sends(method, path, form.Encode(), http.Header{"Content-Type": {media}, "Accept": {"text/html"}})
}

func (v *visitor) sends(method, path, body string, header http.Header) (status int, to, page string) {
	v.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = v.host + path
	}
	r, err := http.NewRequestWithContext(v.t.Context(), method, path, strings.NewReader(body))
	must(v.t, err)
	r.Header = header
	answer, err := v.client.Do(r)
	must(v.t, err)
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	must(v.t, err)
	return answer.StatusCode, answer.Header.Get("Location"), string(content)
}

// cookies are those that the browser has of the host.
func (v *visitor) cookies() []*http.Cookie {
	u, err := url.Parse(v.host)
	must(v.t, err)
	return v.client.Jar.Cookies(u)
}

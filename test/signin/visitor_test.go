package signin_test

import (
	"context"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"latchkey/test/fleet"
	"latchkey/zohosim"
)

// towards finds hosts below .localhost on this machine, as browsers do, or all at one
// address if there is one.
func towards(t testing.TB, address string) *http.Transport {
	t.Helper()
	transport := &http.Transport{DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
		if host, port, err := net.SplitHostPort(to); err == nil && strings.HasSuffix(host, ".localhost") {
			if to = address; to == "" {
				to = net.JoinHostPort("127.0.0.1", port)
			}
		}
		return new(net.Dialer).DialContext(ctx, network, to)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// visitor is somebody with a browser that keeps cookies and follows no redirect.
type visitor struct {
	s      *site
	jar    *cookiejar.Jar
	client *http.Client
}

// visitor comes by way of nginx.
func (s *site) visitor() *visitor {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	must(s.t, err)
	return s.visitorWith(jar, "")
}

func (s *site) visitorWith(jar *cookiejar.Jar, address string) *visitor {
	return &visitor{s, jar, &http.Client{
		Jar: jar, Transport: towards(s.t, address),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// at is the same browser, of which this server gets the requests.
func (v *visitor) at(p *fleet.Process) *visitor {
	return v.s.visitorWith(v.jar, hostPort(v.s.t, p.Public()))
}

// answer is a response that was read.
type answer struct {
	*http.Response
	body string
}

var markup = regexp.MustCompile(`<[^>]*>`)

// text is what stands on the page, without its markup.
func (a answer) text() string {
	return strings.Join(strings.Fields(markup.ReplaceAllString(a.body, " ")), " ")
}

// to is where a redirect leads, without the site's own origin.
func (a answer) to(s *site) string { return strings.TrimPrefix(a.Header.Get("Location"), s.origin) }

// send makes a request of a browser; headers are names and values. Host is taken for
// what it is.
func (v *visitor) send(method, address string, form url.Values, headers ...string) answer {
	t := v.s.t
	t.Helper()
	if strings.HasPrefix(address, "/") {
		address = v.s.origin + address
	}
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	must(t, err)
	r.Header.Set("Accept", "text/html")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	r.Host = r.Header.Get("Host")
	response, err := v.client.Do(r)
	must(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	must(t, err)
	return answer{response, string(body)}
}

func (v *visitor) get(address string, headers ...string) answer {
	v.s.t.Helper()
	return v.send(http.MethodGet, address, nil, headers...)
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([a-z_]+)" value="([^"]*)">`)

// submit sends the form of a page with this action, with what is filled in.
func (v *visitor) submit(a answer, action string, filled ...string) answer {
	v.s.t.Helper()
	_, rest, ok := strings.Cut(a.body, `action="`+action+`"`)
	if !ok {
		v.s.t.Fatalf("there is no form for %s on the page %d: %s", action, a.StatusCode, a.text())
	}
	whole, _, _ := strings.Cut(rest, "</form>")
	form := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(whole, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	for i := 0; i < len(filled); i += 2 {
		form.Set(filled[i], filled[i+1])
	}
	return v.send(http.MethodPost, action, form, "Origin", v.s.origin, "Sec-Fetch-Site", "same-origin")
}

// signIn goes the whole way by the address of a connector and returns the answer to
// the callback.
func (v *visitor) signIn(start, email string) answer {
	v.s.t.Helper()
	led := v.get(start)
	if led.StatusCode != http.StatusSeeOther {
		v.s.t.Fatalf("%s answered %d: %s", start, led.StatusCode, led.text())
	}
	return v.get(v.atZoho(led.Header.Get("Location"), email))
}

// atZoho walks Zoho's pages and returns the address that they lead back to.
func (v *visitor) atZoho(address, email string) string {
	v.s.t.Helper()
	callback, err := zohosim.Approve(&http.Client{Transport: towards(v.s.t, "")}, address, zohosim.Approval{User: email})
	must(v.s.t, err)
	return callback
}

// logout signs out as a page of the host does.
func (v *visitor) logout() answer {
	v.s.t.Helper()
	return v.send(http.MethodPost, "/api/sso/logout", url.Values{}, "Origin", v.s.origin, "Sec-Fetch-Site", "same-origin")
}

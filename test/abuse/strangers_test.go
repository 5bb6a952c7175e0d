package abuse

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// strangers are those who ask for much and are nobody. Their addresses are of this
// machine, and none is the administrator's.
type strangers struct {
	public string // host:port
	group  sync.WaitGroup

	cut      atomic.Int64 // connections that the server closed before they had said all
	answered sync.Map     // status → *atomic.Int64
}

func (s *strangers) count(status int) {
	n, _ := s.answered.LoadOrStore(status, new(atomic.Int64))
	n.(*atomic.Int64).Add(1)
}

func (s *strangers) seen(status int) int64 {
	n, ok := s.answered.Load(status)
	if !ok {
		return 0
	}
	return n.(*atomic.Int64).Load()
}

// dialer dials as one of the strangers.
func dialer(i int) *net.Dialer {
	return &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(i%4+1))}}
}

// drip opens a connection again and again and sends a request a byte at a time.
func (s *strangers) drip(ctx context.Context, i int) {
	for ctx.Err() == nil {
		conn, err := dialer(i).DialContext(ctx, "tcp", s.public)
		if err != nil {
			return
		}
		done := context.AfterFunc(ctx, func() { conn.Close() })
		for _, b := range []byte("GET /login HTTP/1.1\r\nHost: acme.localhost\r\nX-Slow: " + strings.Repeat("x", 1000)) {
			if _, err := conn.Write([]byte{b}); err != nil {
				s.cut.Add(1)
				break
			}
			pause(ctx, 100*time.Millisecond)
		}
		done()
		conn.Close()
		pause(ctx, 100*time.Millisecond)
	}
}

// hold opens a connection again and again and says nothing.
func (s *strangers) hold(ctx context.Context, i int) {
	for ctx.Err() == nil {
		conn, err := dialer(i).DialContext(ctx, "tcp", s.public)
		if err != nil {
			return
		}
		done := context.AfterFunc(ctx, func() { conn.Close() })
		_, _ = io.Copy(io.Discard, conn) // until the server has had enough
		s.cut.Add(1)
		done()
		conn.Close()
		pause(ctx, 100*time.Millisecond)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// browser is a browser of a stranger, or of the administrator.
func browser(public string, d *net.Dialer) *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // it never is one
	}
	return &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return d.DialContext(ctx, network, public)
		}},
	}
}

const site = "http://acme.localhost"

// ask sends a request and returns its status and body; 0 without an answer.
func ask(ctx context.Context, c *http.Client, method, address string, form url.Values) (int, string) {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return 0, ""
	}
	r.Header.Set("Accept", "text/html")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", site)
	}
	resp, err := c.Do(r)
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return 0, ""
	}
	return resp.StatusCode, string(text)
}

var token = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// logIn shows the login form and sends it.
func logIn(ctx context.Context, c *http.Client, name, password string) int {
	status, page := ask(ctx, c, "GET", site+"/login", nil)
	found := token.FindStringSubmatch(page)
	if status != http.StatusOK || found == nil {
		return status
	}
	status, _ = ask(ctx, c, "POST", site+"/login", url.Values{"csrf": {found[1]}, "name": {name}, "password": {password}})
	return status
}

// guess tries passwords.
func (s *strangers) guess(ctx context.Context, i int) {
	c := browser(s.public, dialer(i))
	defer c.CloseIdleConnections()
	for n := 0; ctx.Err() == nil; n++ {
		s.count(logIn(ctx, c, fmt.Sprintf("user-%d-%d", i, n), "some password or other"))
		pause(ctx, 200*time.Millisecond)
	}
}

// begin begins sign-ins, comes back from them wrongly, opens links, and asks for hosts and
// with keys that do not exist.
func (s *strangers) begin(ctx context.Context, i int) {
	c := browser(s.public, dialer(i))
	defer c.CloseIdleConnections()
	for n := 0; ctx.Err() == nil; n++ {
		for _, address := range []string{
			site + "/api/sso/login/zoho", site + "/api/sso/login/oauth/callback?code=x&state=" + fmt.Sprint(n), site + "/invitations/x",
			fmt.Sprintf("http://host-%d-%d.localhost/", i, n), site + "/consents/cs_x/start?ticket=x", site + "/api/sso/session",
		} {
			status, _ := ask(ctx, c, "GET", address, nil)
			s.count(status)
		}
		pause(ctx, 200*time.Millisecond)
	}
}

// come has so many of each come at once.
func (s *strangers) come(t *testing.T, each int) {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(func() {
		cancel()
		s.group.Wait()
	})
	for i := range each {
		for _, what := range []func(context.Context, int){s.drip, s.hold, s.guess, s.begin} {
			s.group.Go(func() { what(ctx, i) })
		}
	}
}

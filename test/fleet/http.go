package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// client speaks to the public listener whatever host an address names, as a proxy
// before it would. Other addresses of this machine are dialled as they are.
func (p *Process) client(jar http.CookieJar) *http.Client {
	dialer := &net.Dialer{Timeout: time.Minute}
	return &http.Client{Jar: jar, Timeout: 2 * time.Minute, Transport: &http.Transport{
		DisableKeepAlives: true, // a server that ends waits for nobody
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if host, _, err := net.SplitHostPort(address); err == nil && strings.HasSuffix(host, ".localhost") {
				address = strings.TrimPrefix(p.Public(), "http://")
			}
			return dialer.DialContext(ctx, network, address)
		},
	}}
}

// Answered is the error of a call that was answered, but not with success.
type Answered struct {
	Method, Path string
	Status       int
	Body         []byte
}

func (a *Answered) Error() string {
	return fmt.Sprintf("fleet: %s %s answered %d: %.500s", a.Method, a.Path, a.Status, a.Body)
}

// Call makes a call to the administration API with the tenant's administrator's
// key. body and into may be nil. What is answered with anything but success is an
// *[Answered].
func (p *Process) Call(ctx context.Context, t *Tenant, method, path string, body, into any) error {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, publicURL.Origin(t.Slug)+path, content)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+t.Admin)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	status, answer, err := send(p.client(nil), r)
	if err != nil {
		return fmt.Errorf("fleet: %s %s: %w", method, path, err)
	}
	if status >= 300 {
		return &Answered{method, path, status, answer}
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}

// maxAnswer is above anything that a server answers.
const maxAnswer = 16 << 20

func send(c *http.Client, r *http.Request) (status int, body []byte, err error) {
	resp, err := c.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return resp.StatusCode, body, err
}

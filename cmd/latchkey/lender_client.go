package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
)

// lenderClient speaks to the internal listener of a running server.
type lenderClient struct {
	http *http.Client
	base string // scheme and host
	url  string // as configured, for messages
	key  secret.Text
}

// clientTimeout is longer than the server takes at most: it waits for a provider.
const clientTimeout = 40 * time.Second

// maxAnswer is far above any loan.
const maxAnswer = 1 << 20

// newLenderClient reads where the server is and the key to present. The key is
// never an argument: others can read those.
func newLenderClient(environ []string) (*lenderClient, error) {
	env, faults := values(environ)
	found := map[string]string{}
	for _, s := range clientSettings {
		value, _, err := env.find(s)
		if err != nil {
			faults = append(faults, err)
		}
		if value == "" {
			value = s.fallback
		}
		found[s.name] = value
	}
	c := &lenderClient{url: found["LATCHKEY_URL"], key: secret.New(found["LATCHKEY_API_KEY"])}
	if err := c.dial(); err != nil {
		faults = append(faults, err)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, &usageError{err: err, command: "token get"}
	}
	if c.key.IsZero() {
		return nil, &authmethods.Problem{
			Kind: authmethods.Unauthenticated, Code: authmethods.CodeInvalidAPIKey,
			Detail: "There is no API key: set LATCHKEY_API_KEY_FILE or LATCHKEY_API_KEY.",
		}
	}
	return c, nil
}

// dial prepares the transport. It knows no proxy and follows no redirect: either
// would carry the key elsewhere.
func (c *lenderClient) dial() error {
	transport := &http.Transport{}
	c.base = strings.TrimSuffix(c.url, "/")
	if path, ok := strings.CutPrefix(c.url, "unix:"); ok {
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		}
		c.base = "http://latchkey"
	} else if u, err := url.Parse(c.url); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
		return fmt.Errorf("LATCHKEY_URL: %s is not http://HOST:PORT, https://HOST or unix:PATH", strconv.Quote(c.url))
	}
	c.http = &http.Client{
		Transport: transport, Timeout: clientTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return nil
}

// lend asks for a loan and returns the server's answer as it came.
func (c *lenderClient) lend(ctx context.Context, request map[string]any) ([]byte, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("writing the request: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/internal/v1/tokens", bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("writing the request: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+c.key.Reveal())
	r.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, &refusal{
			what:      "No server answers at " + c.url + ".",
			cause:     "«latchkey serve» does not run, or its LATCHKEY_INTERNAL_LISTEN is another address.",
			do:        "Start it, or set LATCHKEY_URL to its internal listener.",
			temporary: true, err: err,
		}
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("reading the answer of %s: %w", c.url, err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, problemOf(resp, answer)
	}
	return answer, nil
}

// kinds turns the status of an answer into the kind of a problem, the reverse of
// what the server does.
var kinds = map[int]authmethods.Kind{
	http.StatusBadRequest: authmethods.Invalid, http.StatusUnauthorized: authmethods.Unauthenticated,
	http.StatusForbidden: authmethods.Forbidden, http.StatusNotFound: authmethods.NotFound,
	http.StatusConflict: authmethods.HumanNeeded, http.StatusPreconditionFailed: authmethods.Stale,
	http.StatusRequestEntityTooLarge: authmethods.Invalid, http.StatusUnsupportedMediaType: authmethods.Invalid,
	http.StatusTooManyRequests: authmethods.Exhausted, http.StatusServiceUnavailable: authmethods.Unavailable,
	http.StatusBadGateway: authmethods.Unavailable, http.StatusGatewayTimeout: authmethods.Unavailable,
}

// problemOf reads an answer of application/problem+json (RFC 9457).
func problemOf(resp *http.Response, body []byte) error {
	var answer struct {
		Code      authmethods.Code         `json:"code"`
		Reason    authmethods.Code         `json:"reason"`
		Title     string                   `json:"title"`
		Detail    string                   `json:"detail"`
		RequestID string                   `json:"request_id"`
		Errors    []authmethods.FieldError `json:"errors"`
	}
	p := &authmethods.Problem{Kind: kinds[resp.StatusCode]}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Code == "" {
		p.Code = authmethods.CodeInternal
		p.Detail = fmt.Sprintf("The server answered %s and nothing that can be understood; is LATCHKEY_URL the internal listener?", resp.Status)
		return p
	}
	p.Code, p.Reason, p.Detail, p.Fields = answer.Code, answer.Reason, answer.Detail, answer.Errors
	if p.Detail == "" {
		p.Detail = answer.Title
	}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
		p.RetryAfter = time.Duration(seconds) * time.Second
	}
	if id := answer.RequestID; id != "" && p.Kind == authmethods.Internal {
		p.Detail += " (request " + id + ")"
	}
	return p
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

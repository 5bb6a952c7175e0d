package zohosim

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const bodyLimit = 1 << 20

// reply is an answer held back until the faults have had their way with it.
type reply struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// call is one request to one virtual host, with its answer in the making.
type call struct {
	reply
	s        *Sim
	r        *http.Request
	host     host
	dc       *centre
	path     string
	form     url.Values
	received time.Time
	events   []uint64
	after    []func() // run when the answer is about to leave
}

// ServeHTTP serves every virtual host, the control API under /_sim/ and an index page.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h, path, ok := s.locate(r)
	if !ok {
		s.serveControl(w, r)
		return
	}
	if path == "/_sim/style.css" {
		s.style(w, r)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, bodyLimit)
	// A body that is neither kind of form stays unread; the handlers that want JSON read it.
	_ = r.ParseMultipartForm(bodyLimit)
	c := &call{s: s, r: r, host: h, dc: h.dc, path: path, form: r.Form, received: s.clock.Now()}
	c.reply = reply{header: http.Header{}, status: http.StatusOK}
	defer c.finish()
	if path == "/oauth/v2/token" && c.form.Get("refresh_token") != "" {
		c.after = append(c.after, s.overlap.enter(Fingerprint(c.form.Get("refresh_token"))))
	}
	fault := s.faults.next(c)
	if fault != nil {
		s.serveFault(w, c, *fault)
		return
	}
	c.apply()
	c.finish()
	c.send(w)
}

func (c *call) apply() {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.s.dispatch(c)
}

// finish closes the books on a call. It runs before the first byte of the answer leaves, since a
// fast client could otherwise come back while its last request still counted as open.
func (c *call) finish() {
	for i := len(c.after) - 1; i >= 0; i-- {
		c.after[i]()
	}
	c.s.log.answered(c.events, c.s.clock.Now())
	c.after, c.events = nil, nil
}

func (c *call) send(w http.ResponseWriter) {
	for name, values := range c.header {
		w.Header()[name] = values
	}
	skew := time.Duration(c.s.Switches().ClockSkewSeconds) * time.Second
	w.Header().Set("Date", c.s.clock.Now().Add(skew).UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Length", strconv.Itoa(c.body.Len()))
	if c.status == http.StatusNoContent {
		w.Header().Del("Content-Length")
	}
	w.WriteHeader(c.status)
	if c.status != http.StatusNoContent {
		_, _ = w.Write(c.body.Bytes()) // a client that has gone is no concern of the provider
	}
}

func (c *call) json(status int, v any) {
	c.status = status
	c.header.Set("Content-Type", "application/json;charset=UTF-8")
	c.body.Reset()
	encoder := json.NewEncoder(&c.body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		c.status = http.StatusInternalServerError
	}
}

func (c *call) redirect(to string) {
	c.status = http.StatusFound
	c.header.Set("Location", to)
	c.header.Set("Cache-Control", "no-store")
}

// accounts is the address of a page on the accounts server of a data centre.
func (c *call) accounts(dc *centre, path string, query url.Values) string {
	to := c.s.origin(dc.accounts) + path
	if len(query) > 0 {
		to += "?" + query.Encode()
	}
	return to
}

// credentials reads the client's ID and secret from the form, or from Basic authentication.
func (c *call) credentials() (id, secret string) {
	id, secret = c.form.Get("client_id"), c.form.Get("client_secret")
	if user, password, ok := c.r.BasicAuth(); ok && !c.s.sw.NoBasicAuth {
		if u, err := url.QueryUnescape(user); err == nil {
			user = u
		}
		if p, err := url.QueryUnescape(password); err == nil {
			password = p
		}
		return or(id, user), or(secret, password)
	}
	return id, secret
}

// bearer reads the access token, under Zoho's own scheme or the standard one.
func (c *call) bearer() string {
	scheme, token, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "Zoho-oauthtoken") {
		return strings.TrimSpace(token)
	}
	return ""
}

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

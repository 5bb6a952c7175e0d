package upstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"latchkey/tokens"
)

// Call is a call to a provider's API.
type Call struct {
	Method  string // empty: GET
	URL     string
	Headers []tokens.Header
}

// Flaw says why a reply could not be used.
type Flaw string

// The flaws.
const (
	FlawHTML    Flaw = "an HTML page"
	FlawNotJSON Flaw = "not JSON"
	FlawCut     Flaw = "cut short"
	FlawTooLong Flaw = "too long"
)

// ReplyError is a reply that is not the JSON that was asked for.
type ReplyError struct {
	Host   string
	Status int
	Flaw   Flaw
}

// Error implements error.
func (e *ReplyError) Error() string {
	return fmt.Sprintf("the reply of %s with status %d is %s", e.Host, e.Status, e.Flaw)
}

// keptHeaders are the headers of replies that say something about the call.
var keptHeaders = []string{"Content-Type", "Date", "Retry-After", "Www-Authenticate"}

// GetJSON makes one API call and decodes its reply, whatever the status, with
// numbers as [json.Number]. An empty reply is a nil body. A reply that is not
// JSON is a *ReplyError beside its status; where there was no reply at all,
// errors.As finds a *tokens.Failure.
func (c *Client) GetJSON(ctx context.Context, in Call) (status int, header http.Header, body any, err error) {
	w := call{what: "API call", method: in.Method, url: in.URL, header: http.Header{}}
	if w.method == "" {
		w.method = http.MethodGet
	}
	for _, h := range in.Headers {
		w.header.Set(h.Name, h.Value.Reveal())
	}
	return c.json(ctx, w)
}

func (c *Client) json(ctx context.Context, w call) (int, http.Header, any, error) {
	resp, err := c.do(ctx, w)
	if err != nil {
		return 0, nil, nil, err
	}
	header := http.Header{}
	for _, name := range keptHeaders {
		if values := resp.Header.Values(name); len(values) > 0 {
			header[name] = values
		}
	}
	raw, err := readBody(resp, maxBody)
	flawed := &ReplyError{Host: hostOf(w.url), Status: resp.StatusCode, Flaw: FlawNotJSON}
	switch {
	case errors.Is(err, errBodyTooLong):
		flawed.Flaw = FlawTooLong
		return resp.StatusCode, header, nil, flawed
	case err != nil && !completeObject(raw):
		flawed.Flaw = FlawCut
		return resp.StatusCode, header, nil, flawed
	case len(bytes.TrimSpace(raw)) == 0:
		return resp.StatusCode, header, nil, nil
	}
	body, err := decode(raw)
	if err != nil {
		if isHTML(header.Get("Content-Type"), raw) {
			flawed.Flaw = FlawHTML
		}
		return resp.StatusCode, header, nil, flawed
	}
	return resp.StatusCode, header, body, nil
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// decode reads exactly one JSON value. What servers call it does not matter.
func decode(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(raw, byteOrderMark)))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, errors.New("upstream: not JSON") // the cause quotes the input
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("upstream: more than one JSON value")
	}
	return value, nil
}

func isHTML(contentType string, raw []byte) bool {
	kind, _, _ := mime.ParseMediaType(contentType)
	trimmed := bytes.TrimSpace(bytes.TrimPrefix(raw, byteOrderMark))
	return kind == "text/html" || kind == "application/xhtml+xml" ||
		strings.HasPrefix(string(trimmed[:min(len(trimmed), 1)]), "<")
}

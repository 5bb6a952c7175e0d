package route

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"latchkey/authmethods"
	"latchkey/sso/session"
)

// Call is a request that passed all gates, with what they found out.
type Call struct {
	echo.Context
	RequestID string
	Listener  Listener // the one it came in by
	// Tenant is that of the host; zero on the internal listener.
	Tenant authmethods.Tenant
	// Service is the one whose key was presented; zero where none is needed.
	Service authmethods.Service
	// Person is who is signed in, where a route needs somebody who is; nil if it was
	// a program that called.
	Person *session.Present
	// Frozen is what is stopped for the tenant, where somebody is signed in.
	Frozen []authmethods.Freeze
	// Caller acts in Tenant; on the internal listener it is zero, since a service
	// of the platform acts in many tenants.
	Caller authmethods.Caller
	// Refused is what was refused inside an answer that is good as a whole.
	Refused []error
	// Notes are added to the one line that the log has for the request.
	Notes []slog.Attr
	room  [4]slog.Attr // of the first notes
}

// Note adds to the log's line. Neither secrets nor what the client sent belong in
// it, unless it was found to name something here.
func (c *Call) Note(key, value string) {
	if c.Notes == nil {
		c.Notes = c.room[:0]
	}
	c.Notes = append(c.Notes, slog.String(key, value))
}

// Reply answers with v as JSON. It is encoded before anything is sent, so that a
// value that refuses, such as a secret, gives a fault and not half an answer.
func (c *Call) Reply(status int, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // addresses are to be copied from a terminal
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("route: encoding an answer: %w", err)
	}
	return c.ReplyBytes(status, b.Bytes())
}

// typeJSON is the Content-Type of our answers, shared by all: [http.Header.Set]
// replaces it, and Add makes a copy.
var typeJSON = slices.Clip([]string{echo.MIMEApplicationJSON})

// buffered is how long an answer may be for net/http to find out its length itself,
// at less cost.
const buffered = 2 << 10

// ReplyBytes answers with JSON that is encoded already.
func (c *Call) ReplyBytes(status int, b []byte) error {
	w := c.Response()
	w.Header()[echo.HeaderContentType] = typeJSON
	if len(b) > buffered {
		w.Header().Set(echo.HeaderContentLength, strconv.Itoa(len(b)))
	}
	w.WriteHeader(status)
	_, err := w.Write(b)
	return err
}

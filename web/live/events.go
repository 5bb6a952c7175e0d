package live

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/sso/session"
	"latchkey/web/route"
)

// Handlers answer open pages. All fields are needed.
type Handlers struct {
	Hub      *Hub
	Sessions *session.Sessions
}

const (
	// breath is the least time between two events of a stream, however much changes.
	breath = time.Second
	// beat is how often a stream shows that it lives, and that its session does.
	beat = 20 * time.Second
	// lookAfter is how many beats pass until a page is told to look although nothing was
	// heard of: not everything that a page shows is announced to all processes.
	lookAfter = 3
	// patience is how long one write may take.
	patience = 10 * time.Second
)

// Events is GET /events: a stream of server-sent events, one for each change of
// something that pages show. It ends with the session.
func (h *Handlers) Events(c *route.Call) error {
	if !strings.Contains(c.Request().Header.Get("Accept"), "text/event-stream") {
		return authmethods.InvalidField("", "This is a stream of server-sent events. Who asks for it accepts text/event-stream.")
	}
	l, stop := h.Hub.listen(c.Tenant.ID, c.Person.User.ID)
	if l == nil {
		return &authmethods.Problem{
			Kind: authmethods.Exhausted, Code: authmethods.CodeTooManyRequests, RetryAfter: time.Minute,
			Detail: "As many pages as may are following changes already.",
		}
	}
	defer stop()
	w := c.Response()
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // proxies pass on each event at once
	s := stream{w: w, control: http.NewResponseController(w)}
	w.WriteHeader(http.StatusOK)
	if err := s.send("retry: 5000\n\n"); err != nil {
		return nil //nolint:nilerr // the page is closed
	}
	return h.follow(c, l, &s)
}

// follow passes on what changes until the page is closed or the session is over.
func (h *Handlers) follow(c *route.Call, l *listener, s *stream) error {
	ctx := c.Request().Context()
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for beats := 0; ; {
		said := ": alive\n\n"
		select {
		case <-ctx.Done():
			return nil
		case _, open := <-l.wake:
			if !open {
				return nil
			}
			if kind := h.Hub.take(l); kind != "" {
				said = fmt.Sprintf("data: %s\n\n", kind)
			}
			beats = 0
			pause(ctx, breath)
		case <-tick.C:
			if left, err := h.Sessions.Left(ctx, c.Tenant.ID, c.Person.Session.ID); err == nil && left <= 0 {
				_ = s.send("event: over\ndata: over\n\n") // it is over in any case
				return nil
			}
			if beats++; beats%lookAfter == 0 {
				said = "data: " + several + "\n\n"
			}
		}
		if err := s.send(said); err != nil {
			return nil //nolint:nilerr // the page is closed
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// stream writes events, each of which leaves at once.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// send writes; what cannot set a deadline, such as a recorder, has none to move.
func (s *stream) send(text string) error {
	_ = s.control.SetWriteDeadline(time.Now().Add(patience))
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.control.Flush()
}

package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"latchkey/authmethods"
	"latchkey/crypto/token"
	"latchkey/sso"
	"latchkey/web/httperr"
	"latchkey/web/route"
)

// watch is around everything: it names the request, sets the headers that every
// answer has, turns errors and panics into answers, and writes one line about it.
func (s *server) watch(next echo.HandlerFunc) echo.HandlerFunc {
	return func(ec echo.Context) error {
		began := time.Now()
		// Never the client's own id: logs and audit are searched by it.
		c := &route.Call{Context: ec, RequestID: token.NewID("req"), Listener: s.listener}
		s.setHeaders(c)
		err := s.guarded(c, next)
		if err != nil {
			err = s.answer(c, err)
		}
		s.refused(c, err)
		s.report(c, err, time.Since(began))
		return nil
	}
}

// guarded runs the handler and gives a panic the form of an error.
func (s *server) guarded(c *route.Call, next echo.HandlerFunc) (err error) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		if r == http.ErrAbortHandler { // asks for exactly this
			panic(r)
		}
		err = fmt.Errorf("web: panic: %v", r)
		s.Log.Error("panic in a handler", "request_id", c.RequestID, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
	}()
	switch c.Request().Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodDelete:
	default:
		return httperr.MethodNotAllowed()
	}
	if err := s.gate(c); err != nil {
		return err
	}
	return next(c)
}

// answer renders an error, unless an answer has begun, and returns it for the log.
func (s *server) answer(c *route.Call, err error) error {
	if c.Response().Committed {
		return err
	}
	p := httperr.Of(err)
	c.Note("code", string(p.Code))
	if to, ok := s.signInFirst(c, p); ok {
		return c.SeeOther(to)
	}
	write := func() error { return httperr.AnswerJSON(c, p) }
	if s.wantsPage(c) {
		write = func() error { return httperr.AnswerPage(c, p) }
	}
	return errors.Join(err, write())
}

// signInFirst returns where somebody signs in who asked for a page without being
// signed in, and comes back from.
func (s *server) signInFirst(c *route.Call, p *authmethods.Problem) (string, bool) {
	if p.Code != authmethods.CodeNotSignedIn || !s.wantsPage(c) || strings.HasPrefix(c.Path(), "/api/") {
		return "", false
	}
	q := url.Values{"notice": {"sign-in"}}
	if wanted := c.Request().URL.RequestURI(); c.Request().Method == http.MethodGet && sso.MatchReturn(wanted, nil) {
		q.Set("return_to", wanted)
	}
	return "/login?" + q.Encode(), true
}

// wantsPage reports whether a fault is shown as a page: where people are expected,
// and at addresses that do not exist if a browser asks.
func (s *server) wantsPage(c *route.Call) bool {
	if s.listener != route.Public || strings.HasPrefix(c.Request().URL.Path, "/api/v1") {
		return false
	}
	accept := c.Request().Header.Get("Accept")
	html, machine := strings.Contains(accept, "text/html"), strings.Contains(accept, "json")
	if s.pages[c.Path()] {
		return html || !machine
	}
	return html
}

// report writes the one line of a request. Addresses are logged as routes:
// queries carry codes and states.
func (s *server) report(c *route.Call, err error, took time.Duration) {
	status, path := c.Response().Status, c.Path()
	if path == "" || status == http.StatusMethodNotAllowed {
		path = "unmatched"
	}
	method := c.Request().Method
	if status == http.StatusMethodNotAllowed {
		method = "other" // anybody can invent one
	}
	s.counted.request(s.listener, method, path, status, took)
	level := slog.LevelInfo
	switch {
	case status >= 500 && !errors.Is(err, authmethods.Unavailable):
		level = slog.LevelError
	case status >= 500:
		level = slog.LevelWarn
	case status < 400 && s.quiet[path]:
		level = slog.LevelDebug
	}
	if !s.Log.Enabled(c.Request().Context(), level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request_id", c.RequestID), slog.String("listener", listenerName(s.listener)),
		slog.String("method", method), slog.String("route", path), slog.Int("status", status),
		slog.Float64("ms", float64(took.Microseconds())/1000), slog.String("ip", c.RealIP()),
	}
	if c.Tenant.Slug != "" {
		attrs = append(attrs, slog.String("tenant", c.Tenant.Slug))
	}
	if c.Service.ID != "" {
		attrs = append(attrs, slog.String("actor", string(c.Service.ID)))
	}
	attrs = append(attrs, c.Notes...)
	if err != nil && level >= slog.LevelWarn {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	s.Log.LogAttrs(context.WithoutCancel(c.Request().Context()), level, "request", attrs...)
}

func listenerName(l route.Listener) string {
	if l == route.Internal {
		return "internal"
	}
	return "public"
}

package web_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/web"
)

// listening serves a handler as the program does, and returns its address.
func listening(t *testing.T, h http.Handler) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute, MaxHeaderBytes: 16 << 10, DisableGeneralOptionsHandler: true}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(web.Listener(l, true)) }()
	t.Cleanup(func() {
		must(t, server.Close())
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// say sends bytes and reads the one answer to them.
func say(t *testing.T, address, text string) *http.Response {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	must(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, text)
	must(t, err)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	must(t, err)
	_, err = io.Copy(io.Discard, resp.Body)
	must(t, errors.Join(err, resp.Body.Close()))
	return resp
}

// TestOddRequestsGetTheHeadersOfEveryAnswer speaks to real sockets of both listeners.
// also what net/http answers by itself has every header. R-46: and none of CORS.
func TestOddRequestsGetTheHeadersOfEveryAnswer(t *testing.T) {
	s := newStack(t)
	public, internal := listening(t, s.public), listening(t, s.internal)
	const host = "Host: acme.latchkey.test\r\n"
	for name, c := range map[string]struct {
		text             string
		public, internal int
	}{
		"a page":                     {"GET /login HTTP/1.1\r\n" + host + "\r\n", 200, 404},
		"nothing there":              {"GET /nothing HTTP/1.1\r\n" + host + "\r\n", 404, 404},
		"a redirect":                 {"GET / HTTP/1.1\r\n" + host + "Accept: text/html\r\n\r\n", 303, 404},
		"a static file":              {"GET /static/x HTTP/1.1\r\n" + host + "\r\n", 404, 404},
		"health":                     {"GET /livez HTTP/1.1\r\n" + host + "\r\n", 200, 200},
		"TRACE":                      {"TRACE /login HTTP/1.1\r\n" + host + "\r\n", 405, 405},
		"OPTIONS, a preflight":       {"OPTIONS /api/v1/auth-methods HTTP/1.1\r\n" + host + "Origin: https://evil.example\r\nAccess-Control-Request-Method: POST\r\n\r\n", 405, 405},
		"OPTIONS of everything":      {"OPTIONS * HTTP/1.1\r\n" + host + "\r\n", 405, 405},
		"CONNECT":                    {"CONNECT acme.latchkey.test:443 HTTP/1.1\r\n" + host + "\r\n", 405, 405},
		"a method of their own":      {"BREW /login HTTP/1.1\r\n" + host + "\r\n", 405, 405},
		"another site's form":        {"POST /login HTTP/1.1\r\n" + host + "Origin: https://evil.example\r\nContent-Length: 0\r\n\r\n", 403, 403},
		"HTTP/1.0 without a host":    {"GET /login HTTP/1.0\r\n\r\n", 421, 404},
		"HTTP/1.1 without a host":    {"GET /login HTTP/1.1\r\n\r\n", 400, 400},
		"two hosts":                  {"GET /login HTTP/1.1\r\n" + host + "Host: globex.latchkey.test\r\n\r\n", 400, 400},
		"another host":               {"GET /login HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421, 404},
		"an absolute line of ours":   {"GET http://acme.latchkey.test/login HTTP/1.1\r\nHost: evil.example\r\n\r\n", 200, 404},
		"an absolute line elsewhere": {"GET http://evil.example/login HTTP/1.1\r\n" + host + "\r\n", 421, 404},
		"a forwarded host":           {"GET /login HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: acme.latchkey.test\r\n\r\n", 421, 404},
		"headers that are too large": {"GET /login HTTP/1.1\r\n" + host + "X: " + strings.Repeat("x", 40<<10) + "\r\n\r\n", 431, 431},
		"no HTTP":                    {"hello\r\n\r\n", 400, 400},
		"an unknown encoding":        {"POST /login HTTP/1.1\r\n" + host + "Transfer-Encoding: odd\r\n\r\n", 501, 501},
	} {
		t.Run(name, func(t *testing.T) {
			for address, want := range map[string]int{public: c.public, internal: c.internal} {
				got := say(t, address, c.text)
				if got.StatusCode != want {
					t.Errorf("status %d, want %d", got.StatusCode, want)
				}
				if got.Header.Get("X-Request-Id") == "" {
					got.Header.Set("X-Request-Id", "req_none") // net/http has none
				}
				checkHeaders(t, got.Header)
				if got.Header.Get("Server") != "" || got.Header.Get("X-Powered-By") != "" {
					t.Error("the answer names its server")
				}
			}
		})
	}
}

package upstream

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
	"latchkey/tokens"
)

const granted = `{"access_token":"` + plantedAccess + `","token_type":"Bearer","expires_in":3600}`

func TestSendIsOnePOSTWithTheClientInTheForm(t *testing.T) {
	p := serve(t, reply(200, "application/json", granted))
	answer, err := newClient(t).Send(t.Context(), refresh(p.URL+"/token?a=b"))
	if err != nil {
		t.Fatal(err)
	}
	if answer.Status != 200 || answer.ContentType != "application/json" || answer.Body.Reveal() != granted || answer.Truncated || answer.Date.IsZero() {
		t.Errorf("answer %+v", answer)
	}
	got := p.only(t)
	want := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {plantedRefresh}, "client_id": {"client"}, "client_secret": {plantedSecret}}
	if diff := cmp.Diff(want, got.form); diff != "" || got.method != "POST" || got.uri != "/token?a=b" {
		t.Errorf("%s %s (-want +got):\n%s", got.method, got.uri, diff)
	}
	header := http.Header{
		"Accept": {"application/json"}, "Accept-Encoding": {"identity"}, "User-Agent": {"Latchkey"},
		"Content-Type": {"application/x-www-form-urlencoded"}, "Content-Length": got.header["Content-Length"],
	}
	if diff := cmp.Diff(header, got.header); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

//
func TestClientAuthentication(t *testing.T) {
	for _, test := range []struct {
		name          string
		style         catalog.ClientAuth
		client        authmethods.Client
		authorization string // decoded
		form          url.Values
	}{
		{"post", catalog.ClientAuthPost, authmethods.Client{ID: "a:b", Secret: secret.New("s&=+ é")}, "",
			url.Values{"client_id": {"a:b"}, "client_secret": {"s&=+ é"}}},
		{"post without a secret", catalog.ClientAuthPost, authmethods.Client{ID: "a"}, "", url.Values{"client_id": {"a"}}},
		{"basic is form-encoded first", catalog.ClientAuthBasic, authmethods.Client{ID: "a:b", Secret: secret.New("s&=+ é%")}, "a%3Ab:s%26%3D%2B+%C3%A9%25", url.Values{}},
		{"none", catalog.ClientAuthNone, authmethods.Client{ID: "a", Secret: secret.New("s")}, "", url.Values{"client_id": {"a"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := serve(t, reply(200, "application/json", granted))
			r := refresh(p.URL)
			r.Provider.ClientAuth, r.Client = test.style, test.client
			if _, err := newClient(t).Send(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			got := p.only(t)
			got.form.Del("grant_type")
			got.form.Del("refresh_token")
			id, password, _ := (&http.Request{Header: got.header}).BasicAuth()
			authorization := ""
			if got.header.Get("Authorization") != "" {
				authorization = id + ":" + password
			}
			if diff := cmp.Diff(test.form, got.form); diff != "" || authorization != test.authorization {
				t.Errorf("Authorization %q, form (-want +got):\n%s", authorization, diff)
			}
		})
	}
}

func TestClientCredentials(t *testing.T) {
	for _, test := range []struct {
		name, organization string
		want               url.Values
	}{
		{"names the organisation", "42", url.Values{"soid": {"ZohoSupport.42"}, "audience": {"x"}}},
		{"leaves out what needs an organisation that is not known", "", url.Values{"audience": {"x"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := serve(t, reply(200, "application/json", granted))
			r := tokens.Request{Registration: registration(p.URL)}
			r.Mode, r.Scopes, r.Organization = authmethods.ModeClientCredentials, []string{"a", "b"}, test.organization
			r.Provider.ScopeSeparator = ","
			r.Provider.ClientCredentialsParams = map[string]string{"soid": "ZohoSupport.{organization}", "audience": "x", "grant_type": "password"}
			if _, err := newClient(t).Send(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			test.want["grant_type"], test.want["scope"] = []string{"client_credentials"}, []string{"a,b"}
			test.want["client_id"], test.want["client_secret"] = []string{"client"}, []string{plantedSecret}
			if diff := cmp.Diff(test.want, p.only(t).form); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSendWithoutARefreshTokenSendsNothing(t *testing.T) {
	p := serve(t, reply(200, "application/json", granted))
	_, err := newClient(t).Send(t.Context(), tokens.Request{Registration: registration(p.URL)})
	if f := failureOf(t, err); f.Unanswered || len(p.all()) != 0 {
		t.Errorf("%+v after %d requests", f, len(p.all()))
	}
}

// Whatever the answer, there is one request, and what the engine reads from the
// answer says whether a rotated token may be lost.
func TestEveryAnswerComesOfOneRequest(t *testing.T) {
	cut := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n"
	for _, test := range []struct {
		name       string
		handler    http.HandlerFunc
		status     int
		truncated  bool
		unanswered bool
		tokens     bool
	}{
		{"a success", reply(200, "text/plain", granted), 200, false, false, true},
		{"a provider that is down", reply(503, "text/html", "<html>"), 503, false, false, false},
		{"a gateway that gave up", reply(504, "text/html", "<html>"), 504, false, true, false},
		{"a refusal", reply(400, "application/json", `{"error":"invalid_grant"}`), 400, false, false, false},
		{"a body that breaks off", raw(cut + granted[:40]), 200, true, true, false},
		{"a body that never comes", raw(cut), 200, true, true, false},
		{"an object that is whole though the connection broke", raw(cut + granted), 200, false, false, true},
		{"a huge body", reply(200, "application/json", `{"access_token":"`+strings.Repeat("x", maxTokenBody)+`"}`), 200, true, true, false},
		{"an empty success", reply(200, "application/json", ""), 200, false, true, false},
		{"a redirect nowhere", reply(302, "text/html", ""), 302, false, false, false},
		{"a redirect that no URL parser takes", raw("HTTP/1.1 302 Found\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n"), 302, false, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := serve(t, test.handler)
			r := refresh(p.URL)
			answer, err := newClient(t).Send(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			p.only(t)
			if answer.Status != test.status || answer.Truncated != test.truncated || len(answer.Body.Reveal()) > maxTokenBody {
				t.Errorf("status %d, truncated %v, %d bytes", answer.Status, answer.Truncated, len(answer.Body.Reveal()))
			}
			renewal, failure := tokens.Read(&r.Provider, answer)
			if (renewal != nil) != test.tokens || failure != nil && failure.Unanswered != test.unanswered {
				t.Errorf("the engine reads tokens: %v, failure: %+v", renewal != nil, failure)
			}
		})
	}
}

func TestNoAnswerAfterTheRequestWasRead(t *testing.T) {
	for _, test := range []struct{ name, answer string }{
		{"the connection closed", ""},
		{"something that is not HTTP", "220 smtp " + plantedAnswer + "\r\n"},
		{"a broken header", "HTTP/1.1 200 OK\r\n" + plantedAnswer + "\r\n\r\n"},
		{"endless headers", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat(plantedAnswer, 10_000) + "\r\n\r\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := serve(t, raw(test.answer))
			_, err := newClient(t).Send(t.Context(), refresh(p.URL+"/?q=CANARY"))
			f := failureOf(t, err)
			if diff := cmp.Diff(&tokens.Failure{Code: authmethods.CodeProviderDown, Unanswered: true}, f); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			p.only(t)
		})
	}
}

// net/http would send a request again that failed on a connection used before.
func TestAKeptConnectionThatClosesIsNotAskedTwice(t *testing.T) {
	first := true
	p := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if first {
			first = false
			reply(200, "application/json", granted)(w, r)
			return
		}
		raw("")(w, r)
	})
	c := newClient(t)
	if _, err := c.Send(t.Context(), refresh(p.URL)); err != nil {
		t.Fatal(err)
	}
	_, err := c.Send(t.Context(), refresh(p.URL))
	if f := failureOf(t, err); !f.Unanswered {
		t.Error("the request was read, and the failure says that it has no effect")
	}
	if n := len(p.all()); n != 2 {
		t.Errorf("%d requests for two calls", n)
	}
}

//
func TestThePlainClientRepeatsNoPOSTEither(t *testing.T) {
	first := true
	p := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if first {
			first = false
			return
		}
		raw("")(w, r)
	})
	c := newClient(t).HTTPClient()
	for range 2 {
		req, err := http.NewRequestWithContext(t.Context(), "POST", p.URL, strings.NewReader("a=b"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Idempotency-Key", "x")
		if resp, err := c.Do(req); err == nil {
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	}
	all := p.all()
	if len(all) != 2 || all[0].header.Get("Idempotency-Key") != "" {
		t.Errorf("%d requests for two calls, Idempotency-Key %q", len(all), all[0].header.Get("Idempotency-Key"))
	}
}

//
func TestThePlainClientBoundsEveryAnswer(t *testing.T) {
	p := serve(t, reply(200, "text/plain", strings.Repeat("x", maxBody+1)))
	req, err := http.NewRequestWithContext(t.Context(), "GET", p.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := newClient(t).HTTPClient().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if n, err := io.Copy(io.Discard, resp.Body); err == nil || n > maxBody {
		t.Errorf("%d bytes were read: %v", n, err)
	}
}

//
func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		target := serve(t, reply(200, "application/json", granted))
		p := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", target.URL)
			w.WriteHeader(status)
		})
		c := newClient(t)
		answer, err := c.Send(t.Context(), refresh(p.URL))
		if err != nil || answer.Status != status {
			t.Errorf("%d: answer %d, %v", status, answer.Status, err)
		}
		p.only(t)
		if _, _, _, err := c.GetJSON(t.Context(), Call{URL: p.URL}); err != nil {
			t.Errorf("%d: %v", status, err)
		}
		if n := len(target.all()); n != 0 {
			t.Errorf("%d: the target of the redirect was asked %d times", status, n)
		}
	}
}

func TestADeadlineEndsTheCall(t *testing.T) {
	for _, test := range []struct {
		name  string
		begin string // what comes before the silence
	}{
		{"before the headers", ""},
		{"within the body", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"access"},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			p := serve(t, func(w http.ResponseWriter, r *http.Request) {
				conn, _, err := w.(http.Hijacker).Hijack()
				if err != nil {
					panic(err)
				}
				defer conn.Close()
				io.WriteString(conn, test.begin)
				if test.begin == "" {
					cancel()
				}
				io.Copy(io.Discard, conn) // until the client hangs up
			})
			r := refresh(p.URL)
			c := newClient(t)
			c.http.Transport = onceAnswered{c.http.Transport, cancel}
			answer, err := c.Send(ctx, r)
			if (err == nil) != (test.begin != "") {
				t.Fatalf("answer %+v, %v", answer, err)
			}
			if err != nil {
				if f := failureOf(t, err); !f.Unanswered || !errors.Is(err, context.Canceled) {
					t.Errorf("%v, %+v", err, f)
				}
			} else if _, f := tokens.Read(&r.Provider, answer); f == nil || !f.Unanswered {
				t.Errorf("answer %+v reads as %+v", answer, f)
			}
			p.only(t)
		})
	}
}

// onceAnswered does something when the headers of an answer have come.
type onceAnswered struct {
	http.RoundTripper
	do func()
}

func (o onceAnswered) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := o.RoundTripper.RoundTrip(r)
	o.do()
	return resp, err
}

func TestATimeoutIsUnansweredExactlyIfTheRequestCame(t *testing.T) {
	p := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	_, err := newClient(t).Send(ctx, refresh(p.URL))
	if f := failureOf(t, err); !errors.Is(err, context.DeadlineExceeded) || f.Unanswered != (len(p.all()) == 1) {
		t.Errorf("%v, %+v after %d requests", err, f, len(p.all()))
	}
}

func TestNothingIsSentWhenItIsTooLate(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := make(chan []byte)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			close(got)
			return
		}
		defer conn.Close()
		all, _ := io.ReadAll(conn)
		got <- all
	}()
	r := refresh("http://" + l.Addr().String())
	r.NotAfter = time.Now()
	_, err = newClient(t).Send(t.Context(), r)
	if f := failureOf(t, err); f.Unanswered || f.Code != authmethods.CodeProviderDown || !strings.Contains(err.Error(), "too late") {
		t.Errorf("%v, %+v", err, f)
	}
	if all := <-got; len(all) != 0 {
		t.Errorf("%d bytes came through", len(all))
	}
}

func TestWhatCannotBeReachedWasNotAsked(t *testing.T) {
	private := New(Options{})
	strange := prepare(reply(200, "application/json", granted))
	strange.StartTLS()
	defer strange.Close()
	plain := serve(t, reply(200, "application/json", granted))
	for _, test := range []struct {
		name, endpoint, reason string
		c                      *Client
	}{
		{"a closed port", closedPort(t), "connection refused", newClient(t)},
		{"an address that the guard refuses", strings.Replace(plain.URL, "http:", "https:", 1), "loopback", private},
		{"a certificate of nobody", strange.URL, "certificate", newClient(t)},
		{"a server without TLS", strings.Replace(plain.URL, "http:", "https:", 1), "TLS", newClient(t)},
		{"http where none is allowed", "http://idp.example.com/CANARY", "https address", private},
		{"no address", "", "https address", newClient(t)},
		{"an address with a password", "https://u:CANARY@127.0.0.1/", "https address", newClient(t)},
		{"an address that spells digits oddly", "http://①②⑦.0.0.1/", "https address", newClient(t)},
		{"another scheme", "ftp://127.0.0.1/", "https address", newClient(t)},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := test.c.Send(t.Context(), refresh(test.endpoint))
			f := failureOf(t, err)
			if f.Unanswered || f.Code != authmethods.CodeProviderDown || !strings.Contains(err.Error(), test.reason) {
				t.Errorf("%v, %+v", err, f)
			}
		})
	}
	if len(plain.all()) != 0 || len(strange.all()) != 0 {
		t.Error("something was asked")
	}
}

func TestSendOverTLS(t *testing.T) {
	p := prepare(reply(200, "application/json", granted))
	p.StartTLS()
	defer p.Close()
	roots := x509.NewCertPool()
	roots.AddCert(p.Certificate())
	c := New(Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Roots: roots})
	defer c.http.CloseIdleConnections()
	if answer, err := c.Send(t.Context(), refresh(p.URL)); err != nil || answer.Body.Reveal() != granted {
		t.Errorf("%+v, %v", answer, err)
	}
	p.only(t)
}

func BenchmarkSend(b *testing.B) {
	p := httptest.NewServer(reply(200, "application/json", granted))
	defer p.Close()
	c := newClient(b)
	r := refresh(p.URL)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Send(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
}

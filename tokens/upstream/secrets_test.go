package upstream

import (
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
	"latchkey/tokens"
)

const plantedNext = "CANARY-next-secret"

// withNext is a refresh of a client that has a next secret.
func withNext(token string) tokens.Request {
	r := refresh(token)
	r.Client.Next = secret.New(plantedNext)
	r.Provider.Errors.In200 = true
	return r
}

// secretOf is the client secret that a request presented.
func secretOf(s seen) string {
	if _, password, ok := (&http.Request{Header: s.header}).BasicAuth(); ok {
		plain, _ := url.QueryUnescape(password)
		return plain
	}
	return s.form.Get("client_secret")
}

// taking answers first what takes the next secret with granted, and all else as refusal
// does. It fails the test if requests overlap.
func taking(t *testing.T, refusal http.HandlerFunc) http.HandlerFunc {
	var inside atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) {
		if inside.Add(1) > 1 {
			t.Error("two requests at once")
		}
		defer inside.Add(-1)
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		if secretOf(seen{header: r.Header, form: form}) == plantedNext {
			reply(200, "application/json", granted)(w, r)
			return
		}
		refusal(w, r)
	}
}

func TestTheNextSecretIsTriedOnceWhereThePresentOneIsRefused(t *testing.T) {
	for name, refusal := range map[string]http.HandlerFunc{
		"as RFC 6749 has it": reply(401, "application/json", `{"error":"invalid_client"}`),
		"with status 200":    reply(200, "application/json", `{"error":"invalid_client"}`),
		"as a form":          reply(400, "application/x-www-form-urlencoded", "error=invalid_client"),
	} {
		for style, auth := range map[string]catalog.ClientAuth{"post": catalog.ClientAuthPost, "basic": catalog.ClientAuthBasic} {
			t.Run(name+", "+style, func(t *testing.T) {
				p := serve(t, taking(t, refusal))
				r := withNext(p.URL)
				r.Provider.ClientAuth = auth
				a, err := newClient(t).Send(t.Context(), r)
				if err != nil || !a.WithNext || a.Body.Reveal() != granted {
					t.Fatalf("the answer is to the next secret: %t, %v", a.WithNext, err)
				}
				all := p.all()
				if len(all) != 2 || secretOf(all[0]) != plantedSecret || secretOf(all[1]) != plantedNext || all[1].form.Get("refresh_token") != plantedRefresh {
					t.Errorf("%d requests", len(all))
				}
			})
		}
	}
}

func TestNothingButARefusalOfTheClientHasTheNextSecretTried(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"a success":                reply(200, "application/json", granted),
		"a lost grant":             reply(400, "application/json", `{"error":"invalid_grant"}`),
		"a bad request":            reply(400, "application/json", `{"error":"invalid_request"}`),
		"an unknown scope":         reply(400, "application/json", `{"error":"invalid_scope"}`),
		"throttling":               reply(429, "application/json", `{"error":"invalid_client"}`),
		"trouble at the provider":  reply(503, "application/json", `{"error":"invalid_client"}`),
		"a gateway":                reply(502, "text/html", `invalid_client`),
		"a page":                   reply(401, "text/html", `<h1>invalid_client</h1>`),
		"a refusal that was cut":   raw("HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"error\":\"invalid_client\""),
		"a lost answer":            raw(""),
		"tokens beside an error":   reply(200, "application/json", `{"error":"invalid_client","access_token":"a","refresh_token":"r"}`),
		"a rotated token alone":    reply(200, "application/json", `{"error":"invalid_client","refresh_token":"r"}`),
		"an answer that says none": reply(200, "application/json", `{}`),
	} {
		t.Run(name, func(t *testing.T) {
			p := serve(t, answer)
			a, _ := newClient(t).Send(t.Context(), withNext(p.URL))
			if secretOf(p.only(t)) != plantedSecret || a.WithNext {
				t.Error("the next secret was used")
			}
		})
	}
}

func TestANextSecretThatIsRefusedTooIsTheRefusalOfTheClient(t *testing.T) {
	p := serve(t, reply(200, "application/json", `{"error":"invalid_client"}`))
	r := withNext(p.URL)
	a, err := newClient(t).Send(t.Context(), r)
	if _, f := tokens.Read(&r.Provider, a); err != nil || f == nil || f.Verdict != tokens.ClientRejected {
		t.Errorf("%+v %v", f, err)
	}
	if n := len(p.all()); n != 2 {
		t.Errorf("%d requests, want one with each secret", n)
	}
}

// What becomes of the second request is what became of the attempt.
func TestALostAnswerToTheNextSecretIsALostAnswer(t *testing.T) {
	var asked atomic.Int32
	p := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 {
			reply(401, "application/json", `{"error":"invalid_client"}`)(w, r)
			return
		}
		raw("")(w, r)
	})
	_, err := newClient(t).Send(t.Context(), withNext(p.URL))
	if f := failureOf(t, err); !f.Unanswered || f.Verdict == tokens.ClientRejected {
		t.Errorf("%+v", f)
	}
}

// Both requests have one deadline: a second that is too late does not leave.
func TestTheNextSecretIsNotTriedWhenItIsTooLate(t *testing.T) {
	late := make(chan struct{})
	p := serve(t, func(w http.ResponseWriter, r *http.Request) {
		<-late
		reply(401, "application/json", `{"error":"invalid_client"}`)(w, r)
	})
	r := withNext(p.URL)
	r.NotAfter = time.Now().Add(100 * time.Millisecond)
	time.AfterFunc(150*time.Millisecond, func() { close(late) })
	_, err := newClient(t).Send(t.Context(), r)
	if f := failureOf(t, err); f.Unanswered || f.Verdict == tokens.ClientRejected || len(p.all()) != 1 {
		t.Errorf("%+v after %d requests", f, len(p.all()))
	}
}

func TestAClientThatPresentsNoSecretHasNoNextTried(t *testing.T) {
	p := serve(t, reply(401, "application/json", `{"error":"invalid_client"}`))
	r := withNext(p.URL)
	r.Provider.ClientAuth = catalog.ClientAuthNone
	if _, err := newClient(t).Send(t.Context(), r); err != nil || secretOf(p.only(t)) != "" {
		t.Errorf("%v", err)
	}
}

func TestCodesAndClientCredentialsAndRevocationsTryTheNextSecretToo(t *testing.T) {
	refusal := reply(200, "application/json", `{"error":"invalid_client"}`)
	for name, do := range map[string]func(*Client, tokens.Registration) error{
		"code": func(c *Client, r tokens.Registration) error {
			a, err := c.Exchange(t.Context(), r, Exchange{Code: secret.New(plantedCode), CodeVerifier: secret.New("v")})
			if !a.WithNext {
				t.Error("the answer to a code does not say which secret was taken")
			}
			return err
		},
		"client credentials": func(c *Client, r tokens.Registration) error {
			r.Mode = authmethods.ModeClientCredentials
			a, err := c.Send(t.Context(), tokens.Request{Registration: r})
			if !a.WithNext {
				t.Error("the answer to client credentials does not say which secret was taken")
			}
			return err
		},
		"sign-in": func(c *Client, r tokens.Registration) error {
			_, _, withNext, err := c.ExchangeForSignIn(t.Context(), r.Provider, r.Client, secret.New(plantedCode), "https://x.example/", secret.New("v"))
			if !withNext {
				t.Error("a sign-in does not say which secret was taken")
			}
			return err
		},
		"revocation": func(c *Client, r tokens.Registration) error {
			return c.Revoke(t.Context(), r, secret.New(plantedRefresh), secret.Text{})
		},
	} {
		p := serve(t, taking(t, refusal))
		r := withNext(p.URL).Registration
		r.Provider.RevocationEndpoint, r.Provider.Revocation.ClientAuthentication = p.URL, true
		if err := do(newClient(t), r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		all := p.all()
		if len(all) != 2 || secretOf(all[1]) != plantedNext || all[0].form.Get("code") != all[1].form.Get("code") || all[0].form.Get("token") != all[1].form.Get("token") {
			t.Errorf("%s: %d requests", name, len(all))
		}
	}
}

package login_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/zohosim"
)

// What demand of the state: it belongs to one browser of one
// tenant and is good once.
//
func TestACallbackThatBelongsToNoSignInOfThisBrowserIsRefused(t *testing.T) {
	s := newSite(t)
	ada, _ := s.ada()
	for name, arrange := range map[string]func(t *testing.T, v *visitor, callback string) string{
		"another state": func(t *testing.T, v *visitor, callback string) string {
			return altered(t, callback, func(q url.Values) { q.Set("state", q.Get("state")[:8]+strings.Repeat("A", 35)) })
		},
		"the beginning of the state": func(t *testing.T, v *visitor, callback string) string {
			return altered(t, callback, func(q url.Values) { q.Set("state", q.Get("state")[:8]) })
		},
		"more than the state": func(t *testing.T, v *visitor, callback string) string {
			return altered(t, callback, func(q url.Values) { q.Set("state", q.Get("state")+"A") })
		},
		"no state": func(t *testing.T, v *visitor, callback string) string {
			return altered(t, callback, func(q url.Values) { q.Del("state") })
		},
		"an empty state": func(t *testing.T, v *visitor, callback string) string { return altered(t, callback, set("state", "")) },
		"a state of odd characters": func(t *testing.T, v *visitor, callback string) string {
			return altered(t, callback, set("state", "../../x\r\nSet-Cookie: a=b"))
		},
		"two states": func(t *testing.T, v *visitor, callback string) string { return callback + "&state=second" },
		"a browser without cookies": func(t *testing.T, v *visitor, callback string) string {
			v.again(nil)
			return callback
		},
		"a browser that began another sign-in": func(t *testing.T, v *visitor, callback string) string {
			v.again(nil)
			v.Leave(loginURL)
			return callback
		},
		"the state sealed in another browser, under this one's name": func(t *testing.T, v *visitor, callback string) string {
			attacker := s.visitor()
			attacker.Leave(loginURL)
			own, theirs := v.Cookies(), attacker.Cookies()
			own[0].Value = theirs[0].Value
			v.again(own)
			return callback
		},
		"a cookie that was changed": func(t *testing.T, v *visitor, callback string) string {
			held := v.Cookies()
			held[0].Value = held[0].Value[:len(held[0].Value)-4] + "AAAA"
			v.again(held)
			return callback
		},
		"a query of too many parameters": func(t *testing.T, v *visitor, callback string) string {
			return callback + strings.Repeat("&x=1", 30)
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := s.visitor()
			before, sent := s.attempts(), s.exchanges()
			v.outOfDate(v.Get(arrange(t, v, v.callback(ada.Email))))
			if s.attempts() != before || s.exchanges() != sent {
				t.Errorf("%d attempts were recorded and %d codes sent", s.attempts()-before, s.exchanges()-sent)
			}
		})
	}
}

// A second tenant on the same server has other keys: what acme sealed is nothing there.
func TestAStateIsGoodInItsTenantOnly(t *testing.T) {
	s := newSite(t)
	ada, _ := s.ada()
	s.NewTenant(t, "globex")
	v := s.visitor()
	callback := v.callback(ada.Email)
	elsewhere := strings.Replace(s.Origin, "acme", "globex", 1)
	v.Client.Jar.SetCookies(mustURL(t, elsewhere), v.Cookies())
	a := v.Get(strings.Replace(callback, s.Origin, elsewhere, 1))
	if a.Header.Get("Location") != "/login?notice=out-of-date" || s.exchanges() != 0 {
		t.Errorf("another tenant answered %d to %q", a.StatusCode, a.Header.Get("Location"))
	}
	v.welcome(v.Get(callback))
}

func TestAStateIsUsedUpByAnErrorToo(t *testing.T) {
	s := newSite(t)
	ada, _ := s.ada()
	v := s.visitor()
	callback := v.callback(ada.Email)
	held := v.Cookies()
	failed := altered(t, callback, func(q url.Values) { q.Del("code"); q.Set("error", "access_denied") })
	v.refused(v.Get(failed), authmethods.CodeSignInDeclined)
	v.again(held)
	v.outOfDate(v.Get(callback))
	if s.exchanges() != 0 {
		t.Error("the code was sent")
	}
}

// While the code of a callback is on its way to the provider, the same callback is
// nothing any more.
func TestAStateIsUsedUpBeforeTheCodeIsSent(t *testing.T) {
	s := newSite(t)
	ada, known := s.ada()
	first, second := s.visitor(), s.visitor()
	callback := first.callback(ada.Email)
	second.again(first.Cookies())
	sent, answer := make(chan struct{}), make(chan struct{})
	s.Zoho.Inject(zohosim.Fault{Path: "/oauth/v2/token", BeforeApply: func(context.Context) {
		close(sent)
		<-answer
	}})
	got := make(chan string)
	go func() {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, callback, nil)
		if err != nil {
			got <- err.Error()
			return
		}
		a, err := first.Client.Do(r)
		if err != nil {
			got <- err.Error()
			return
		}
		_ = a.Body.Close()
		got <- a.Header.Get("Location")
	}()
	<-sent
	second.outOfDate(second.Get(callback))
	close(answer)
	if to := <-got; to != "/" {
		t.Errorf("the first was led to %q", to)
	}
	first.is(known)
	if s.exchanges() != 1 {
		t.Errorf("%d codes were sent", s.exchanges())
	}
}

func TestSignInsGoOnBesideOneAnother(t *testing.T) {
	s := newSite(t)
	ada, known := s.ada()
	v := s.visitor()
	one, two := v.callback(ada.Email), v.callback(ada.Email)
	v.welcome(v.Get(two))
	v.welcome(v.Get(one))
	v.is(known)
}

// A code that another browser was given is worth nothing here: its verifier is there
// (RFC 7636).
func TestACodeOfAnotherSignInIsRefused(t *testing.T) {
	s := newSite(t)
	ada, _ := s.ada()
	victim, thief := s.visitor(), s.visitor()
	stolen := mustURL(t, victim.callback(ada.Email)).Query().Get("code")
	a := thief.Get(altered(t, thief.callback(ada.Email), set("code", stolen)))
	thief.refused(a, authmethods.CodeSignInOutOfDate)
}

// Scanners and previews that follow a link by HEAD use nothing up.
func TestAHeadRequestUsesNothingUp(t *testing.T) {
	s := newSite(t)
	ada, _ := s.ada()
	v := s.visitor()
	callback := v.callback(ada.Email)
	if a := v.Send(http.MethodHead, callback, nil); a.StatusCode >= 500 || a.StatusCode == http.StatusSeeOther {
		t.Errorf("HEAD answered %d", a.StatusCode)
	}
	v.welcome(v.Get(callback))
}

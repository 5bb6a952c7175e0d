package session_test

import (
	"strings"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/sso/session"
)

func TestAFormTokenIsBoundToItsSessionAndForm(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		one, _ := w.begin(t, bySSO())
		two, _ := w.begin(t, bySSO())
		p, q := w.find(t, one), w.find(t, two)
		token := p.FormToken("profile")
		if !p.CheckFormToken("profile", token) || !w.find(t, one).CheckFormToken("profile", token) {
			t.Error("its own token is refused")
		}
		if p.FormToken("profile") == token {
			t.Error("two tokens look the same: what a page weighs would tell them")
		}
		for name, ok := range map[string]bool{
			"another form":    p.CheckFormToken("password", token),
			"another session": q.CheckFormToken("profile", token),
			"none":            p.CheckFormToken("profile", ""),
			"a beginning":     p.CheckFormToken("profile", token[:len(token)-1]),
			"nobody":          session.Present{}.CheckFormToken("profile", session.Present{}.FormToken("profile")),
			"no visitor":      session.Visitor{}.CheckFormToken("profile", session.Visitor{}.FormToken("profile")),
		} {
			if ok {
				t.Errorf("accepted with %s", name)
			}
		}
	})
}

func TestAVisitorIsTheSameBrowserForTwelveHours(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		now := time.Now()
		w.SetClock(now)
		v, cookie, err := w.NewVisitor(t.Context(), acme)
		must(t, err)
		u, _, err := w.NewVisitor(t.Context(), acme)
		must(t, err)
		again := got(w.FindVisitor(t.Context(), acme, cookie.Reveal()))(t)
		if !again.CheckFormToken("login", v.FormToken("login")) || again.CheckFormToken("login", u.FormToken("login")) {
			t.Error("visitors are not told apart")
		}
		_, err = w.FindVisitor(t.Context(), other, cookie.Reveal())
		notSignedIn(t, err)
		w.SetClock(now.Add(11 * time.Hour))
		got(w.FindVisitor(t.Context(), acme, cookie.Reveal()))(t)
		w.SetClock(now.Add(13 * time.Hour))
		_, err = w.FindVisitor(t.Context(), acme, cookie.Reveal())
		notSignedIn(t, err)
	})
}

// attempt is what a sign-in might keep in a browser.
type attempt struct {
	State, Nonce, Verifier string
}

func TestAStateComesBackToItsBrowserAndTenantInTime(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		now := time.Now()
		w.SetClock(now)
		given := attempt{"a-state", "a-nonce", "a-verifier"}
		cookie := got(w.SealState(t.Context(), acme, given))(t)
		if strings.Contains(cookie, "a-verifier") {
			t.Error("it can be read")
		}
		var back attempt
		must(t, w.OpenState(t.Context(), acme, cookie, &back, 10*time.Minute))
		if back != given {
			t.Errorf("%+v came back", back)
		}
		outOfDate := func(err error) {
			t.Helper()
			if p := refused(t, err, authmethods.Invalid, authmethods.CodeSignInOutOfDate); p != nil && p.Err != nil {
				t.Error("the answer tells more")
			}
		}
		outOfDate(w.OpenState(t.Context(), other, cookie, &back, 10*time.Minute))
		outOfDate(w.OpenState(t.Context(), acme, cookie[:len(cookie)-2], &back, 10*time.Minute))
		outOfDate(w.OpenState(t.Context(), acme, "", &back, 10*time.Minute))
		_, form, err := w.NewVisitor(t.Context(), acme)
		must(t, err)
		outOfDate(w.OpenState(t.Context(), acme, form.Reveal(), &back, 10*time.Minute))
		var number int
		outOfDate(w.OpenState(t.Context(), acme, cookie, &number, 10*time.Minute))
		w.SetClock(now.Add(11 * time.Minute))
		outOfDate(w.OpenState(t.Context(), acme, cookie, &back, 10*time.Minute))
	})
}

func TestAStateThatNoBrowserKeepsIsRefused(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		if _, err := w.SealState(t.Context(), acme, attempt{State: strings.Repeat("x", 4096)}); err == nil {
			t.Error("a state of more than 4 KiB was sealed")
		}
		cookie := got(w.SealState(t.Context(), acme, attempt{State: strings.Repeat("x", 1500)}))(t)
		if len(cookie) > 4096 {
			t.Errorf("%d bytes", len(cookie))
		}
	})
}

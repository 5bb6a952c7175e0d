package credentials_test

import (
	"bytes"
	"image/png"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/sso"
	"latchkey/sso/credentials"
	"latchkey/test/storage"
)

// code is what an authenticator with this secret shows, some steps from now by the
// database's clock. There are ten seconds at least until the next.
func (w *world) code(t testing.TB, secret string, steps int) string {
	t.Helper()
	for {
		now := got(db.Now(t.Context(), w.System))(t)
		left := 30*time.Second - time.Duration(now.Unix()%30)*time.Second
		if left > 10*time.Second {
			return got(totp.GenerateCode(secret, now.Add(time.Duration(steps)*30*time.Second)))(t)
		}
		select {
		case <-time.After(left):
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
}

// enable turns one-time codes on by the code of the step before, so that those of
// this and the next are still good.
func (w *world) enable(t testing.TB, u *sso.User) (secret string) {
	t.Helper()
	made := got(w.BeginTOTP(t.Context(), as(u), u, "Latchkey"))(t)
	secret = made.Secret.Reveal()
	must(t, w.ConfirmTOTP(t.Context(), as(u), u, w.code(t, secret, -1)))
	return secret
}

func TestOneTimeCodesFromTheBeginningToTheEnd(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.give(t, w.marie, good)
		made := got(w.BeginTOTP(ctx, as(w.marie), w.marie, "Acme: the best"))(t)
		if _, err := png.Decode(bytes.NewReader(made.PNG)); err != nil {
			t.Error(err)
		}
		u := got(url.Parse(made.URL.Reveal()))(t)
		if u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Acme  the best:marie.dupont" || u.Query().Get("secret") != made.Secret.Reveal() {
			t.Errorf("the address is %s", u)
		}
		if got(w.Verify(ctx, nobody(), try(w.marie, good)))(t).SecondFactor || got(w.HasTOTP(ctx, as(w.marie), w.marie))(t) {
			t.Error("codes are asked for before they are confirmed")
		}
		// Beginning again: the first secret is void.
		again := got(w.BeginTOTP(ctx, as(w.marie), w.marie, "Acme"))(t).Secret.Reveal()
		wrongPassword(t, w.ConfirmTOTP(ctx, as(w.marie), w.marie, w.code(t, made.Secret.Reveal(), 0)))
		must(t, w.ConfirmTOTP(ctx, as(w.marie), w.marie, w.code(t, again, -1)))
		if !got(w.Verify(ctx, nobody(), try(w.marie, good)))(t).SecondFactor || !got(w.HasTOTP(ctx, admin(), w.marie))(t) {
			t.Error("codes are not asked for")
		}
		_, err := w.BeginTOTP(ctx, as(w.marie), w.marie, "Acme")
		refused(t, err, authmethods.Conflict, authmethods.CodeConflict)
		now := w.code(t, again, 0)
		must(t, w.VerifyTOTP(ctx, nobody(), w.marie, now[:3]+" "+now[3:]))
		must(t, w.RemoveTOTP(ctx, as(w.marie), credentials.Target{User: w.marie}, w.code(t, again, 1)))
		if got(w.Verify(ctx, nobody(), try(w.marie, good)))(t).SecondFactor {
			t.Error("codes are still asked for")
		}
		if all := w.actions(t); !slices.Equal(all, []string{"totp.removed", "totp.enabled", "password.set"}) {
			t.Errorf("audited: %v", all)
		}
		if _, version := w.people(t, w.marie.ID); version != 4 {
			t.Errorf("the version is %d", version)
		}
		if where := storage.FindText(t, w.url, again); where != "" {
			t.Errorf("the secret stands in %s", where)
		}
	})
}

func TestNoCodeCountsTwice(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		secret := w.enable(t, w.marie)
		wrongPassword(t, w.VerifyTOTP(ctx, nobody(), w.marie, w.code(t, secret, -1))) // the one that confirmed
		must(t, w.VerifyTOTP(ctx, nobody(), w.marie, w.code(t, secret, 1)))
		wrongPassword(t, w.VerifyTOTP(ctx, nobody(), w.marie, w.code(t, secret, 1)))
		wrongPassword(t, w.VerifyTOTP(ctx, nobody(), w.marie, w.code(t, secret, 0))) // older than the newest
	})
}

func TestOfManyWithTheSameCodeOneGetsIn(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		code := w.code(t, w.enable(t, w.marie), 0)
		var all sync.WaitGroup
		var in atomic.Int64
		for range 4 { // as many as are tried at all
			all.Go(func() {
				if err := w.VerifyTOTP(t.Context(), nobody(), w.marie, code); err == nil {
					in.Add(1)
				} else if authmethods.KindOf(err) != authmethods.Unauthenticated {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if in.Load() != 1 {
			t.Errorf("%d got in", in.Load())
		}
	})
}

func TestOtherCodesAreWrongAndSoonNoneIsTried(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		secret := w.enable(t, w.marie)
		paul := w.enable(t, w.paul)
		for _, code := range []string{w.code(t, secret, 2), w.code(t, secret, -2), w.code(t, paul, 0), ""} {
			wrongPassword(t, w.VerifyTOTP(ctx, nobody(), w.marie, code))
		}
		wrongPassword(t, w.VerifyTOTP(ctx, nobody(), w.marie, "12345"))
		tooMany(t, w.VerifyTOTP(ctx, nobody(), w.marie, w.code(t, secret, 0)))
		must(t, w.VerifyTOTP(ctx, nobody(), w.paul, w.code(t, paul, 0)))
	})
}

func TestOnlyThePersonTurnsCodesOnAndOnlyWhoMayOff(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		_, err := w.BeginTOTP(ctx, admin(), w.marie, "Acme")
		refused(t, err, authmethods.Forbidden, authmethods.CodeForbidden)
		refused(t, w.ConfirmTOTP(ctx, as(w.paul), w.marie, "123456"), authmethods.Forbidden, authmethods.CodeForbidden)
		refused(t, w.ConfirmTOTP(ctx, as(w.marie), w.marie, "123456"), authmethods.NotFound, authmethods.CodeNotFound)
		w.enable(t, w.marie)
		of := credentials.Target{User: w.marie, Rights: authmethods.Rights{authmethods.ViewAudit}}
		wrongPassword(t, w.RemoveTOTP(ctx, as(w.marie), of, "000000"))
		helpDesk := with("usr_h", authmethods.ModifyUsers)
		refused(t, w.RemoveTOTP(ctx, helpDesk, of, ""), authmethods.Forbidden, authmethods.CodeForbidden)
		refused(t, w.RemoveTOTP(ctx, as(w.paul), of, ""), authmethods.Forbidden, authmethods.CodeForbidden)
		must(t, w.RemoveTOTP(ctx, admin(), of, ""))
		refused(t, w.RemoveTOTP(ctx, admin(), of, ""), authmethods.NotFound, authmethods.CodeNotFound)
	})
}

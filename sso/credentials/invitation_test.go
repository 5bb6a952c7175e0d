package credentials_test

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/sso"
	"latchkey/sso/credentials"
	"latchkey/test/storage"
)

func (w *world) invite(t *testing.T, u *sso.User, purpose credentials.Purpose) secret.Text {
	t.Helper()
	link := got(w.Invite(t.Context(), admin(), "acme", credentials.Target{User: u}, purpose))(t)
	text, ok := strings.CutPrefix(link.URL.Reveal(), "https://acme.example.com/invitations/")
	if !ok || len(text) != 43 || link.Purpose != purpose || link.ExpiresAt.Sub(time.Now().Add(2*time.Hour)).Abs() > time.Minute {
		t.Errorf("the link is %s, good until %s", link.URL.Reveal(), link.ExpiresAt)
	}
	return secret.New(text)
}

func outOfDate(t testing.TB, err error) {
	t.Helper()
	refused(t, err, authmethods.NotFound, authmethods.CodeNotFound)
}

func TestAnInvitationIsLookedAtAsOftenAsOneLikesAndUsedOnce(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		link := w.invite(t, w.marie, credentials.Invitation)
		for range 3 {
			o := got(w.Open(ctx, nobody(), link))(t)
			if o.User != w.marie.ID || o.UserName != w.marie.UserName || o.Purpose != credentials.Invitation || o.ExpiresAt.IsZero() {
				t.Errorf("opened as %+v", o)
			}
		}
		if invited, version := w.people(t, w.marie.ID); !invited || version != 1 {
			t.Errorf("after a look: invited %v, version %d", invited, version)
		}
		_, err := w.Accept(ctx, nobody(), link, secret.New("password1234"))
		refused(t, err, authmethods.Invalid, authmethods.CodeInvalidRequest)
		_, err = w.Accept(ctx, nobody(), link, secret.New("marie dupont!"))
		refused(t, err, authmethods.Invalid, authmethods.CodeInvalidRequest)
		_, err = w.Accept(ctx, nobody(), link, secret.New("Gadget Makers 9"), "Gadget-Makers")
		refused(t, err, authmethods.Invalid, authmethods.CodeInvalidRequest)
		if id := got(w.Accept(ctx, nobody(), link, secret.New(good)))(t); id != w.marie.ID {
			t.Errorf("accepted as %s", id)
		}
		if invited, version := w.people(t, w.marie.ID); invited || version != 2 {
			t.Errorf("afterwards: invited %v, version %d", invited, version)
		}
		got(w.Verify(ctx, nobody(), try(w.marie, good)))(t)
		_, err = w.Open(ctx, nobody(), link)
		outOfDate(t, err)
		_, err = w.Accept(ctx, nobody(), link, secret.New(better))
		outOfDate(t, err)
		if all := w.actions(t); !slices.Equal(all, []string{"invitation.accepted", "invitation.sent"}) {
			t.Errorf("audited: %v", all)
		}
		if where := storage.FindText(t, w.url, link.Reveal()); where != "" {
			t.Errorf("the secret stands in %s", where)
		}
	})
}

func TestOfManyWhoUseALinkAtOnceOneWins(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		link := w.invite(t, w.marie, credentials.Reset)
		var all sync.WaitGroup
		var won atomic.Int64
		for range 8 {
			all.Go(func() {
				_, err := w.Accept(t.Context(), nobody(), link, secret.New(good))
				if err == nil {
					won.Add(1)
				} else if authmethods.KindOf(err) != authmethods.NotFound {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("%d used it", won.Load())
		}
	})
}

func TestInvitingAndAcceptingAtOnceNeverDeadlocks(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		link := w.invite(t, w.marie, credentials.Reset)
		var all sync.WaitGroup
		for i := range 12 {
			all.Go(func() {
				var err error
				if i%2 == 0 {
					_, err = w.Accept(t.Context(), nobody(), link, secret.New(good))
				} else {
					_, err = w.Invite(t.Context(), admin(), "acme", credentials.Target{User: w.marie}, credentials.Reset)
				}
				if err != nil && authmethods.KindOf(err) != authmethods.NotFound {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
}

func TestWhatEndsALink(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, w *world){
		"a newer one": func(t *testing.T, w *world) { w.invite(t, w.marie, credentials.Reset) },
		"two hours": func(t *testing.T, w *world) {
			w.raw(t, "UPDATE invitations SET expires_at = expires_at - 7200000001")
		},
		"a password that was set": func(t *testing.T, w *world) { w.give(t, w.marie, better) },
		"the user being disabled": func(t *testing.T, w *world) { w.raw(t, "UPDATE users SET disabled_at = 1") },
		"the password being taken away": func(t *testing.T, w *world) {
			must(t, w.RemovePassword(t.Context(), admin(), credentials.Target{User: w.marie}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			inEach(t, func(t *testing.T, w *world) {
				link := w.invite(t, w.marie, credentials.Reset)
				pauls := w.invite(t, w.paul, credentials.Reset)
				got(w.Open(t.Context(), nobody(), link))(t)
				end(t, w)
				_, err := w.Open(t.Context(), nobody(), link)
				outOfDate(t, err)
				_, err = w.Accept(t.Context(), nobody(), link, secret.New(good))
				outOfDate(t, err)
				if name == "a newer one" {
					got(w.Open(t.Context(), nobody(), pauls))(t)
				}
			})
		})
	}
}

// raw runs a statement past every wall.
func (w *world) raw(t *testing.T, statement string) {
	t.Helper()
	if _, err := storage.Raw(t, w.url).ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func TestALinkIsGoodInItsTenantOnly(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		link := w.invite(t, w.marie, credentials.Invitation)
		elsewhere := authmethods.NewCaller(other, authmethods.Actor{}, authmethods.AdminRights, "")
		for _, s := range []secret.Text{link, {}, secret.New("made up")} {
			_, err := w.Open(t.Context(), elsewhere, s)
			outOfDate(t, err)
			_, err = w.Accept(t.Context(), elsewhere, s, secret.New(good))
			outOfDate(t, err)
		}
		_, err := w.Invite(t.Context(), elsewhere, "other", credentials.Target{User: w.marie}, credentials.Reset)
		outOfDate(t, err)
		got(w.Open(t.Context(), nobody(), link))(t)
	})
}

func TestWhoMaySendWhichLink(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		w.give(t, w.paul, good) // who is invited no longer
		creator := with("usr_c", authmethods.CreateUsers)
		helpDesk := with("usr_h", authmethods.ViewUsers, authmethods.CreateUsers, authmethods.ModifyUsers)
		for _, c := range []struct {
			name    string
			caller  authmethods.Caller
			to      credentials.Target
			purpose credentials.Purpose
			want    authmethods.Kind // Internal: none
		}{
			{"who creates users invites", creator, credentials.Target{User: w.marie}, credentials.Invitation, authmethods.Internal},
			{"who creates users does not reset", creator, credentials.Target{User: w.marie}, credentials.Reset, authmethods.Forbidden},
			{"who creates users does not invite who is there", creator, credentials.Target{User: w.paul}, credentials.Invitation, authmethods.Conflict},
			{"a help desk resets", helpDesk, credentials.Target{User: w.paul}, credentials.Reset, authmethods.Internal},
			{"a help desk does not reset an auditor", helpDesk, credentials.Target{User: w.paul, Rights: authmethods.Rights{authmethods.ViewAudit}}, credentials.Reset, authmethods.Forbidden},
			{"a help desk does not invite an auditor", helpDesk, credentials.Target{User: w.marie, Rights: authmethods.Rights{authmethods.ViewAudit}}, credentials.Invitation, authmethods.Forbidden},
			{"nobody else resets", as(w.paul), credentials.Target{User: w.paul}, credentials.Reset, authmethods.Forbidden},
			{"there is no third purpose", admin(), credentials.Target{User: w.paul}, "fun", authmethods.Invalid},
		} {
			t.Run(c.name, func(t *testing.T) {
				_, err := w.Invite(t.Context(), c.caller, "acme", c.to, c.purpose)
				if (err == nil) != (c.want == authmethods.Internal) || authmethods.KindOf(err) != c.want {
					t.Errorf("got %v, want %s", err, c.want)
				}
			})
		}
	})
}

func TestPruningRemovesOnlyWhatNobodyNeeds(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		link := w.invite(t, w.marie, credentials.Reset)
		_, err := w.Verify(ctx, nobody(), try(w.marie, good))
		wrongPassword(t, err)
		rows := func() (links, throttles int) {
			must(t, storage.Raw(t, w.url).QueryRowContext(ctx, "SELECT (SELECT count(*) FROM invitations), (SELECT count(*) FROM throttles)").Scan(&links, &throttles))
			return links, throttles
		}
		must(t, w.Prune(ctx, time.Now()))
		if links, throttles := rows(); links != 1 || throttles != 2 {
			t.Errorf("at once: %d links, %d throttles", links, throttles)
		}
		got(w.Open(ctx, nobody(), link))(t)
		w.raw(t, "UPDATE throttles SET drawn_until = drawn_until - 900000000")
		must(t, w.Prune(ctx, time.Now().Add(31*24*time.Hour)))
		if links, throttles := rows(); links != 0 || throttles != 0 {
			t.Errorf("a month later: %d links, %d throttles", links, throttles)
		}
	})
}

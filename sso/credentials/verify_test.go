package credentials_test

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/sso/credentials"
	"latchkey/test/storage"
)

func TestOnlyTheRightPasswordOfTheRightPersonIsRight(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.give(t, w.marie, good)
		out := got(w.Verify(ctx, nobody(), try(w.marie, good)))(t)
		if out.SetAt.IsZero() || out.SecondFactor || out.Device.IsZero() {
			t.Errorf("the outcome is %+v", out)
		}
		for name, a := range map[string]credentials.Attempt{
			"another password":         try(w.marie, better),
			"one character less":       try(w.marie, good[1:]),
			"another case":             try(w.marie, strings.ToUpper(good)),
			"a user without password":  try(w.paul, good),
			"an unknown user":          try(nil, good),
			"no password":              try(w.marie, ""),
			"a control character":      try(w.marie, good+"\x00"),
			"more bytes than any has":  try(w.marie, good+strings.Repeat("x", 1024)),
			"text that is not Unicode": try(w.marie, good+"\xff"),
		} {
			t.Run(name, func(t *testing.T) {
				_, err := w.Verify(ctx, nobody(), a)
				wrongPassword(t, err)
			})
		}
		elsewhere := authmethods.NewCaller(other, authmethods.Actor{}, nil, "")
		_, err := w.Verify(ctx, elsewhere, try(w.marie, good))
		wrongPassword(t, err)
		_, err = w.Verify(ctx, authmethods.Caller{}, try(w.marie, good))
		if err == nil {
			t.Error("somebody without a tenant was let in")
		}
		disabled := *w.marie
		disabled.Disabled = true
		_, err = w.Verify(ctx, nobody(), try(&disabled, good))
		refused(t, err, authmethods.Forbidden, authmethods.CodeUserDisabled)
		_, err = w.Verify(ctx, nobody(), try(&disabled, better))
		wrongPassword(t, err)
	})
}

func TestSpellingsOfTheSamePasswordAreTheSame(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		w.give(t, w.marie, "caf\u00e9 zinc 83 roule")
		for _, typed := range []string{"cafe\u0301 zinc 83 roule", "caf\u00e9\u00a0zinc\u300083 roule"} {
			got(w.Verify(t.Context(), nobody(), try(w.marie, typed)))(t)
		}
	})
}

func TestNothingStoredShowsThePassword(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		w.give(t, w.marie, good)
		_, err := w.Verify(t.Context(), nobody(), try(w.marie, better))
		wrongPassword(t, err)
		for _, text := range []string{good, better, "argon2id"} {
			if where := storage.FindText(t, w.url, text); where != "" {
				t.Errorf("%q stands in %s", text, where)
			}
		}
	})
}

func TestParallelGuessesGetNoFurtherThanTheLimit(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		w.give(t, w.marie, good)
		var all sync.WaitGroup
		var guessed, held atomic.Int64
		for i := range 40 {
			from := netip.AddrFrom4([4]byte{198, 51, 100, byte(i)})
			all.Go(func() {
				a := try(w.marie, fmt.Sprintf("wrong guess number %d", i))
				a.From = from
				switch _, err := w.Verify(t.Context(), nobody(), a); authmethods.KindOf(err) {
				case authmethods.Unauthenticated:
					guessed.Add(1)
				case authmethods.Exhausted:
					held.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if guessed.Load() != 10 || held.Load() != 30 {
			t.Errorf("%d of 40 guesses were tried, %d held back", guessed.Load(), held.Load())
		}
		_, err := w.Verify(t.Context(), nobody(), try(w.marie, good))
		tooMany(t, err)
		got(w.Verify(t.Context(), nobody(), try(w.paul, good)))
	})
}

func TestAnAddressIsHeldBackWhateverNamesItTries(t *testing.T) {
	for name, addresses := range map[string][]string{
		"one IPv4 address":       {"198.51.100.1", "::ffff:198.51.100.1"},
		"one network of IPv6":    {"2001:db8:0:1::1", "2001:db8:0:1:ffff::2"},
		"one link-local network": {"fe80::1%eth0", "fe80::2%eth1"},
	} {
		t.Run(name, func(t *testing.T) {
			inEach(t, func(t *testing.T, w *world) {
				for i := range 30 {
					_, err := w.Verify(t.Context(), nobody(), credentials.Attempt{
						Name: fmt.Sprintf("name%d", i), Password: secret.New(good), From: netip.MustParseAddr(addresses[i%len(addresses)]),
					})
					wrongPassword(t, err)
				}
				for _, from := range addresses {
					_, err := w.Verify(t.Context(), nobody(), credentials.Attempt{Name: "fresh", Password: secret.New(good), From: netip.MustParseAddr(from)})
					tooMany(t, err)
				}
				for _, from := range []string{"2001:db8:0:2::1", "198.51.100.2"} {
					_, err := w.Verify(t.Context(), nobody(), credentials.Attempt{Name: "fresh", Password: secret.New(good), From: netip.MustParseAddr(from)})
					wrongPassword(t, err)
				}
			})
		})
	}
}

func TestAUserIsOneHoweverManyNamesLeadThere(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		for i := range 10 {
			a := try(w.marie, better)
			a.Name = fmt.Sprintf("alias%d", i)
			_, err := w.Verify(t.Context(), nobody(), a)
			wrongPassword(t, err)
		}
		a := try(w.marie, better)
		a.Name = "one more"
		_, err := w.Verify(t.Context(), nobody(), a)
		tooMany(t, err)
	})
}

func TestSpellingsOfAnUnknownNameAreOne(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		spellings := []string{"Nobody", "NOBODY", "nobody", "ｎｏｂｏｄｙ"}
		for i := range 10 {
			_, err := w.Verify(t.Context(), nobody(), credentials.Attempt{Name: spellings[i%4], Password: secret.New(good), From: home})
			wrongPassword(t, err)
		}
		for _, name := range spellings {
			_, err := w.Verify(t.Context(), nobody(), credentials.Attempt{Name: name, Password: secret.New(good), From: home})
			tooMany(t, err)
		}
	})
}

func TestSuccessesDoNotCount(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		w.give(t, w.marie, good)
		for range 35 {
			got(w.Verify(t.Context(), nobody(), try(w.marie, good)))(t)
		}
	})
}

func TestStrangersNeverLockOutADeviceThatIsKnown(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.give(t, w.marie, good)
		w.give(t, w.paul, better)
		device := got(w.Verify(ctx, nobody(), try(w.marie, good)))(t).Device
		for range 10 {
			_, err := w.Verify(ctx, nobody(), try(w.marie, better))
			wrongPassword(t, err)
		}
		known := try(w.marie, good)
		for name, token := range map[string]secret.Text{
			"none":                 {},
			"made up":              secret.New("AAAA"),
			"with a changed end":   secret.New(device.Reveal()[:len(device.Reveal())-2] + "AA"),
			"longer than any":      secret.New(strings.Repeat("A", 5000)),
			"another user's":       got(w.Verify(ctx, nobody(), try(w.paul, better)))(t).Device,
			"not even base64, sir": secret.New("%%%"),
		} {
			t.Run(name, func(t *testing.T) {
				a := known
				a.Device = token
				_, err := w.Verify(ctx, nobody(), a)
				tooMany(t, err)
			})
		}
		known.Device = device
		if out := got(w.Verify(ctx, nobody(), known))(t); !out.Device.IsZero() {
			t.Error("a device that is known was given another token")
		}
		// But whoever stole its token does not guess for ever.
		known.Password = secret.New(better)
		for range 10 {
			_, err := w.Verify(ctx, nobody(), known)
			wrongPassword(t, err)
		}
		_, err := w.Verify(ctx, nobody(), known)
		tooMany(t, err)
	})
}

func TestAHashIsMadeAnewWhenItsParametersHaveRisen(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.give(t, w.marie, good)
		before := got(w.Verify(ctx, nobody(), try(w.marie, good)))(t).SetAt
		o := w.Options
		o.Argon.Passes = 2
		stronger := credentials.New(o)
		sealed := w.sealed(t)
		got(stronger.Verify(ctx, nobody(), try(w.marie, good)))(t)
		risen := w.sealed(t)
		if risen == sealed {
			t.Error("the hash is the old one")
		}
		got(stronger.Verify(ctx, nobody(), try(w.marie, good)))(t)
		if got(w.Verify(ctx, nobody(), try(w.marie, good)))(t).SetAt != before {
			t.Error("the password counts as set anew")
		}
		if w.sealed(t) != risen {
			t.Error("a hash that is strong enough was made anew")
		}
	})
}

// sealed is the stored hash of Marie.
func (w *world) sealed(t *testing.T) string {
	t.Helper()
	var b []byte
	must(t, storage.Raw(t, w.url).QueryRowContext(t.Context(), "SELECT hash FROM passwords WHERE id = 'usr_marie'").Scan(&b))
	return string(b)
}

package keep_test

import (
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/test/storage"
	"latchkey/tokens"
	"latchkey/zohosim"
)

func TestATokenThatWasLentIsRefreshedBeforeAnybodyWaits(t *testing.T) {
	each(t, "", func(t *testing.T, w *world) {
		first := w.lend(t)
		kept(t, w.Broker)
		w.Age(t, w.connection, 50*time.Minute, 5*time.Minute)
		until(t, "it is refreshed", func() bool { return w.UpkeepAt(t, w.connection).After(time.Now().Add(30 * time.Minute)) })
		if loan := w.lend(t); loan.TokenID == first.TokenID || w.sent() != 1 {
			t.Errorf("lent %s after %s, %d requests", loan.TokenID, first.TokenID, w.sent())
		}
	})
}

func TestATokenThatNobodyBorrowedIsLeftAlone(t *testing.T) {
	each(t, "", func(t *testing.T, w *world) {
		w.Age(t, w.connection, 50*time.Minute, 3*time.Hour)
		kept(t, w.Broker)
		until(t, "it is put aside", func() bool { return w.UpkeepAt(t, w.connection).IsZero() })
		if w.sent() != 0 {
			t.Errorf("%d requests", w.sent())
		}
		w.lend(t) // which refreshes it ahead, and has it kept again
		until(t, "it is refreshed", func() bool { return !w.UpkeepAt(t, w.connection).IsZero() })
	})
}

func TestARefreshTokenThatIdlesOutIsUsedInTime(t *testing.T) {
	each(t, "refresh: {refresh_token_idle_limit: 100h}\n", func(t *testing.T, w *world) {
		w.Age(t, w.connection, 45*time.Hour, 46*time.Hour)
		kept(t, w.Broker)
		until(t, "it is looked at", func() bool { return w.UpkeepAt(t, w.connection).After(time.Now()) })
		if left := time.Until(w.UpkeepAt(t, w.connection)); w.sent() != 0 || left < 4*time.Hour || left > 26*time.Hour {
			t.Errorf("%d requests, the next in %s", w.sent(), left)
		}
		w.Age(t, w.connection, 71*time.Hour, 80*time.Hour)
		until(t, "it is used", func() bool { return w.sent() == 1 })
	})
}

func TestAnInterruptedRefreshIsFinished(t *testing.T) {
	each(t, "", func(t *testing.T, w *world) {
		finished := func() bool { return w.UpkeepAt(t, w.connection).After(time.Now()) }
		w.Age(t, w.connection, 50*time.Minute, 5*time.Minute)
		w.Interrupt(t, w.connection, -time.Minute)
		stop := kept(t, w.Broker)
		until(t, "it is finished at the start", finished)
		w.Interrupt(t, w.connection, time.Second)
		until(t, "it is finished when its lease lapses", func() bool { return w.sent() == 2 && finished() })
		stop()
		w.lend(t)
	})
}

func TestTheLeasesOfADeadPredecessorAreTakenOverAtOnce(t *testing.T) {
	each(t, "", func(t *testing.T, w *world) {
		w.Interrupt(t, w.connection, time.Hour)
		w.Keeper.Alone = true
		kept(t, w.Broker)
		until(t, "it is finished", func() bool { return w.sent() == 1 })
	})
}

func TestAnAnswerInTheLifeboatIsNotLost(t *testing.T) {
	each(t, "refresh: {rotates_refresh_token: always}\n", func(t *testing.T, w *world) {
		w.Zoho.Switch(func(s *zohosim.Switches) { s.RotateRefreshTokens = true })
		w.Engine.Policy.Lease, w.Engine.Policy.Call = 2*time.Second, time.Second
		raw := storage.Raw(t, w.url)
		rename := func(from, to string) {
			t.Helper()
			if _, err := raw.ExecContext(t.Context(), "ALTER TABLE "+from+" RENAME TO "+to); err != nil {
				t.Fatal(err)
			}
		}
		rename("captures", "away")
		before := w.RefreshToken(t, "zoho-desk").Reveal()
		w.Age(t, w.connection, 50*time.Minute, 5*time.Minute)
		ended := kept(t, w.Broker)
		until(t, "the answer is in the lifeboat", func() bool { return len(w.Grants.Lifeboat.Records()) == 1 })
		ended() // the process gives up waiting for the database
		rename("away", "captures")
		kept(t, w.Broker)
		until(t, "it is adopted", func() bool { return w.RefreshToken(t, "zoho-desk").Reveal() != before })
		if n := len(w.Grants.Lifeboat.Records()); n != 0 || w.sent() != 1 {
			t.Errorf("%d records in the lifeboat after %d requests", n, w.sent())
		}
		w.Expire(t, w.connection)
		w.lend(t) // with the refresh token that was in the lifeboat
	})
}

func TestWhatIsDisabledOrDeletedDoesNotComeUpAgain(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, w *world) error{
		"a method": func(t *testing.T, w *world) error {
			return w.Consents.Disable(t.Context(), w.Admin, "zoho-desk", authmethods.Production)
		},
		"a tenant that is disabled": func(t *testing.T, w *world) error {
			return w.Tenants.Disable(t.Context(), authmethods.Actor{Kind: authmethods.ActorCommand}, "acme")
		},
		"a tenant that is deleted": func(t *testing.T, w *world) error {
			return w.Tenants.Delete(t.Context(), authmethods.Actor{Kind: authmethods.ActorCommand}, "acme", true)
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, "", func(t *testing.T, w *world) {
				if err := end(t, w); err != nil {
					t.Fatal(err)
				}
				w.Age(t, w.connection, 50*time.Minute, 5*time.Minute)
				w.Interrupt(t, w.connection, -time.Minute)
				kept(t, w.Broker)
				until(t, "it is put aside", func() bool {
					refs, err := w.Grants.Interrupted(t.Context(), 10)
					at := w.UpkeepAt(t, w.connection)
					return err == nil && len(refs) == 0 && (at.IsZero() || at.After(time.Now().Add(30*time.Minute)))
				})
				if w.sent() != 0 {
					t.Errorf("%d requests", w.sent())
				}
			})
		})
	}
}

func TestAProviderThatIsDownIsAskedRarely(t *testing.T) {
	each(t, "", func(t *testing.T, w *world) {
		all := w.more(t, 12)
		w.Zoho.Inject(zohosim.Fault{Kind: zohosim.FaultUnavailable, Path: "/oauth/v2/token", Times: -1})
		for _, c := range all {
			w.Age(t, c, 50*time.Minute, 5*time.Minute)
		}
		passed := count(w.Broker)
		began := time.Now()
		kept(t, w.Broker)
		seen := map[time.Time]bool{}
		until(t, "all are put off for long", func() bool {
			clear(seen)
			for _, c := range all {
				at := w.UpkeepAt(t, c)
				if at.Before(began.Add(6 * time.Second)) {
					return false
				}
				seen[at] = true
			}
			return true
		})
		// Each waits for longer each time, and the closed gate lets few through.
		if n := w.sent(); n > 4*len(all) {
			t.Errorf("%d requests to a provider that is down", n)
		}
		if n := int(passed.passed.Load()); n > 6*len(all) {
			t.Errorf("tried %d times", n)
		}
		if len(seen) != len(all) {
			t.Errorf("%d connections come again at %d moments", len(all), len(seen))
		}
	})
}

func TestASpentQuotaIsWaitedFor(t *testing.T) {
	each(t, "", func(t *testing.T, w *world) {
		w.Age(t, w.connection, 50*time.Minute, 5*time.Minute)
		w.Spend(t, w.connection, 8, 4*time.Minute)
		kept(t, w.Broker)
		until(t, "it is put off", func() bool { return w.UpkeepAt(t, w.connection).After(time.Now()) })
		if left := time.Until(w.UpkeepAt(t, w.connection)); w.sent() != 0 || left < 5*time.Minute || left > 6*time.Minute {
			t.Errorf("%d requests, the next in %s", w.sent(), left)
		}
	})
}

func TestOfTwoKeepersOneWorksAndTheOtherTakesOver(t *testing.T) {
	each(t, "", func(t *testing.T, w *world) {
		due := func(n int) {
			t.Helper()
			w.Age(t, w.connection, 50*time.Minute, 5*time.Minute)
			until(t, "it is refreshed", func() bool { return w.sent() == n && w.UpkeepAt(t, w.connection).After(time.Now()) })
		}
		other := w.another(t)
		here, there := count(w.Broker), count(other)
		stop := kept(t, w.Broker)
		until(t, "it has the duty", func() bool { return !w.hold(t, "a test", time.Millisecond) })
		end := kept(t, other)
		due(1)
		due(2)
		if here.passed.Load() != 2 || there.passed.Load() != 0 {
			t.Errorf("%d and %d refreshes", here.passed.Load(), there.passed.Load())
		}
		stop()
		due(3)
		end()
		if !w.hold(t, "one that dies", 2*time.Second) {
			t.Fatal("a keeper that ended keeps its duty")
		}
		kept(t, w.another(t))
		due(4)
		if here.passed.Load() != 2 || there.passed.Load() != 1 {
			t.Errorf("%d and %d refreshes", here.passed.Load(), there.passed.Load())
		}
	})
}

func TestManyThatAreDueAreRefreshedOnceEach(t *testing.T) {
	each(t, "", func(t *testing.T, w *world) {
		all := w.more(t, 200)
		w.Zoho.Inject(zohosim.Fault{Kind: zohosim.FaultSlow, GrantType: "refresh_token", Times: -1, BeforeMS: 20})
		for _, c := range all {
			w.Age(t, c, 50*time.Minute, 5*time.Minute)
		}
		began := time.Now()
		kept(t, w.Broker)
		kept(t, w.another(t))
		until(t, "all are refreshed", func() bool {
			due, err := w.Grants.Due(t.Context(), false, 1)
			return err == nil && len(due) == 0
		})
		t.Logf("%d in %s", len(all), time.Since(began))
		for _, c := range all {
			connection, err := w.Grants.Connection(t.Context(), w.Admin, c)
			if err != nil || connection.State != tokens.Active || w.UpkeepAt(t, c).Before(time.Now().Add(30*time.Minute)) {
				t.Errorf("%s is %s, %v", c, connection.State, err)
			}
		}
		refreshed := 0
		for _, e := range w.refreshes()[w.before:] {
			if e.Kind == zohosim.EventRefresh {
				refreshed++
			}
		}
		if refreshed != len(all) {
			t.Errorf("%d refreshes of %d connections", refreshed, len(all))
		}
	})
}

package zohosim_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"latchkey/zohosim"
)

func TestElevenAccessTokensEndTheFirst(t *testing.T) {
	for _, limit := range []int{10, 15, 30} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			z := begin(t, zohosim.Switches{Limits: zohosim.Limits{AccessTokensPerRefreshToken: limit, RefreshesPerWindow: -1}})
			b := z.connect("sam@example.com")
			for range limit - 1 {
				z.refresh("us", b.text("refresh_token"))
			}
			first := b.text("access_token")
			if !z.Token(first).Valid {
				t.Fatal("evicted too early")
			}
			z.Clock().Advance(time.Second)
			z.refresh("us", b.text("refresh_token"))
			if v := z.Token(first); v.Valid || v.Reason != zohosim.ReasonEvicted {
				t.Errorf("%+v", v)
			}
			if !z.ValidAt(first, start).Valid || z.ValidAt(first, start.Add(time.Second)).Valid {
				t.Error("the oracle must know when the token ended")
			}
			if a := z.get(z.at("us").Desk+"/api/v1/tickets", first); a.body.text("errorCode") != "INVALID_OAUTH" {
				t.Errorf("Desk still takes it: %s", a.raw)
			}
		})
	}
}

func TestTheEleventhRefreshInTenMinutesIsThrottled(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	refresh := z.connect("sam@example.com").text("refresh_token")
	for i := range 10 {
		if a := z.refresh("us", refresh); a.body.text("access_token") == "" {
			t.Fatalf("refresh %d: %s", i+1, a.raw)
		}
		z.Clock().Advance(30 * time.Second)
	}
	a := z.refresh("us", refresh)
	if a.status != http.StatusBadRequest || a.body.text("error") != "Access Denied" || a.body.text("status") != "failure" {
		t.Errorf("status %d %s", a.status, a.raw)
	}
	z.Switch(func(sw *zohosim.Switches) { sw.ThrottleStatus, sw.Language = http.StatusOK, "zh" })
	if a := z.refresh("us", refresh); a.status != http.StatusOK || a.body.text("error") != "拒绝访问" || a.body.text("status") != "failure" {
		t.Errorf("status %d %s", a.status, a.raw)
	}
	z.Clock().Advance(5 * time.Minute) // the window opened at the first refresh
	if a := z.refresh("us", refresh); a.body.text("access_token") == "" {
		t.Errorf("still blocked: %s", a.raw)
	}
	if n := z.Refreshes(zohosim.Fingerprint(refresh)); n != 11 {
		t.Errorf("%d refreshes counted, want 11", n)
	}
}

func TestRetryingCanKeepTheBlockAlive(t *testing.T) {
	z := begin(t, zohosim.Switches{ThrottleExtends: true, Limits: zohosim.Limits{RefreshesPerWindow: 1}})
	refresh := z.connect("sam@example.com").text("refresh_token")
	z.refresh("us", refresh)
	z.Clock().Advance(9 * time.Minute)
	z.wantError(z.refresh("us", refresh), "Access Denied")
	z.Clock().Advance(9 * time.Minute)
	z.wantError(z.refresh("us", refresh), "Access Denied")
	z.Clock().Advance(10 * time.Minute)
	if a := z.refresh("us", refresh); a.body.text("access_token") == "" {
		t.Errorf("still blocked: %s", a.raw)
	}
}

func TestTheTwentyFirstRefreshTokenEndsTheFirst(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	other := z.connect("ada@example.eu").text("refresh_token")
	first := z.connect("sam@example.com")
	for range 19 {
		z.Clock().Advance(2 * time.Minute)
		z.connect("sam@example.com")
	}
	if !z.Token(first.text("refresh_token")).Valid {
		t.Fatal("evicted too early")
	}
	access := z.refresh("us", first.text("refresh_token")).body.text("access_token")
	z.Clock().Advance(2 * time.Minute)
	z.connect("sam@example.com")
	for _, token := range []string{first.text("refresh_token"), access} {
		if v := z.Token(token); v.Valid || v.Reason != zohosim.ReasonEvicted {
			t.Errorf("%+v", v)
		}
	}
	z.wantError(z.refresh("us", first.text("refresh_token")), "invalid_code")
	if !z.Token(other).Valid {
		t.Error("another user's token was evicted")
	}
}

func TestGrantCodesAndNewRefreshTokensAreRateLimited(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	for range 10 {
		z.connect("sam@example.com")
	}
	if got := z.approve("sam@example.com"); got.Get("error") != "access_denied" {
		t.Errorf("callback %v", got)
	}
	z.Switch(func(sw *zohosim.Switches) { sw.CodesPerWindow = -1 })
	z.wantError(z.exchange(z.approve("sam@example.com")), "Access Denied")
	z.Clock().Advance(10 * time.Minute)
	z.connect("sam@example.com")
}

func TestAccessTokensExpireAfterAnHour(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	b := z.connect("sam@example.com")
	z.Clock().Advance(time.Hour - time.Second)
	if !z.Token(b.text("access_token")).Valid {
		t.Error("expired early")
	}
	z.Clock().Advance(time.Second)
	if v := z.Token(b.text("access_token")); v.Reason != zohosim.ReasonExpired {
		t.Errorf("%+v", v)
	}
	if v := z.Token("made up"); v.Reason != zohosim.ReasonUnknown || v.Valid {
		t.Errorf("%+v", v)
	}
	if v := z.ValidAt(b.text("access_token"), start.Add(-time.Second)); v.Valid {
		t.Errorf("good before it was issued: %+v", v)
	}
}

func TestRotationPunishesReuse(t *testing.T) {
	z := begin(t, zohosim.Switches{RotateRefreshTokens: true, RotationLeewaySeconds: 30})
	first := z.connect("sam@example.com").text("refresh_token")
	second := z.refresh("us", first).body.text("refresh_token")
	if second == "" || second == first {
		t.Fatalf("no rotation: %q", second)
	}
	if v := z.Token(first); v.Reason != zohosim.ReasonRotated {
		t.Errorf("%+v", v)
	}
	z.Clock().Advance(29 * time.Second)
	if a := z.refresh("us", first); a.body.text("refresh_token") == "" {
		t.Errorf("within the leeway: %s", a.raw)
	}
	a := z.refresh("us", second)
	third := a.body.text("refresh_token")
	z.Clock().Advance(31 * time.Second)
	z.wantError(z.refresh("us", first), "invalid_code")
	for _, token := range []string{third, a.body.text("access_token")} {
		if v := z.Token(token); v.Valid || v.Reason != zohosim.ReasonReused {
			t.Errorf("the family survived: %+v", v)
		}
	}
	z.wantError(z.refresh("us", third), "invalid_code")
}

func TestRotationCanEndOlderAccessTokens(t *testing.T) {
	z := begin(t, zohosim.Switches{RotateRefreshTokens: true, RotationKillsAccess: true})
	b := z.connect("sam@example.com")
	z.refresh("us", b.text("refresh_token"))
	if v := z.Token(b.text("access_token")); v.Reason != zohosim.ReasonRotated {
		t.Errorf("%+v", v)
	}
}

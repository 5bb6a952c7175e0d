package sso_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/sso"
)

func TestSettingsKeepTheirRanges(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*sso.Settings)
		want   []string
	}{
		{"the default", func(*sso.Settings) {}, nil},
		{"the least", func(s *sso.Settings) {
			s.SessionIdle, s.SessionLife, s.PasswordDays = 5*time.Minute, 15*time.Minute, 30
		}, nil},
		{"the most", func(s *sso.Settings) {
			s.SessionIdle, s.SessionLife, s.PasswordDays = 12*time.Hour, 7*24*time.Hour, 365
		}, nil},
		{"as idle as it lives", func(s *sso.Settings) { s.SessionIdle, s.SessionLife = time.Hour, time.Hour }, nil},
		{"addresses and a connector", func(s *sso.Settings) { s.ReturnAddresses, s.StraightTo = []string{"https://a.example"}, "zoho" }, nil},
		{"idle too short", func(s *sso.Settings) { s.SessionIdle = 5*time.Minute - 1 }, []string{"/session_idle"}},
		{"idle too long", func(s *sso.Settings) { s.SessionIdle, s.SessionLife = 12*time.Hour+1, 24*time.Hour }, []string{"/session_idle"}},
		{"idle longer than life", func(s *sso.Settings) { s.SessionIdle, s.SessionLife = time.Hour+1, time.Hour }, []string{"/session_idle"}},
		{"life too short", func(s *sso.Settings) { s.SessionIdle, s.SessionLife = 5*time.Minute, 15*time.Minute-1 }, []string{"/session_life"}},
		{"life too long", func(s *sso.Settings) { s.SessionLife = 7*24*time.Hour + 1 }, []string{"/session_life"}},
		{"nothing", func(s *sso.Settings) { *s = sso.Settings{} }, []string{"/session_idle", "/session_life"}},
		{"too few days", func(s *sso.Settings) { s.PasswordDays = 29 }, []string{"/password_days"}},
		{"negative days", func(s *sso.Settings) { s.PasswordDays = -1 }, []string{"/password_days"}},
		{"too many days", func(s *sso.Settings) { s.PasswordDays = 366 }, []string{"/password_days"}},
		{"a wrong address", func(s *sso.Settings) { s.ReturnAddresses = []string{"https://a.example", "http://a.example"} }, []string{"/return_addresses/1"}},
		{"too many addresses", func(s *sso.Settings) { s.ReturnAddresses = slices.Repeat([]string{"https://a.example"}, 51) }, []string{"/return_addresses"}},
		{"no reference", func(s *sso.Settings) { s.StraightTo = "Zoho SSO" }, []string{"/straight_to"}},
		{"the reserved reference", func(s *sso.Settings) { s.StraightTo = "oauth" }, []string{"/straight_to"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := sso.DefaultSettings()
			c.change(&s)
			if d := cmp.Diff(c.want, pointers(s.Check())); d != "" {
				t.Error(d)
			}
		})
	}
}

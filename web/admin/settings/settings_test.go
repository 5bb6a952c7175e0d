package settings_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/test/pages"
)

const admin = "workspace-admin"

func stored(t testing.TB, s *pages.Site) sso.Settings {
	t.Helper()
	now, err := s.People().Settings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return now
}

func TestTheAddressesAreThereToCopy(t *testing.T) {
	s := pages.New(t)
	shown := s.SignedIn(t, "marie", admin).Get("/settings")
	shown.Shows(http.StatusOK, "This is the address that you are using")
	for _, address := range []string{s.Origin, s.Deps.PublicURL.RedirectURI(s.Tenant), s.Deps.PublicURL.SignInRedirectURI(s.Tenant)} {
		if !strings.Contains(shown.Body, `readonly value="`+address+`"`) {
			t.Errorf("%s is not there to copy", address)
		}
	}
}

func TestSettingsAreChanged(t *testing.T) {
	s := pages.New(t)
	s.User("ada", admin) // somebody who can sign in by the connector
	marie := s.SignedIn(t, "marie", admin)
	done := marie.Submit(marie.Get("/settings"), "/settings",
		"idle", "900", "life", "28800", "password_days", "90", "straight_to", "zoho",
		"returns", "https://app.example.com/desk\r\n\r\n https://other.example.com ")
	done.Shows(http.StatusSeeOther)
	marie.Get("/settings").Shows(http.StatusOK, "The settings are saved", "15 minutes")
	now := stored(t, s)
	if now.SessionIdle != 15*time.Minute || now.SessionLife != 8*time.Hour || now.PasswordDays != 90 || now.StraightTo != "zoho" || !now.LocalLogin ||
		!slices.Equal(now.ReturnAddresses, []string{"https://app.example.com/desk", "https://other.example.com"}) {
		t.Errorf("stored is %+v", now)
	}
	untouched := marie.Submit(marie.Get("/settings"), "/settings")
	untouched.Shows(http.StatusSeeOther)
	if again := stored(t, s); again.Rev != now.Rev {
		t.Errorf("a form that nobody touched changed %+v to %+v", now, again)
	}
}

func TestFaultsAreNamedBesideWhatWasTyped(t *testing.T) {
	s := pages.New(t)
	marie := s.SignedIn(t, "marie", admin)
	form := marie.Get("/settings")
	for _, c := range []struct {
		name  string
		typed []string
		want  string
	}{
		{"idle for longer than the session", []string{"idle", "43200", "life", "3600"}, "This cannot be longer than the whole session"},
		{"no number", []string{"life", "soon"}, "Choose one of these"},
		{"too short", []string{"life", "60"}, "Choose one of these"},
		{"odd days", []string{"password_days", "7"}, "Choose one of these"},
		{"an address that is none", []string{"returns", "https://a.example\nhttp://b.example"}, "http://b.example is not an address"},
		{"no such connector", []string{"straight_to", "nobody"}, "There is no such connector"},
	} {
		t.Run(c.name, func(t *testing.T) {
			marie.Submit(form, "/settings", c.typed...).Shows(http.StatusUnprocessableEntity, "One thing needs a correction", c.want)
		})
	}
	if stored(t, s).Rev != 0 {
		t.Error("something was stored")
	}
}

func TestWhatSomebodyElseStoredMeanwhileIsShown(t *testing.T) {
	s := pages.New(t)
	marie := s.SignedIn(t, "marie", admin)
	form := marie.Get("/settings")
	s.Settings(func(now *sso.Settings) { now.PasswordDays = 180 })
	late := marie.Submit(form, "/settings", "idle", "900")
	late.Shows(http.StatusUnprocessableEntity, "Somebody else changed the settings", "180 days")
	marie.Submit(late, "/settings").Shows(http.StatusSeeOther)
	if now := stored(t, s); now.SessionIdle != 15*time.Minute || now.PasswordDays != 0 {
		t.Errorf("stored is %+v", now)
	}
}

func TestNobodyLocksTheLastAdministratorOut(t *testing.T) {
	s := pages.New(t)
	marie := s.SignedIn(t, "marie", admin)
	form := marie.Get("/settings")
	// Without her password she needs the connector, and nobody lets her in there.
	u, err := s.People().User(t.Context(), "marie")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.People().Dissociate(t.Context(), "zoho", []authmethods.ID{u.ID}); err != nil {
		t.Skipf("the directory does not let it come so far: %v", err)
	}
	marie.Submit(form, "/settings", "local", "").Shows(http.StatusUnprocessableEntity, "Nobody would be left")
}

func TestAnAuditorLooksAndNobodyElse(t *testing.T) {
	s := pages.New(t)
	auditor := s.SignedIn(t, "auditor", "auditor")
	shown := auditor.Get("/settings")
	shown.Shows(http.StatusOK, "30 minutes", "12 hours")
	if strings.Contains(shown.Body, `action="/settings"`) || strings.Contains(shown.Body, "sign-everybody-out") {
		t.Error("an auditor is offered changes")
	}
	auditor.Post("/settings", nil).Shows(http.StatusForbidden)
	auditor.Get("/settings/sign-everybody-out").Shows(http.StatusForbidden)
	s.SignedIn(t, "nobody", "user").Get("/settings").Shows(http.StatusForbidden)
	s.SignedIn(t, "marie", admin).Post("/settings", nil).Shows(http.StatusForbidden)
}

func TestEverybodyIsSignedOutAtOnce(t *testing.T) {
	s := pages.New(t)
	marie, paul := s.SignedIn(t, "marie", admin), s.SignedIn(t, "paul", admin)
	form := marie.Get("/settings/sign-everybody-out")
	form.Shows(http.StatusOK, "Sign everybody out?")
	done := marie.Submit(form, "/settings/sign-everybody-out")
	done.Shows(http.StatusSeeOther)
	for _, v := range []*pages.Visitor{marie, paul} {
		if got := v.Get("/developers"); got.StatusCode != http.StatusSeeOther || !strings.HasPrefix(got.To(), "/login?") {
			t.Errorf("%d %s", got.StatusCode, got.To())
		}
	}
	marie.Get(done.To()).Shows(http.StatusOK, "Everybody is signed out")
}

func TestTheSettingsAreThereInFrench(t *testing.T) {
	s := pages.New(t)
	marie := s.SignedIn(t, "marie", admin)
	marie.In("fr").Get("/settings").Shows(http.StatusOK, "C’est l’adresse que vous utilisez", "30 minutes")
}

package methods_test

import (
	"net/http"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/crypto/secret"
	"latchkey/sso"
	"latchkey/zohosim"
)

const followingSecret = "the-secret-that-follows-k7q2"

// chosen reports whether the form of a page has this answer chosen.
func chosen(a answer, name, value string) bool {
	return strings.Contains(a.body, `name="`+name+`" value="`+value+`" checked`)
}

func TestTheFormAsksWhenANewSecretCounts(t *testing.T) {
	s := newSite(t)
	m := s.method()
	v := s.admin()
	edit, one := "/methods/"+string(m.ID)+"/edit", "/methods/"+string(m.ID)
	if form := v.page(newDesk); strings.Contains(form.body, "secret_from") {
		t.Error("a new method is asked when its first secret counts")
	}
	// Nobody uses it yet: there is nothing to spare.
	if form := v.page(edit); !chosen(form, "secret_from", "now") {
		t.Error("the secret of a method that nobody uses does not count at once")
	}
	s.Approve(t, m.Reference, authmethods.Production, zohosim.Approval{User: "sam@example.com"})
	form := v.page(edit)
	if !chosen(form, "secret_from", "next") || !strings.Contains(form.text(), "Keep the present one until Zoho Desk refuses it") {
		t.Fatalf("the secret of a method in use is replaced at once: %s", form.text())
	}
	if strings.Contains(form.body, "sandbox.secret_from") {
		t.Error("an environment without a secret of its own is asked when a new one counts")
	}
	fill := func(more ...string) []string {
		return append([]string{"name", m.Name, "client_id", simClient, "mode", "oauth", "data_centre", "auto", "do", "save"}, more...)
	}
	if same := v.submit(form, edit, fill("client_secret", simSecret, "secret_from", "next")...); same.StatusCode != http.StatusUnprocessableEntity ||
		!strings.Contains(same.body, `href="#f-client_secret"`) || !chosen(same, "secret_from", "next") || strings.Contains(same.body, simSecret) {
		t.Errorf("the present secret as the next one answers %d: %s", same.StatusCode, same.text())
	}
	if saved := v.submit(form, edit, fill("client_secret", followingSecret, "secret_from", "next")...); saved.StatusCode != http.StatusSeeOther {
		t.Fatalf("saving answers %d: %s", saved.StatusCode, saved.text())
	}
	now, err := s.reader().Method(t.Context(), string(m.ID))
	must(t, err)
	if now.Secret != m.Secret || now.NextSecret.Last4 != "k7q2" {
		t.Fatalf("%+v counts, and %+v waits", now.Secret, now.NextSecret)
	}
	shown := v.page(one)
	if !strings.Contains(shown.text(), "A next secret ending in …k7q2 waits; it takes over when Zoho Desk refuses the present one.") || strings.Contains(shown.body, followingSecret) {
		t.Errorf("the page does not tell of the next secret: %s", shown.text())
	}
	if french := v.page(one, "Accept-Language", "fr"); !strings.Contains(french.text(), "Un secret suivant, qui se termine par …k7q2") {
		t.Errorf("nor in French: %s", french.text())
	}
	// Without the choice, as a program sends the form, it counts at once.
	if saved := v.submit(v.page(edit), edit, fill("client_secret", followingSecret, "secret_from", "now")...); saved.StatusCode != http.StatusSeeOther {
		t.Fatalf("saving answers %d: %s", saved.StatusCode, saved.text())
	}
	if now, err = s.reader().Method(t.Context(), string(m.ID)); err != nil || now.Secret.Last4 != "k7q2" || now.NextSecret.Set {
		t.Errorf("%+v counts, and %+v waits: %v", now.Secret, now.NextSecret, err)
	}
}

func TestANextSecretIsRemovedOnItsPage(t *testing.T) {
	s := newSite(t)
	m := s.method()
	_, err := s.reader().ChangeMethod(t.Context(), string(m.ID), 0, store.MethodChange{
		NextSecret: secret.New(followingSecret),
		Environments: map[authmethods.Environment]store.EnvironmentChange{
			authmethods.Sandbox: {ClientSecret: secret.New("own-secret"), NextSecret: secret.New("own-next-secret-z9y8")},
		},
	})
	must(t, err)
	one := "/methods/" + string(m.ID)
	if seen := s.as("viewer", sso.RoleAuditor).page(one); !strings.Contains(seen.text(), "…k7q2 waits") || strings.Contains(seen.body, "next-secret") {
		t.Errorf("who may only look can remove it, or does not see it: %s", seen.text())
	}
	v := s.admin()
	if form := v.page(one + "/edit"); !strings.Contains(form.body, `name="sandbox.secret_from"`) {
		t.Error("an environment with a secret of its own is not asked when a new one counts")
	}
	page := v.page(one)
	if !strings.Contains(page.text(), "For Sandbox, a next secret ending in …z9y8 waits") {
		t.Errorf("the page does not tell of the sandbox's: %s", page.text())
	}
	for _, each := range []struct {
		environment string
		left        []bool // of the method, of the sandbox
	}{{"sandbox", []bool{true, false}}, {"", []bool{false, false}}} {
		if gone := v.submit(v.page(one), one+"/next-secret", "environment", each.environment); gone.StatusCode != http.StatusSeeOther || gone.to(s) != one {
			t.Fatalf("removing answers %d: %s", gone.StatusCode, gone.text())
		}
		now, err := s.reader().Method(t.Context(), string(m.ID))
		must(t, err)
		if now.NextSecret.Set != each.left[0] || now.In(authmethods.Sandbox).NextSecret.Set != each.left[1] || !now.Secret.Set || !now.In(authmethods.Sandbox).Secret.Set {
			t.Errorf("after removing that of %q: %+v", each.environment, now)
		}
	}
	if strings.Contains(v.page(one).body, one+"/next-secret") {
		t.Error("there is something to remove yet")
	}
}

func TestThePageNamesBothSecretsThatWereRefused(t *testing.T) {
	s := newSite(t)
	m := s.method()
	in := s.reader()
	_, err := in.ChangeMethod(t.Context(), string(m.ID), 0, store.MethodChange{NextSecret: secret.New(followingSecret)})
	must(t, err)
	client, err := in.Client(t.Context(), m.ID, authmethods.Production)
	must(t, err)
	must(t, in.RejectClient(t.Context(), m.ID, authmethods.Production, client.Version, authmethods.CodeClientRejected, m.CreatedAt.AddDate(1, 0, 0)))
	want := "Zoho Desk refused both the present secret, ending in …" + m.Secret.Last4 + ", and the next one, ending in …k7q2."
	if a := s.admin().page("/methods/" + string(m.ID)); !strings.Contains(a.text(), want) {
		t.Errorf("the page does not say %q: %s", want, a.text())
	}
}

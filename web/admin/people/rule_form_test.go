package people

import (
	"net/url"
	"testing"

	"pgregory.net/rapid"

	"latchkey/authmethods"
	"latchkey/sso"
)

func TestWhatTheFormShowsIsWhatItReads(t *testing.T) {
	word := rapid.StringMatching(`[a-z]{1,8}`)
	rapid.Check(t, func(t *rapid.T) {
		var r sso.Rule
		for range rapid.IntRange(0, 4).Draw(t, "look-ups") {
			l := sso.Lookup{Claim: word.Draw(t, "claim"), Field: rapid.SampledFrom([]sso.Field{sso.ByUserName, sso.ByEmail, sso.ByExternalID}).Draw(t, "field")}
			for range rapid.IntRange(0, 3).Draw(t, "changes") {
				ch := sso.Change{Do: rapid.SampledFrom(changes).Draw(t, "do")}
				switch ch.Do {
				case sso.ReplaceDomain, sso.Replace:
					ch.From, ch.To = word.Draw(t, "from"), word.Draw(t, "to")
				case sso.BeforeAt:
					ch.From = word.Draw(t, "from")
				}
				l.Changes = append(l.Changes, ch)
			}
			r.Lookups = append(r.Lookups, l)
		}
		values := url.Values{}
		if !showRule(r, values) {
			values.Set("rule", ruleKept) // as the page does
			if given := ruleGiven(values, r); given != nil {
				t.Fatalf("a rule that the form cannot show was replaced by %+v", *given)
			}
			return
		}
		if again, _ := readRule(values); !same(again, r) {
			t.Fatalf("%+v came back as %+v", r, again)
		}
		if given := ruleGiven(values, r); given != nil {
			t.Fatalf("an unchanged rule counts as changed: %+v", *given)
		}
	})
}

func TestFaultsOfARuleFindTheirFields(t *testing.T) {
	values := url.Values{"claim2": {"email"}, "changes2": {"trim", "replace_domain"}, "to2": {"no domain"}, "field2": {"user_name"}}
	rule, name := readRule(values)
	faults := rule.Check()
	if len(faults) != 1 || name(faults[0].Pointer) != "to2" {
		t.Errorf("the faults are %+v", faults)
	}
}

func TestAsWhomSomebodyMustSignIn(t *testing.T) {
	lookup := func(claim string, field sso.Field, changes ...sso.Change) sso.Connector {
		return sso.Connector{ID: "sso_1", Rule: sso.Rule{Lookups: []sso.Lookup{{Claim: claim, Field: field, Changes: changes}}}}
	}
	pinned := sso.User{UserName: "marie", Identities: []sso.Identity{{Connector: "sso_1", Email: "old@acme.fr", Subject: sso.Subject{Issuer: "i", ID: "7"}}}}
	domain := sso.Change{Do: sso.ReplaceDomain, From: "acme.eu", To: "acme.fr"}
	for name, c := range map[string]struct {
		of        sso.Connector
		user      sso.User
		claim, as string
		pinned    bool
	}{
		"the address is the name":   {lookup("email", sso.ByUserName), sso.User{UserName: "marie@acme.fr"}, "email", "marie@acme.fr", false},
		"another domain there":      {lookup("email", sso.ByUserName, domain), sso.User{UserName: "marie@acme.fr"}, "email", "marie@acme.eu", false},
		"the name before the @":     {lookup("email", sso.ByUserName, sso.Change{Do: sso.BeforeAt, From: "acme.fr"}), sso.User{UserName: "marie"}, "email", "marie@acme.fr", false},
		"the address that is known": {lookup("email", sso.ByUserName, sso.Change{Do: sso.BeforeAt}), sso.User{UserName: "marie", Email: "marie@acme.fr"}, "email", "marie@acme.fr", false},
		"another claim":             {lookup("sub", sso.ByExternalID), sso.User{UserName: "marie", ExternalID: "4711"}, "sub", "4711", false},
		"nothing leads there":       {lookup("sub", sso.ByExternalID), sso.User{UserName: "marie"}, "", "", false},
		"no e-mail address at all":  {lookup("email", sso.ByUserName, sso.Change{Do: sso.BeforeAt, From: "acme.fr"}), sso.User{UserName: "marie@acme.eu"}, "", "", false},
		"the pin decides":           {lookup("email", sso.ByUserName), pinned, "email", "old@acme.fr", true},
		"another connector's pin":   {sso.Connector{ID: "sso_2", Rule: lookup("email", sso.ByEmail).Rule}, withEmail(pinned, "marie@acme.fr"), "email", "marie@acme.fr", false},
	} {
		claim, as, isPinned := expected(c.of, c.user)
		if claim != c.claim || as != c.as || isPinned != c.pinned {
			t.Errorf("%s: %q, %q, %v; want %q, %q, %v", name, claim, as, isPinned, c.claim, c.as, c.pinned)
		}
	}
}

func withEmail(u sso.User, email string) sso.User {
	u.ID, u.Email = authmethods.ID("usr_1"), email
	return u
}

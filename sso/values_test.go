package sso_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"latchkey/authmethods"
	"latchkey/sso"
)

func trustNobody(string) bool { return false }

// value returns what a rule of one look-up yields.
func value(t *testing.T, r sso.Rule, c sso.Claims) sso.Value {
	t.Helper()
	values := r.Values(c, trustNobody)
	if len(values) != 1 {
		t.Fatalf("%d values", len(values))
	}
	return values[0]
}

func TestAValueTellsHowItCameAbout(t *testing.T) {
	got := sso.DefaultRule().Values(sso.Claims{"email": " Marie.Dupont@acme.fr", "email_verified": true}, trustNobody)
	want := []sso.Value{{
		Field: sso.ByUserName, Claim: "email", Text: "marie.dupont@acme.fr",
		Trace: []string{
			"email =  Marie.Dupont@acme.fr",
			"the provider has verified the address",
			"without spaces at the ends: Marie.Dupont@acme.fr",
			"without case: marie.dupont@acme.fr",
			"looks for the user name marie.dupont@acme.fr",
		},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestWhatVerifiesAnAddress holds R-25 and what follows from it for other claims.
func TestWhatVerifiesAnAddress(t *testing.T) {
	const mail = "Marie@acme.fr"
	for _, c := range []struct {
		name   string
		claim  string
		field  sso.Field
		claims sso.Claims
		want   authmethods.Code
	}{
		{"true", "email", sso.ByUserName, sso.Claims{"email": mail, "email_verified": true}, ""},
		{"missing", "email", sso.ByUserName, sso.Claims{"email": mail}, authmethods.CodeEmailUnverified},
		{"false", "email", sso.ByUserName, sso.Claims{"email": mail, "email_verified": false}, authmethods.CodeEmailUnverified},
		{"the text true", "email", sso.ByUserName, sso.Claims{"email": mail, "email_verified": "true"}, authmethods.CodeEmailUnverified},
		{"the number 1", "email", sso.ByUserName, sso.Claims{"email": mail, "email_verified": json.Number("1")}, authmethods.CodeEmailUnverified},
		{"null", "email", sso.ByUserName, sso.Claims{"email": mail, "email_verified": nil}, authmethods.CodeEmailUnverified},
		{"a list", "email", sso.ByUserName, sso.Claims{"email": mail, "email_verified": []any{true}}, authmethods.CodeEmailUnverified},
		{"for the field e-mail", "email", sso.ByEmail, sso.Claims{"email": mail}, authmethods.CodeEmailUnverified},
		{"for an external id", "email", sso.ByExternalID, sso.Claims{"email": mail}, authmethods.CodeEmailUnverified},
		{"a claim in capitals", "Email", sso.ByUserName, sso.Claims{"Email": mail}, authmethods.CodeEmailUnverified},
		{"a claim in capitals, verified is another", "Email", sso.ByUserName, sso.Claims{"Email": mail, "email": "evil@evil.example", "email_verified": true}, authmethods.CodeEmailUnverified},
		{"a claim in capitals, verified is the same", "Email", sso.ByUserName, sso.Claims{"Email": mail, "email": "marie@ACME.fr", "email_verified": true}, ""},
		{"another claim for the field e-mail", "upn", sso.ByEmail, sso.Claims{"upn": mail, "email": "evil@evil.example", "email_verified": true}, authmethods.CodeEmailUnverified},
		{"another claim for the field e-mail alone", "upn", sso.ByEmail, sso.Claims{"upn": mail, "email_verified": true}, authmethods.CodeEmailUnverified},
		{"another claim with the same address", "upn", sso.ByEmail, sso.Claims{"upn": mail, "email": mail, "email_verified": true}, ""},
		{"another claim for the user name", "upn", sso.ByUserName, sso.Claims{"upn": mail}, ""},
		{"no address", "email", sso.ByUserName, sso.Claims{"email": "marie", "email_verified": true}, authmethods.CodeNoMatchingUser},
		{"two addresses", "email", sso.ByUserName, sso.Claims{"email": "evil@evil.example@acme.fr", "email_verified": true}, authmethods.CodeNoMatchingUser},
		{"a Kelvin sign", "email", sso.ByUserName, sso.Claims{"email": "\u212Aim@acme.fr", "email_verified": true}, authmethods.CodeNoMatchingUser},
		{"a number", "phone_number", sso.ByExternalID, sso.Claims{"phone_number": "+33123"}, authmethods.CodeNoMatchingUser},
		{"a number, verified as text", "phone_number", sso.ByExternalID, sso.Claims{"phone_number": "+33123", "phone_number_verified": "true"}, authmethods.CodeNoMatchingUser},
		{"a number, the address verified", "phone_number", sso.ByExternalID, sso.Claims{"phone_number": "+33123", "email_verified": true}, authmethods.CodeNoMatchingUser},
		{"a verified number", "phone_number", sso.ByExternalID, sso.Claims{"phone_number": "+33123", "phone_number_verified": true}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := value(t, by(c.claim, c.field, sso.Change{Do: sso.Trim}), c.claims)
			if got.Code != c.want || (got.Text == "") != (c.want != "") {
				t.Errorf("got %q, %q: %q", got.Text, got.Code, got.Trace)
			}
		})
	}
}

func TestTrustIsForTheExactDomain(t *testing.T) {
	c := sso.Connector{TrustedDomains: []string{"Acme.fr", "münchen.de"}}
	for address, trusted := range map[string]bool{
		"marie@acme.fr": true, "marie@ACME.FR": true, " marie@acme.fr ": true, "marie@München.de": true, "marie@xn--mnchen-3ya.de": true,
		"marie@sub.acme.fr": false, "marie@evilacme.fr": false, "marie@acme.fr.evil.example": false, "marie@evil.example": false,
		"marie@fr": false, "acme.fr": false, "x@acme.fr@evil.example": false, "x@evil.example@acme.fr": false, "marie@acme.fr\x00": false,
	} {
		got := sso.DefaultRule().Values(sso.Claims{"email": address}, c.Trusts)[0]
		if (got.Text != "") != trusted {
			t.Errorf("%q: got %q: %q", address, got.Text, got.Trace)
		}
	}
	if got := sso.DefaultRule().Values(sso.Claims{"email": "marie@acme.fr"}, nil)[0]; got.Code != authmethods.CodeEmailUnverified {
		t.Errorf("nobody to trust: %q", got.Code)
	}
}

func TestChanges(t *testing.T) {
	type steps = []sso.Change
	pattern := func(from, to string) sso.Change { return sso.Change{Do: sso.Replace, From: from, To: to} }
	for _, c := range []struct {
		name    string
		text    any
		changes steps
		want    string // empty: nothing comes of it
	}{
		{"none", "Marie", nil, "Marie"},
		{"a number", json.Number("60001234"), nil, "60001234"},
		{"trim", "\t Marie \n", steps{{Do: sso.Trim}}, "Marie"},
		{"case", "MARIE É", steps{{Do: sso.IgnoreCase}}, "marie é"},
		{"case leaves a Kelvin sign", "\u212Aim", steps{{Do: sso.IgnoreCase}}, "\u212Aim"},
		{"case makes no plain i of a Turkish one", "ADM\u0130N", steps{{Do: sso.IgnoreCase}}, "admi\u0307n"},
		{"before the @", "marie@acme.fr", steps{{Do: sso.BeforeAt}}, "marie"},
		{"before no @", "marie", steps{{Do: sso.BeforeAt}}, "marie"},
		{"before two @", "marie@evil.example@acme.fr", steps{{Do: sso.BeforeAt}}, ""},
		{"before an @ at the start", "@acme.fr", steps{{Do: sso.BeforeAt}}, ""},
		{"before the @ of the right domain", "marie@ACME.fr", steps{{Do: sso.BeforeAt, From: "acme.fr"}}, "marie"},
		{"before the @ of a wrong domain", "marie@evil.example", steps{{Do: sso.BeforeAt, From: "acme.fr"}}, ""},
		{"before the @ of a sub-domain", "marie@x.acme.fr", steps{{Do: sso.BeforeAt, From: "acme.fr"}}, ""},
		{"before the @ of no domain", "marie", steps{{Do: sso.BeforeAt, From: "acme.fr"}}, ""},
		{"any domain", "marie@x.example", steps{{Do: sso.ReplaceDomain, To: "acme.fr"}}, "marie@acme.fr"},
		{"one domain", "marie@Acme.com", steps{{Do: sso.ReplaceDomain, From: "acme.com", To: "acme.fr"}}, "marie@acme.fr"},
		{"another domain", "marie@evil.example", steps{{Do: sso.ReplaceDomain, From: "acme.com", To: "acme.fr"}}, "marie@evil.example"},
		{"no domain", "marie", steps{{Do: sso.ReplaceDomain, To: "acme.fr"}}, "marie"},
		{"two domains", "a@b@acme.com", steps{{Do: sso.ReplaceDomain, From: "acme.com", To: "acme.fr"}}, ""},
		{"a pattern", "u-123", steps{pattern(`^u-(\d+)$`, "$1")}, "123"},
		{"a pattern that does not match", "x-123", steps{pattern(`^u-(\d+)$`, "$1")}, "x-123"},
		{"a pattern twice", "a.b.c", steps{pattern(`\.`, "-")}, "a-b-c"},
		{"a pattern that is none", "a", steps{pattern(`(`, "")}, ""},
		{"a pattern to nothing", "a", steps{pattern(`a`, "")}, ""},
		{"a pattern that makes it long", strings.Repeat("a", 300), steps{pattern(`a`, "bb")}, ""},
		{"a pattern that makes it long for a moment", strings.Repeat("a", 300), steps{pattern(`a`, "bb"), pattern("^.*$", "x")}, ""},
		{"an unknown change", "a", steps{{Do: "upper"}}, ""},
		{"in order", " Marie@Acme.com", steps{{Do: sso.Trim}, {Do: sso.IgnoreCase}, {Do: sso.BeforeAt}, pattern("^", "acme-")}, "acme-marie"},
		{"a long claim", strings.Repeat("a", 321), steps{pattern("^.*$", "a")}, ""},
		{"not UTF-8", "a\xff", nil, ""},
		{"not UTF-8 until it is changed", "a\xff", steps{pattern("^.*$", "x")}, ""},
		{"no text", true, nil, ""},
		{"a list", []any{"a"}, nil, ""},
		{"empty", "", nil, ""},
		{"an empty number", json.Number(""), nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := value(t, by("employee", sso.ByExternalID, c.changes...), sso.Claims{"employee": c.text})
			if got.Text != c.want || (got.Code == "") != (c.want != "") || len(got.Trace) == 0 {
				t.Errorf("got %q, %q: %q", got.Text, got.Code, got.Trace)
			}
		})
	}
	if got := value(t, by("employee", sso.ByExternalID), sso.Claims{"other": "a"}); got.Code != authmethods.CodeNoMatchingUser || got.Trace[0] != "the provider sent no employee" {
		t.Errorf("a claim that is not there: %+v", got)
	}
	if got := value(t, by("email", sso.ByEmail), said("marie@münchen.de")); got.Text != "marie@xn--mnchen-3ya.de" {
		t.Errorf("an address in another form: %+v", got)
	}
	if got := value(t, by("employee", "id"), sso.Claims{"employee": "a"}); got.Text != "" || got.Code != authmethods.CodeNoMatchingUser {
		t.Errorf("an unknown field: %+v", got)
	}
}

// claims draws what a provider might say, true or not.
func claims() *rapid.Generator[sso.Claims] {
	some := rapid.SampledFrom([]any{
		"marie@acme.fr", "Marie@ACME.fr ", "evil@evil.example", "marie", "paul", "ADM\u0130N@acme.fr", "\u212Aim", "a@b@acme.fr", "", nil,
		true, false, "true", json.Number("1"), json.Number("600"), []any{"marie@acme.fr"}, map[string]any{}, strings.Repeat("é", 400), "\u202Ex\x00",
	})
	names := rapid.SampledFrom([]string{"email", "Email", "email_verified", "sub", "name", "upn", "phone_number", "phone_number_verified"})
	return rapid.Custom(func(t *rapid.T) sso.Claims { return sso.Claims(rapid.MapOf(names, some).Draw(t, "claims")) })
}

// rules draws rules, most of them right.
func rules() *rapid.Generator[sso.Rule] {
	change := rapid.SampledFrom([]sso.Change{
		{Do: sso.Trim}, {Do: sso.IgnoreCase}, {Do: sso.BeforeAt}, {Do: sso.BeforeAt, From: "acme.fr"}, {Do: sso.ReplaceDomain, To: "acme.fr"},
		{Do: sso.ReplaceDomain, From: "evil.example", To: "acme.fr"}, {Do: sso.Replace, From: "(.)", To: "$1$1$1"}, {Do: sso.Replace, From: "^.*$", To: "marie@acme.fr"}, {Do: "?"},
	})
	lookup := rapid.Custom(func(t *rapid.T) sso.Lookup {
		return sso.Lookup{
			Claim:   rapid.SampledFrom([]string{"email", "Email", "sub", "name", "upn", "phone_number"}).Draw(t, "claim"),
			Field:   rapid.SampledFrom([]sso.Field{sso.ByUserName, sso.ByEmail, sso.ByExternalID}).Draw(t, "field"),
			Changes: rapid.SliceOfN(change, 0, 4).Draw(t, "changes"),
		}
	})
	return rapid.Custom(func(t *rapid.T) sso.Rule { return sso.Rule{Lookups: rapid.SliceOfN(lookup, 0, 5).Draw(t, "lookups")} })
}

func TestValuesAreBoundedAndSaidPlainly(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r, c := rules().Draw(rt, "rule"), claims().Draw(rt, "claims")
		values := r.Values(c, trustNobody)
		if len(values) != len(r.Lookups) {
			rt.Fatalf("%d values of %d look-ups", len(values), len(r.Lookups))
		}
		for i, v := range values {
			if (v.Text == "") == (v.Code == "") || len(v.Text) > 320 || v.Field != r.Lookups[i].Field || len(v.Trace) == 0 || len(v.Trace) > 13 {
				rt.Fatalf("%+v", v)
			}
			for _, s := range v.Trace {
				if len(s) > 1200 || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
					rt.Fatalf("the sentence %q", s)
				}
			}
			if address := strings.EqualFold(v.Claim, "email") || v.Field == sso.ByEmail; address && !c.True("email_verified") && v.Text != "" {
				rt.Fatalf("nobody verified %+v", v)
			}
		}
	})
}

package sso_test

import (
	"slices"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/sso"
)

// by makes a rule of one look-up.
func by(claim string, field sso.Field, changes ...sso.Change) sso.Rule {
	return sso.Rule{Lookups: []sso.Lookup{{Claim: claim, Field: field, Changes: changes}}}
}

func pointers(faults []authmethods.FieldError) []string {
	var p []string
	for _, f := range faults {
		p = append(p, f.Pointer)
	}
	return p
}

func TestRulesThatAreRight(t *testing.T) {
	for name, r := range map[string]sso.Rule{
		"the default":      sso.DefaultRule(),
		"nothing":          {},
		"a claim's URL":    by("https://acme.example/claims/upn", sso.ByExternalID),
		"every change":     by("email", sso.ByEmail, sso.Change{Do: sso.Trim}, sso.Change{Do: sso.IgnoreCase}, sso.Change{Do: sso.BeforeAt, From: "acme.fr"}, sso.Change{Do: sso.ReplaceDomain, To: "acme.fr"}, sso.Change{Do: sso.Replace, From: `^(\w+)$`, To: "$1"}),
		"a replacement":    by("sub", sso.ByUserName, sso.Change{Do: sso.Replace, From: strings.Repeat("é", 200), To: strings.Repeat("é", 200)}),
		"five look-ups":    {Lookups: slices.Repeat(sso.DefaultRule().Lookups, 5)},
		"ten changes":      by("email", sso.ByUserName, slices.Repeat([]sso.Change{{Do: sso.Trim}}, 10)...),
		"a domain in IDNA": by("email", sso.ByEmail, sso.Change{Do: sso.ReplaceDomain, From: "münchen.de", To: "xn--mnchen-3ya.de"}),
	} {
		if faults := r.Check(); len(faults) != 0 {
			t.Errorf("%s: %v", name, faults)
		}
	}
}

func TestWhatIsWrongWithARuleIsPointedAt(t *testing.T) {
	change := func(c sso.Change) sso.Rule { return by("email", sso.ByUserName, sso.Change{Do: sso.Trim}, c) }
	for _, c := range []struct {
		name string
		rule sso.Rule
		want string
	}{
		{"six look-ups", sso.Rule{Lookups: slices.Repeat(sso.DefaultRule().Lookups, 6)}, "/rule/lookups"},
		{"eleven changes", by("email", sso.ByUserName, slices.Repeat([]sso.Change{{Do: sso.Trim}}, 11)...), "/rule/lookups/0/changes"},
		{"no claim", by("", sso.ByUserName), "/rule/lookups/0/claim"},
		{"a claim with a space", by("e mail", sso.ByUserName), "/rule/lookups/0/claim"},
		{"a claim with a line end", by("email\n", sso.ByUserName), "/rule/lookups/0/claim"},
		{"a long claim", by(strings.Repeat("a", 129), sso.ByUserName), "/rule/lookups/0/claim"},
		{"no field", by("email", ""), "/rule/lookups/0/field"},
		{"an unknown field", by("email", "id"), "/rule/lookups/0/field"},
		{"the second look-up", sso.Rule{Lookups: append(sso.DefaultRule().Lookups, sso.Lookup{Claim: "sub"})}, "/rule/lookups/1/field"},
		{"no change", change(sso.Change{}), "/rule/lookups/0/changes/1/do"},
		{"an unknown change", change(sso.Change{Do: "upper"}), "/rule/lookups/0/changes/1/do"},
		{"trim with a from", change(sso.Change{Do: sso.Trim, From: "x"}), "/rule/lookups/0/changes/1/from"},
		{"ignore_case with a to", change(sso.Change{Do: sso.IgnoreCase, To: "x"}), "/rule/lookups/0/changes/1/to"},
		{"before_at with a to", change(sso.Change{Do: sso.BeforeAt, To: "x"}), "/rule/lookups/0/changes/1/to"},
		{"before_at of no domain", change(sso.Change{Do: sso.BeforeAt, From: "@acme.fr"}), "/rule/lookups/0/changes/1/from"},
		{"replace_domain by nothing", change(sso.Change{Do: sso.ReplaceDomain, From: "acme.fr"}), "/rule/lookups/0/changes/1/to"},
		{"replace_domain of no domain", change(sso.Change{Do: sso.ReplaceDomain, From: "a b", To: "acme.fr"}), "/rule/lookups/0/changes/1/from"},
		{"replace without a pattern", change(sso.Change{Do: sso.Replace, To: "x"}), "/rule/lookups/0/changes/1/from"},
		{"a pattern that is none", change(sso.Change{Do: sso.Replace, From: "("}), "/rule/lookups/0/changes/1/from"},
		{"a pattern that looks back", change(sso.Change{Do: sso.Replace, From: `(a)\1`}), "/rule/lookups/0/changes/1/from"},
		{"a long pattern", change(sso.Change{Do: sso.Replace, From: strings.Repeat("a", 201)}), "/rule/lookups/0/changes/1/from"},
		{"a pattern that repeats much", change(sso.Change{Do: sso.Replace, From: strings.Repeat(`\pL{900}`, 2)}), "/rule/lookups/0/changes/1/from"},
		{"a long replacement", change(sso.Change{Do: sso.Replace, From: "a", To: strings.Repeat("a", 201)}), "/rule/lookups/0/changes/1/to"},
	} {
		t.Run(c.name, func(t *testing.T) {
			faults := c.rule.Check()
			if len(faults) != 1 || faults[0].Pointer != c.want || faults[0].Detail == "" {
				t.Errorf("got %v, want a fault at %s", faults, c.want)
			}
		})
	}
}

func TestWarningsSayWhatCouldHappen(t *testing.T) {
	trim := sso.Change{Do: sso.Trim}
	for _, c := range []struct {
		name string
		rule sso.Rule
		want []string // parts of the warnings
	}{
		{"the default", sso.DefaultRule(), nil},
		{"nothing", sso.Rule{}, []string{"linked by hand"}},
		{"a claim for show", by("Nickname", sso.ByUserName), []string{"people can change the claim Nickname themselves"}},
		{"an address as external id", by("email", sso.ByExternalID, trim), []string{"given to another person"}},
		{"no trim", by("email", sso.ByEmail), []string{"not trimmed"}},
		{"before_at of any domain", by("email", sso.ByUserName, trim, sso.Change{Do: sso.BeforeAt}), []string{"marie@evil.example would become marie."}},
		{"before_at of one domain", by("email", sso.ByUserName, trim, sso.Change{Do: sso.BeforeAt, From: "acme.fr"}), nil},
		{"any domain replaced", by("email", sso.ByUserName, trim, sso.Change{Do: sso.ReplaceDomain, To: "acme.fr"}), []string{"marie@evil.example would become marie@acme.fr."}},
		{"one domain replaced", by("email", sso.ByUserName, trim, sso.Change{Do: sso.ReplaceDomain, From: "acme.com", To: "acme.fr"}), nil},
		{"a part of the text", by("email", sso.ByUserName, trim, sso.Change{Do: sso.Replace, From: `@acme\.fr`}), []string{"may match a part only"}},
		{"the whole text", by("email", sso.ByUserName, trim, sso.Change{Do: sso.Replace, From: `^(.*)@acme\.fr$`, To: "$1"}), nil},
		{"two things at once", by("name", sso.ByUserName, sso.Change{Do: sso.BeforeAt}), []string{"themselves", "would become marie."}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.rule.Lint()
			if len(got) != len(c.want) {
				t.Fatalf("got %q", got)
			}
			for i, part := range c.want {
				if !strings.Contains(got[i], part) || !strings.HasSuffix(got[i], ".") {
					t.Errorf("%q does not say %q", got[i], part)
				}
			}
		})
	}
	second := append(sso.DefaultRule().Lookups, by("name", sso.ByUserName).Lookups...)
	if got := (sso.Rule{Lookups: second}).Lint(); len(got) != 1 || !strings.HasPrefix(got[0], "Look-up 2: ") {
		t.Errorf("got %q", got)
	}
}

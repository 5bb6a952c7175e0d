package people

import (
	"slices"
	"strings"

	"latchkey/sso"
)

// expected tells as whom somebody must sign in by a connector: the account that is
// pinned, or else what the provider must say in a claim for the rule to come to them.
// as is empty where the rule does not tell.
func expected(of sso.Connector, u sso.User) (claim, as string, pinned bool) {
	for _, i := range u.Identities {
		if i.Connector == of.ID {
			if i.Email != "" {
				return "email", i.Email, true
			}
			return "sub", i.Subject.ID, true
		}
	}
	for _, l := range of.Rule.Lookups {
		wanted := wantedBy(l.Field, u)
		if wanted == "" {
			continue
		}
		for _, candidate := range candidates(l, wanted, u) {
			if leads(of, l, candidate, wanted) {
				return l.Claim, candidate, false
			}
		}
	}
	return "", "", false
}

// wantedBy is what a look-up must come to for it to be u.
func wantedBy(field sso.Field, u sso.User) string {
	switch field {
	case sso.ByEmail:
		return u.Email
	case sso.ByExternalID:
		return u.ExternalID
	}
	return u.UserName
}

// candidates are what a provider might say for a look-up to come to a text: the text
// with the changes undone, and the e-mail address that is known.
func candidates(l sso.Lookup, wanted string, u sso.User) []string {
	text := wanted
	for _, ch := range slices.Backward(l.Changes) {
		local, _, _ := strings.Cut(text, "@")
		switch {
		case ch.Do == sso.ReplaceDomain && ch.From != "", ch.Do == sso.BeforeAt && ch.From != "":
			text = local + "@" + ch.From
		}
	}
	all := []string{wanted, text}
	if len(l.Changes) > 0 {
		slices.Reverse(all) // undoing them is the likelier one
	}
	if u.Email != "" {
		all = append(all, u.Email)
	}
	return all
}

// leads reports whether a look-up comes from what a provider says to the text that is
// wanted.
func leads(of sso.Connector, l sso.Lookup, said, wanted string) bool {
	rule := sso.Rule{Lookups: []sso.Lookup{l}}
	claims := sso.Claims{l.Claim: said, "email_verified": true}
	values := rule.Values(claims, of.Trusts)
	// The same field without any change is how the text that is wanted is written there.
	claim := "wanted"
	if l.Field == sso.ByEmail {
		claim = "email" // no other claim counts as an address that is verified
	}
	plain := sso.Rule{Lookups: []sso.Lookup{{Claim: claim, Field: l.Field}}}.Values(sso.Claims{claim: wanted, "email_verified": true}, of.Trusts)
	return len(values) == 1 && len(plain) == 1 && values[0].Text != "" && values[0].Code == "" && values[0].Text == plain[0].Text
}

package sso

import (
	"fmt"
	"slices"
	"strings"
)

// Lint returns warnings about a rule that is right but may not be meant so, each a
// sentence for an administrator.
func (r Rule) Lint() []string {
	if len(r.Lookups) == 0 {
		return []string{"The rule looks nobody up: only people who were linked by hand can sign in."}
	}
	var warnings []string
	for i, l := range r.Lookups {
		for _, w := range l.lint() {
			warnings = append(warnings, fmt.Sprintf("Look-up %d: %s", i+1, w))
		}
	}
	return warnings
}

func (l Lookup) lint() []string {
	var w []string
	if editable(l.Claim) {
		w = append(w, fmt.Sprintf("people can change the claim %s themselves at many providers, and so choose who they are here.", l.Claim))
	}
	if l.Field == ByExternalID && (isEmail(l.Claim) || isPhone(l.Claim)) {
		w = append(w, fmt.Sprintf("the claim %s is given to another person in time; an external id is not.", l.Claim))
	}
	trims := func(c Change) bool { return c.Do == Trim }
	if isEmail(l.Claim) && !slices.ContainsFunc(l.Changes, trims) {
		w = append(w, "the e-mail address is not trimmed: with a space at an end it matches nobody.")
	}
	for _, c := range l.Changes {
		switch {
		case c.Do == BeforeAt && c.From == "":
			w = append(w, "the part before the @ is taken whatever the domain is: marie@evil.example would become marie.")
		case c.Do == ReplaceDomain && c.From == "":
			w = append(w, fmt.Sprintf("any domain is replaced: marie@evil.example would become marie@%s.", c.To))
		case c.Do == Replace && !anchored(c.From):
			w = append(w, fmt.Sprintf("the pattern %s may match a part only, as it does not begin with ^ and end with $.", c.From))
		}
	}
	return w
}

// editable reports a claim that is for show: OpenID Connect Core 1.0 section 5.7
// says of these that they must not be used to tell people apart.
func editable(claim string) bool {
	return slices.Contains([]string{
		"name", "given_name", "family_name", "middle_name", "nickname", "preferred_username",
		"first_name", "last_name", "display_name", "profile", "picture", "website", "address", "zoneinfo", "locale", "gender",
	}, strings.ToLower(claim))
}

// isEmail reports a claim that holds an e-mail address, however it is spelt: a
// provider that calls it Email has not verified it any better.
func isEmail(claim string) bool {
	return slices.Contains([]string{"email", "e_mail", "mail", "email_address", "emailaddress"}, strings.ToLower(claim))
}

func isPhone(claim string) bool { return strings.EqualFold(claim, "phone_number") }

func anchored(pattern string) bool {
	return strings.HasPrefix(pattern, "^") && strings.HasSuffix(pattern, "$") && !strings.Contains(pattern, "|")
}

package sso

import (
	"fmt"

	"latchkey/authmethods"
)

// Expected is somebody of whom it is to be known whether they can sign in. What is
// claimed counts as in a real sign-in: whoever takes e-mail addresses from a list
// must claim that they are verified if they will be.
type Expected struct {
	Label   string  // what the person is called in the result
	Subject Subject // zero: not known
	Claims  Claims
}

// Finder finds people of one tenant.
type Finder struct {
	// Pinned returns the user whose identity has a subject; nil: nobody's has.
	Pinned func(Subject) (*User, error)
	// Found returns, value by value, the users who are meant, as in [Evidence].
	Found func([]Value) ([][]User, error)
}

// Readiness is what would become of somebody.
type Readiness string

// The kinds of readiness.
const (
	Ready           Readiness = "ready" // also somebody who would be made a user
	NoAccount       Readiness = "no_account"
	Ambiguous       Readiness = "ambiguous"
	AccountDisabled Readiness = "disabled"
	NotAssociated   Readiness = "not_associated"
	Unverified      Readiness = "unverified"
	OtherIdentity   Readiness = "identity_changed"
)

// readinessOf tells which refusal is which.
func readinessOf(v Verdict) Readiness {
	switch v.Code {
	case "":
		return Ready
	case authmethods.CodeSeveralUsers:
		return Ambiguous
	case authmethods.CodeUserDisabled:
		return AccountDisabled
	case authmethods.CodeNotAssociated:
		return NotAssociated
	case authmethods.CodeEmailUnverified:
		return Unverified
	case authmethods.CodeIdentityChanged:
		return OtherIdentity
	}
	return NoAccount
}

// Rehearsed is the result for one person.
type Rehearsed struct {
	Label     string
	Readiness Readiness
	Verdict   Verdict
}

// DryRun says of each of the people what would become of them at a connector with
// its rule, whether or not it is disabled. The results are in the order of people.
// It ends with the first error of find.
func DryRun(c Connector, people []Expected, find Finder) ([]Rehearsed, error) {
	rule := c.Rule.compile()
	results := make([]Rehearsed, 0, len(people))
	for _, p := range people {
		e := Evidence{Connector: c, Subject: p.Subject, Values: rule.values(p.Claims, c.Trusts)}
		var err error
		if p.Subject != (Subject{}) {
			if e.Pinned, err = find.Pinned(p.Subject); err != nil {
				return nil, fmt.Errorf("finding whose account at the provider it is: %w", err)
			}
		}
		if e.Found, err = find.Found(e.Values); err != nil {
			return nil, fmt.Errorf("finding the users that are meant: %w", err)
		}
		v := Rehearse(e)
		results = append(results, Rehearsed{Label: p.Label, Readiness: readinessOf(v), Verdict: v})
	}
	return results, nil
}

// Turn is somebody to whom a change matters.
type Turn struct{ Before, After Rehearsed }

// Difference is what a change of a rule or connector does to people.
type Difference struct {
	Lose   []Turn // could sign in, and no longer could
	Win    []Turn // could not, and could
	Switch []Turn // could and still can, as somebody else
}

// Diff compares the results of two dry runs of the same people in the same order.
func Diff(before, after []Rehearsed) Difference {
	var d Difference
	for i := range min(len(before), len(after)) {
		t := Turn{Before: before[i], After: after[i]}
		was, is := t.Before.Readiness == Ready, t.After.Readiness == Ready
		switch {
		case was && !is:
			d.Lose = append(d.Lose, t)
		case !was && is:
			d.Win = append(d.Win, t)
		case was && becomes(t.Before.Verdict) != becomes(t.After.Verdict):
			d.Switch = append(d.Switch, t)
		}
	}
	return d
}

// becomes names who somebody is after signing in.
func becomes(v Verdict) string {
	if v.User != nil {
		return "user " + string(v.User.ID)
	}
	return "new " + v.UserName
}

// Among returns a finder for users who are all in memory, for dry runs over many
// people.
func Among(users []User) Finder {
	type key struct {
		field Field
		text  string
	}
	known, pinned := map[key][]User{}, map[Subject]*User{}
	for i, u := range users {
		for field, text := range map[Field]string{ByUserName: u.UserName, ByEmail: u.Email, ByExternalID: u.ExternalID} {
			if canonical, err := field.canonical(text); err == nil {
				known[key{field, canonical}] = append(known[key{field, canonical}], u)
			}
		}
		for _, identity := range u.Identities {
			pinned[identity.Subject] = &users[i]
		}
	}
	return Finder{
		Pinned: func(s Subject) (*User, error) { return pinned[s], nil },
		Found: func(values []Value) ([][]User, error) {
			found := make([][]User, len(values))
			for i, v := range values {
				found[i] = known[key{v.Field, v.Text}]
			}
			return found, nil
		},
	}
}

package sso

import (
	"fmt"
	"slices"

	"latchkey/authmethods"
)

// Value is what one look-up of a rule yields for somebody: what to look for, or
// why there is nothing.
type Value struct {
	Field Field
	Claim string // the name of the claim that it comes from
	Text  string // canonical for the field; empty: Code says why not
	// Code is empty, CodeNoMatchingUser (the claim is absent or comes to nothing) or
	// CodeEmailUnverified.
	Code  authmethods.Code
	Trace []string // how it came about, a sentence a step
}

// Evidence is all that a sign-in is judged by.
type Evidence struct {
	Connector Connector
	Subject   Subject
	// Pinned is the user whose identity has this subject; nil: nobody's has.
	Pinned *User
	Values []Value
	// Found are, value by value, the users that the tenant has for it.
	Found [][]User
}

// Verdict is what becomes of a sign-in.
type Verdict struct {
	// Code is empty if the person may sign in, and otherwise S-01 to S-07, or S-10
	// where nobody's subject was given.
	Code authmethods.Code
	// User is who signs in; nil where Code says why nobody does, or one is to be made.
	User *User
	// Refused is the user whom a refusal is about, for the sign-in log and for whoever
	// mends it; nil where nobody or more than one was found. It is not to be signed in.
	Refused *User
	// Pin means that the identity of the subject is to be pinned to User.
	Pin bool
	// Create means that a user is to be made, named UserName.
	Create   bool
	UserName string
	Trace    []string // the whole chain, a sentence a step, for administrators
}

// Judge says what becomes of a sign-in. The one whose identity has the subject is
// who signs in, whatever the claims say; where nobody's has, the first value that
// finds anybody decides.
func Judge(e Evidence) Verdict {
	if e.Connector.Disabled {
		return Verdict{}.refuse(authmethods.CodeConnectorDisabled, nil, "the connector is disabled")
	}
	if e.Subject.Issuer == "" || e.Subject.ID == "" {
		return Verdict{}.refuse(authmethods.CodeIdentityUnproved, nil, "the provider did not say who it is")
	}
	return Rehearse(e)
}

// Rehearse is [Judge] without consequences, for trying a rule: the connector may be
// disabled, and the subject unknown, in which case an account that is pinned already
// is taken for the person's own. Nobody may be signed in by it.
func Rehearse(e Evidence) Verdict {
	var v Verdict
	if e.Pinned != nil {
		v.say("this account of the provider is pinned to a user")
		v.about(e.Pinned)
		if code, why := e.bars(e.Pinned); code != "" {
			return v.refuse(code, e.Pinned, why)
		}
		return v.admit(e, e.Pinned)
	}
	for i, value := range e.Values {
		v.Trace = append(v.Trace, value.Trace...)
		if !value.usable() {
			continue
		}
		if i >= len(e.Found) || len(e.Found[i]) == 0 {
			v.say(fmt.Sprintf("no user has this %s", value.Field.words()))
			continue
		}
		return v.mapped(e, value, e.Found[i])
	}
	return v.nobody(e)
}

// usable reports a value that may decide anything.
func (v Value) usable() bool { return v.Text != "" && v.Code == "" }

// mapped judges those whom a value found.
func (v Verdict) mapped(e Evidence, value Value, found []User) Verdict {
	if len(found) > 1 {
		return v.refuse(authmethods.CodeSeveralUsers, nil, fmt.Sprintf("%d users have this %s", len(found), value.Field.words()))
	}
	u := &found[0]
	v.about(u)
	code, why := e.bars(u)
	if code == authmethods.CodeUserDisabled {
		return v.refuse(code, u, why)
	}
	switch {
	case e.pinnedElsewhere(u):
		return v.refuse(authmethods.CodeIdentityChanged, u, "pinned to another account of the provider")
	case Operates(u.Roles):
		return v.refuse(authmethods.CodeNotAssociated, u, "has operator rights: such a link is made by hand")
	case u.Invited && (value.Field == ByEmail || isEmail(value.Claim)):
		return v.refuse(authmethods.CodeNotAssociated, u, "has not accepted the invitation yet: an e-mail address alone does not do that")
	case code != "":
		return v.refuse(code, u, why)
	}
	v.Pin = e.Subject != Subject{}
	return v.admit(e, u)
}

// bars returns why a user may not use the connector: switched off, or not
// associated where that is needed.
func (e Evidence) bars(u *User) (authmethods.Code, string) {
	switch {
	case u.Disabled:
		return authmethods.CodeUserDisabled, "account disabled"
	case e.Connector.Admission != AnyoneMapped && !slices.Contains(u.Connectors, e.Connector.ID):
		return authmethods.CodeNotAssociated, "not associated with this connector"
	}
	return "", ""
}

// pinnedElsewhere reports whether the user has another account at the connector.
func (e Evidence) pinnedElsewhere(u *User) bool {
	return e.Subject != Subject{} && slices.ContainsFunc(u.Identities, func(i Identity) bool {
		return i.Connector == e.Connector.ID && i.Subject != e.Subject
	})
}

// nobody judges a sign-in for which no value found anybody.
func (v Verdict) nobody(e Evidence) Verdict {
	if name := e.newName(); name != "" {
		v.Create, v.UserName = true, name
		v.say(fmt.Sprintf("a user named %s would be made and signed in", shown(name)))
		return v
	}
	unverified := func(value Value) bool { return value.Code == authmethods.CodeEmailUnverified }
	if slices.ContainsFunc(e.Values, unverified) {
		return v.refuse(authmethods.CodeEmailUnverified, nil, "nobody is found by an address that is not verified")
	}
	return v.refuse(authmethods.CodeNoMatchingUser, nil, "no user matches")
}

// newName returns the name of the user to be made; empty: none is.
func (e Evidence) newName() string {
	if e.Connector.Admission != AnyoneMapped || !e.Connector.CreatesUsers {
		return ""
	}
	i := slices.IndexFunc(e.Values, Value.usable)
	if i < 0 || e.Values[i].Field != ByUserName && e.Values[i].Field != ByEmail {
		return ""
	}
	return e.Values[i].Text
}

func (v *Verdict) say(sentence string) { v.Trace = append(v.Trace, sentence) }

func (v *Verdict) about(u *User) {
	name := u.DisplayName
	if name == "" {
		name = u.UserName
	}
	v.say("user " + shown(name))
}

func (v Verdict) refuse(code authmethods.Code, u *User, why string) Verdict {
	v.say(why)
	v.Code, v.Refused = code, u
	return v
}

func (v Verdict) admit(e Evidence, u *User) Verdict {
	v.User = u
	if slices.Contains(u.Connectors, e.Connector.ID) {
		v.say("associated with this connector")
	} else {
		v.say("the connector admits everybody whom its rule finds")
	}
	v.say("account enabled")
	v.say("would be signed in")
	return v
}

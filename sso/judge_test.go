package sso_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/authmethods"
	"latchkey/sso"
)

var (
	here    = sso.Connector{ID: "con_zoho", Admission: sso.AssociatedOnly, Rule: sso.DefaultRule()}
	subject = sso.Subject{Issuer: "https://accounts.zoho.eu", ID: "60001234"}
	other   = sso.Subject{Issuer: "https://accounts.zoho.eu", ID: "60009999"}
)

// person is a user who may sign in here, changed as the test wants.
func person(change ...func(*sso.User)) sso.User {
	u := sso.User{
		ID: "usr_marie", UserName: "marie@acme.fr", Email: "marie@acme.fr", DisplayName: "Marie Dupont",
		Connectors: []authmethods.ID{"con_other", here.ID},
	}
	for _, c := range change {
		c(&u)
	}
	return u
}

func disabled(u *sso.User)    { u.Disabled = true }
func strange(u *sso.User)     { u.Connectors = []authmethods.ID{"con_other"} }
func operator(u *sso.User)    { u.Roles = []string{sso.RoleUser, sso.RoleOperator} }
func invited(u *sso.User)     { u.Invited = true }
func otherAtHere(u *sso.User) { u.Identities = []sso.Identity{{Connector: here.ID, Subject: other}} }
func otherAtOther(u *sso.User) {
	u.Identities = []sso.Identity{{Connector: "con_other", Subject: other}}
}
func elsewhere(u *sso.User) {
	u.Identities = []sso.Identity{{Connector: here.ID, Subject: sso.Subject{Issuer: "https://accounts.zoho.com", ID: subject.ID}}}
}
func sameAtHere(u *sso.User) { u.Identities = []sso.Identity{{Connector: here.ID, Subject: subject}} }

func named(text string) sso.Value {
	return sso.Value{Field: sso.ByUserName, Text: text, Trace: []string{"employee = " + text}}
}

func none(code authmethods.Code) sso.Value {
	return sso.Value{Field: sso.ByUserName, Claim: "email", Code: code, Trace: []string{"there was " + string(code)}}
}

// evidence is of one value that found somebody.
func evidence(v sso.Value, found ...sso.User) sso.Evidence {
	return sso.Evidence{Connector: here, Subject: subject, Values: []sso.Value{v}, Found: [][]sso.User{found}}
}

func with(e sso.Evidence, change ...func(*sso.Evidence)) sso.Evidence {
	for _, c := range change {
		c(&e)
	}
	return e
}

func mapped(e *sso.Evidence)  { e.Connector.Admission = sso.AnyoneMapped }
func creates(e *sso.Evidence) { mapped(e); e.Connector.CreatesUsers = true }
func closed(e *sso.Evidence)  { e.Connector.Disabled = true }
func unknown(e *sso.Evidence) { e.Subject = sso.Subject{} }
func half(e *sso.Evidence)    { e.Subject.Issuer = "" }
func noID(e *sso.Evidence)    { e.Subject.ID = "" }
func pinned(change ...func(*sso.User)) func(*sso.Evidence) {
	return func(e *sso.Evidence) {
		u := person(append([]func(*sso.User){sameAtHere, func(u *sso.User) { u.ID = "usr_pinned" }}, change...)...)
		e.Pinned = &u
	}
}

func TestJudgement(t *testing.T) {
	mail := sso.Value{Field: sso.ByEmail, Claim: "email", Text: "marie@acme.fr"}
	viaMail := sso.Value{Field: sso.ByUserName, Claim: "email", Text: "marie@acme.fr"}
	external := sso.Value{Field: sso.ByExternalID, Claim: "sub", Text: "60001234"}
	paul := sso.User{ID: "usr_paul", Connectors: []authmethods.ID{here.ID}}
	nobody := evidence(named("marie"))
	two := sso.Evidence{Connector: here, Subject: subject, Values: []sso.Value{named("marie"), external}, Found: [][]sso.User{{person()}, {paul}}}
	fallback := sso.Evidence{Connector: here, Subject: subject, Values: []sso.Value{none(authmethods.CodeEmailUnverified), external}, Found: [][]sso.User{{person()}, {paul}}}
	for _, c := range []struct {
		name     string
		evidence sso.Evidence
		code     authmethods.Code
		user     authmethods.ID // who signs in, or whom the refusal is about
		pin      bool
		create   string
	}{
		{"the first who is found", evidence(named("marie"), person()), "", "usr_marie", true, ""},
		{"the first value decides", two, "", "usr_marie", true, ""},
		{"a fallback", fallback, "", "usr_paul", true, ""},
		{"an account at another connector", evidence(named("marie"), person(otherAtOther)), "", "usr_marie", true, ""},
		{"the same account", evidence(named("marie"), person(sameAtHere)), "", "usr_marie", true, ""},
		{"anyone who is mapped", with(evidence(named("marie"), person(strange)), mapped), "", "usr_marie", true, ""},
		{"an e-mail address", evidence(mail, person()), "", "usr_marie", true, ""},
		{"invited, by something else than an address", evidence(external, person(invited)), "", "usr_marie", true, ""},

		{"a closed connector", with(evidence(named("marie"), person()), closed), authmethods.CodeConnectorDisabled, "", false, ""},
		{"a closed connector and a pin", with(evidence(named("marie")), pinned(), closed), authmethods.CodeConnectorDisabled, "", false, ""},
		{"no subject", with(evidence(named("marie"), person()), unknown), authmethods.CodeIdentityUnproved, "", false, ""},
		{"no subject of an issuer", with(evidence(named("marie"), person()), noID), authmethods.CodeIdentityUnproved, "", false, ""},
		{"no issuer", with(evidence(named("marie"), person()), half), authmethods.CodeIdentityUnproved, "", false, ""},

		{"a pin", with(evidence(named("marie"), person()), pinned()), "", "usr_pinned", false, ""},
		{"a pin, nothing else is known", sso.Evidence{Connector: here, Subject: subject, Pinned: pinnedUser()}, "", "usr_pinned", false, ""},
		{"a pin with an address that is not verified", with(evidence(none(authmethods.CodeEmailUnverified)), pinned()), "", "usr_pinned", false, ""},
		{"a pin of an operator", with(evidence(named("marie")), pinned(operator)), "", "usr_pinned", false, ""},
		{"a pin of somebody disabled", with(evidence(named("marie"), person()), pinned(disabled)), authmethods.CodeUserDisabled, "usr_pinned", false, ""},
		{"a pin of somebody dissociated", with(evidence(named("marie"), person()), pinned(strange)), authmethods.CodeNotAssociated, "usr_pinned", false, ""},
		{"a pin where anyone is mapped", with(evidence(named("marie"), person()), pinned(strange), mapped), "", "usr_pinned", false, ""},

		{"two users", evidence(named("marie"), person(), paul), authmethods.CodeSeveralUsers, "", false, ""},
		{"two users of the first value", sso.Evidence{Connector: here, Subject: subject, Values: two.Values, Found: [][]sso.User{{person(), paul}, {paul}}}, authmethods.CodeSeveralUsers, "", false, ""},
		{"disabled", evidence(named("marie"), person(disabled)), authmethods.CodeUserDisabled, "usr_marie", false, ""},
		{"disabled before all else", evidence(mail, person(disabled, otherAtHere, operator, invited, strange)), authmethods.CodeUserDisabled, "usr_marie", false, ""},
		{"the first is disabled, a fallback is not", sso.Evidence{Connector: here, Subject: subject, Values: two.Values, Found: [][]sso.User{{person(disabled)}, {paul}}}, authmethods.CodeUserDisabled, "usr_marie", false, ""},
		{"pinned to another account", evidence(named("marie"), person(otherAtHere)), authmethods.CodeIdentityChanged, "usr_marie", false, ""},
		{"pinned to another account, where anyone is mapped", with(evidence(named("marie"), person(otherAtHere)), mapped), authmethods.CodeIdentityChanged, "usr_marie", false, ""},
		{"pinned to another account, before dissociated", evidence(named("marie"), person(otherAtHere, strange, operator)), authmethods.CodeIdentityChanged, "usr_marie", false, ""},
		{"pinned in another data centre", evidence(named("marie"), person(elsewhere)), authmethods.CodeIdentityChanged, "usr_marie", false, ""},
		{"an operator", evidence(named("marie"), person(operator)), authmethods.CodeNotAssociated, "usr_marie", false, ""},
		{"an operator where anyone is mapped", with(evidence(named("marie"), person(operator)), mapped), authmethods.CodeNotAssociated, "usr_marie", false, ""},
		{"invited, by e-mail", evidence(mail, person(invited)), authmethods.CodeNotAssociated, "usr_marie", false, ""},
		{"invited, by e-mail from another claim", evidence(sso.Value{Field: sso.ByEmail, Claim: "upn", Text: "marie@acme.fr"}, person(invited)), authmethods.CodeNotAssociated, "usr_marie", false, ""},
		{"invited, by a user name that is an address", evidence(viaMail, person(invited)), authmethods.CodeNotAssociated, "usr_marie", false, ""},
		{"invited, where anyone is mapped", with(evidence(mail, person(invited)), mapped), authmethods.CodeNotAssociated, "usr_marie", false, ""},
		{"not associated", evidence(named("marie"), person(strange)), authmethods.CodeNotAssociated, "usr_marie", false, ""},
		{"no admission at all", with(evidence(named("marie"), person(strange)), func(e *sso.Evidence) { e.Connector.Admission = "" }), authmethods.CodeNotAssociated, "usr_marie", false, ""},

		{"nobody", nobody, authmethods.CodeNoMatchingUser, "", false, ""},
		{"no values", sso.Evidence{Connector: here, Subject: subject}, authmethods.CodeNoMatchingUser, "", false, ""},
		{"an address that is not verified", evidence(none(authmethods.CodeEmailUnverified)), authmethods.CodeEmailUnverified, "", false, ""},
		{"an address that is not verified finds nobody", evidence(none(authmethods.CodeEmailUnverified), person()), authmethods.CodeEmailUnverified, "", false, ""},
		{"a value with a text and a code", evidence(sso.Value{Field: sso.ByEmail, Text: "a@b", Code: authmethods.CodeEmailUnverified}, person()), authmethods.CodeEmailUnverified, "", false, ""},
		{"nothing to look for finds nobody", evidence(sso.Value{Field: sso.ByUserName}, person()), authmethods.CodeNoMatchingUser, "", false, ""},
		{"absent before unverified", sso.Evidence{Connector: here, Subject: subject, Values: []sso.Value{none(authmethods.CodeNoMatchingUser), none(authmethods.CodeEmailUnverified)}}, authmethods.CodeEmailUnverified, "", false, ""},
		{"fewer findings than values", sso.Evidence{Connector: here, Subject: subject, Values: two.Values, Found: [][]sso.User{nil}}, authmethods.CodeNoMatchingUser, "", false, ""},

		{"somebody new", with(nobody, creates), "", "", false, "marie"},
		{"somebody new by e-mail", with(evidence(mail), creates), "", "", false, "marie@acme.fr"},
		{"somebody new by a fallback", with(sso.Evidence{Connector: here, Subject: subject, Values: []sso.Value{none(authmethods.CodeNoMatchingUser), named("marie")}}, creates), "", "", false, "marie"},
		{"nobody new by an external id", with(evidence(external), creates), authmethods.CodeNoMatchingUser, "", false, ""},
		{"nobody new by a fallback behind one", with(sso.Evidence{Connector: here, Subject: subject, Values: []sso.Value{external, named("marie")}}, creates), authmethods.CodeNoMatchingUser, "", false, ""},
		{"nobody new where only the associated come", with(nobody, creates, func(e *sso.Evidence) { e.Connector.Admission = sso.AssociatedOnly }), authmethods.CodeNoMatchingUser, "", false, ""},
		{"nobody new where nobody is made", with(nobody, mapped), authmethods.CodeNoMatchingUser, "", false, ""},
		{"nobody new by an address that is not verified", with(evidence(none(authmethods.CodeEmailUnverified)), creates), authmethods.CodeEmailUnverified, "", false, ""},
		{"nobody new in place of somebody disabled", with(evidence(named("marie"), person(disabled)), creates), authmethods.CodeUserDisabled, "usr_marie", false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := sso.Judge(c.evidence)
			if v.Code != c.code || v.Pin != c.pin || v.UserName != c.create || v.Create != (c.create != "") {
				t.Fatalf("got %+v", v)
			}
			who, not := v.User, v.Refused
			if c.code != "" {
				who, not = not, who
			}
			if not != nil || (who == nil) != (c.user == "") || who != nil && who.ID != c.user {
				t.Errorf("user %v, refused %v", v.User, v.Refused)
			}
		})
	}
}

func pinnedUser() *sso.User {
	var e sso.Evidence
	pinned()(&e)
	return e.Pinned
}

func TestTheTraceIsAChainOfSentences(t *testing.T) {
	values := sso.DefaultRule().Values(sso.Claims{"email": "Marie@acme.fr", "email_verified": true}, nil)
	start := values[0].Trace
	unverified := sso.DefaultRule().Values(sso.Claims{"email": "Marie@acme.fr"}, nil)
	of := func(v []sso.Value, found ...sso.User) sso.Evidence {
		return sso.Evidence{Connector: here, Subject: subject, Values: v, Found: [][]sso.User{found}}
	}
	for _, c := range []struct {
		name     string
		evidence sso.Evidence
		start    []string
		want     []string
	}{
		{"in", of(values, person()), start, []string{"user Marie Dupont", "associated with this connector", "account enabled", "would be signed in"}},
		{"anybody", with(of(values, person(strange)), mapped), start, []string{"user Marie Dupont", "the connector admits everybody whom its rule finds", "account enabled", "would be signed in"}},
		{"no display name", of(values, person(func(u *sso.User) { u.DisplayName = "" }, disabled)), start, []string{"user marie@acme.fr", "account disabled"}},
		{"not associated", of(values, person(strange)), start, []string{"user Marie Dupont", "not associated with this connector"}},
		{"several", of(values, person(), person()), start, []string{"2 users have this user name"}},
		{"changed", of(values, person(otherAtHere)), start, []string{"user Marie Dupont", "pinned to another account of the provider"}},
		{"nobody", of(values), start, []string{"no user has this user name", "no user matches"}},
		{"unverified", of(unverified), unverified[0].Trace, []string{"nobody is found by an address that is not verified"}},
		{"new", with(of(values), creates), start, []string{"no user has this user name", "a user named marie@acme.fr would be made and signed in"}},
		{"pinned", with(of(values), pinned()), nil, []string{"this account of the provider is pinned to a user", "user Marie Dupont", "associated with this connector", "account enabled", "would be signed in"}},
		{"closed", with(of(values), closed), nil, []string{"the connector is disabled"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(slices.Concat(c.start, c.want), sso.Judge(c.evidence).Trace); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestARehearsalNeedsNoOpenDoorAndNoSubject(t *testing.T) {
	v := sso.Rehearse(with(evidence(named("marie"), person(otherAtHere)), closed, unknown))
	if v.Code != "" || v.User == nil || v.Pin {
		t.Errorf("got %+v", v)
	}
	if v := sso.Rehearse(with(evidence(named("marie"), person(otherAtHere)), closed)); v.Code != authmethods.CodeIdentityChanged {
		t.Errorf("with a subject: got %+v", v)
	}
}

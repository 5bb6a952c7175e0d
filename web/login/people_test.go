package login_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/test/storage"
	"latchkey/zohosim"
)

func b64(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// nowhere wants a text to stand nowhere in the database.
func nowhere(t testing.TB, database, text string) {
	t.Helper()
	if where := storage.FindText(t, database, text); where != "" {
		t.Errorf("%q stands in %s", text, where)
	}
}

// at is the account of somebody at Zoho.
func (s *site) at(u zohosim.User) zohosim.User {
	s.T.Helper()
	added, err := s.Zoho.AddUser(u)
	must(s.T, err)
	return added
}

// who was pinned stays who they are, whatever address another account gets.
func TestWhoeverGetsTheAddressOfSomebodyDoesNotBecomeThem(t *testing.T) {
	s := newSite(t)
	ada, known := s.ada()
	v := s.visitor()
	v.welcome(v.SignInAt(loginURL, ada.Email))
	moved := ada // the first account has another address now …
	moved.Email = "ada.before@example.eu"
	s.at(moved)
	stranger := ada // … and somebody else has hers
	stranger.ZUID = "20069999999"
	s.at(stranger)
	thief := s.visitor()
	found := thief.refused(thief.SignInAt(loginURL, ada.Email), authmethods.CodeIdentityChanged)
	if found.User != known.ID || found.Subject.ID != stranger.ZUID {
		t.Errorf("%+v", found)
	}
	own := s.visitor()
	own.welcome(own.SignInAt(loginURL, moved.Email))
	own.is(known)
}

func TestOfTwoUsersWithOneAddressNobodyIsGuessed(t *testing.T) {
	s := newSite(t)
	ada := s.Seed.Users[0]
	s.connect(directory.ConnectorChange{Rule: &sso.Rule{Lookups: []sso.Lookup{{Claim: "email", Field: sso.ByEmail}}}})
	for _, name := range []string{"ada.one", "ada.two"} {
		_, err := s.People().CreateUser(t.Context(), directory.NewUser{UserName: name, Email: ada.Email, Connectors: []authmethods.ID{s.Connector.ID}})
		must(t, err)
	}
	v := s.visitor()
	v.refused(v.SignInAt(loginURL, ada.Email), authmethods.CodeSeveralUsers)
}

func TestWhoIsUnpinnedIsJudgedByTheRuleAgain(t *testing.T) {
	s := newSite(t)
	ada, known := s.ada()
	v := s.visitor()
	v.welcome(v.SignInAt(loginURL, ada.Email))
	u, err := s.People().User(t.Context(), string(known.ID))
	must(t, err)
	stranger := ada
	stranger.ZUID = "20069999999"
	s.at(stranger)
	other := s.visitor()
	other.refused(other.SignInAt(loginURL, ada.Email), authmethods.CodeIdentityChanged)
	must(t, s.People().Unpin(t.Context(), string(known.ID), u.Identities[0].ID))
	v.nobody() // the session that began with the pin
	other.welcome(other.SignInAt(loginURL, ada.Email))
	other.is(known)
}

// names change, people do not.
func TestARenamedUserIsTheSamePerson(t *testing.T) {
	s := newSite(t)
	ada, known := s.ada()
	v := s.visitor()
	v.welcome(v.SignInAt(loginURL, ada.Email))
	_, err := s.People().ChangeUser(t.Context(), string(known.ID), 0, directory.UserChange{UserName: ptr("somebody.else"), Email: ptr("")})
	must(t, err)
	v.nobody()
	v.welcome(v.SignInAt(loginURL, ada.Email))
	v.is(known)
	// The name that is free again is nobody's to take.
	_, err = s.People().CreateUser(t.Context(), directory.NewUser{UserName: ada.Email})
	if err == nil {
		t.Error("the name of somebody was given to another")
	}
}

// neither an invitation nor operator rights are had by an address.
func TestInvitedUsersAndOperatorsAreLinkedByHandOnly(t *testing.T) {
	s := newSite(t)
	ada := s.Seed.Users[0]
	asOperator, err := s.Directory.For(s.commandLine())
	must(t, err)
	for name, n := range map[string]directory.NewUser{
		"invited":  {Invited: true},
		"operator": {Roles: []string{sso.RoleOperator}},
	} {
		t.Run(name, func(t *testing.T) {
			at := s.at(zohosim.User{Email: name + "@example.eu", DC: "eu", EmailVerified: true, FirstName: name, Orgs: ada.Orgs[:1]})
			n.UserName, n.Connectors = at.Email, []authmethods.ID{s.Connector.ID}
			u, err := asOperator.CreateUser(t.Context(), n)
			must(t, err)
			for _, admission := range []sso.Admission{sso.AssociatedOnly, sso.AnyoneMapped} {
				s.connect(directory.ConnectorChange{Admission: &admission})
				v := s.visitor()
				found := v.refused(v.SignInAt(loginURL, at.Email), authmethods.CodeNotAssociated)
				if found.User != u.ID || found.Subject.ID != at.ZUID {
					t.Errorf("%+v", found)
				}
			}
			attempt := s.last()
			_, err = asOperator.Pin(t.Context(), string(u.ID), string(s.Connector.ID), attempt.Subject)
			must(t, err)
			v := s.visitor()
			v.welcome(v.SignInAt(loginURL, at.Email))
			v.is(u)
		})
	}
}

//
func TestWhoIsNotAssociatedIsNotLetIn(t *testing.T) {
	s := newSite(t)
	ada := s.Seed.Users[0]
	u, err := s.People().CreateUser(t.Context(), directory.NewUser{UserName: ada.Email})
	must(t, err)
	v := s.visitor()
	v.refused(v.SignInAt(loginURL, ada.Email), authmethods.CodeNotAssociated)
	s.connect(directory.ConnectorChange{Admission: ptr(sso.AnyoneMapped)})
	v.welcome(v.SignInAt(loginURL, ada.Email))
	v.is(u)
	s.connect(directory.ConnectorChange{Admission: ptr(sso.AssociatedOnly)})
	v.nobody()
	v.refused(v.SignInAt(loginURL, ada.Email), authmethods.CodeNotAssociated)
	if n, err := s.People().Associate(t.Context(), "zoho", []authmethods.ID{u.ID}); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	v.welcome(v.SignInAt(loginURL, ada.Email))
}

// creating has the connector make users whom it does not find.
func (s *site) creating() {
	s.T.Helper()
	s.connect(directory.ConnectorChange{Admission: ptr(sso.AnyoneMapped), CreatesUsers: ptr(true), DefaultRole: ptr(sso.RoleDeveloper)})
}

func TestSomebodyNewIsMadeAUserWithTheDefaultRole(t *testing.T) {
	s := newSite(t)
	s.creating()
	remy := s.Seed.Users[2]
	v := s.visitor()
	v.welcome(v.SignInAt(loginURL, remy.Email))
	u, err := s.People().User(t.Context(), remy.Email)
	must(t, err)
	v.is(u)
	if strings.Join(u.Roles, " ") != sso.RoleDeveloper || u.DisplayName != "Rémy Gagnon" || u.Email != remy.Email || len(u.Identities) != 1 || u.Invited {
		t.Errorf("%+v", u)
	}
	again := s.visitor()
	again.welcome(again.SignInAt(loginURL, remy.Email))
	again.is(u)
	s.Zoho.Switch(func(sw *zohosim.Switches) { sw.NoEmailVerified = true })
	stranger := s.visitor()
	stranger.refused(stranger.SignInAt(loginURL, s.Seed.Users[1].Email), authmethods.CodeEmailUnverified)
	if _, err := s.People().User(t.Context(), s.Seed.Users[1].Email); authmethods.KindOf(err) != authmethods.NotFound {
		t.Errorf("a user was made by an address that is not verified: %v", err)
	}
}

// a name that was somebody's is never another's.
func TestTheNameOfADeletedUserIsNeverGivenAgain(t *testing.T) {
	s := newSite(t)
	ada, known := s.ada()
	v := s.visitor()
	v.welcome(v.SignInAt(loginURL, ada.Email))
	must(t, s.People().DeleteUser(t.Context(), string(known.ID), 0))
	v.nobody()
	v.refused(v.SignInAt(loginURL, ada.Email), authmethods.CodeNoMatchingUser)
	s.creating()
	found := v.refused(v.SignInAt(loginURL, ada.Email), authmethods.CodeNoMatchingUser)
	if !strings.Contains(strings.Join(found.Trace, "\n"), "never given to another person") {
		t.Error(found.Trace)
	}
	for _, name := range []string{ada.Email, strings.ToUpper(ada.Email)} {
		if _, err := s.People().CreateUser(t.Context(), directory.NewUser{UserName: name}); err == nil {
			t.Errorf("the name was given again as %s", name)
		}
	}
}

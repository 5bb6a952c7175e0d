package login_test

import (
	"context"
	"net/http"
	"testing"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/crypto/secret"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/zohosim"
)

// changes are what administrators do while somebody is on the way, and how that
// sign-in ends.
func changes(s *site, u sso.User) map[string]struct {
	do   func(t *testing.T)
	want authmethods.Code
} {
	type step = struct {
		do   func(t *testing.T)
		want authmethods.Code
	}
	return map[string]step{
		"the user is disabled": {func(t *testing.T) {
			_, err := s.People().ChangeUser(t.Context(), string(u.ID), 0, directory.UserChange{Disabled: ptr(true)})
			must(t, err)
		}, authmethods.CodeUserDisabled},
		"the user is deleted": {func(t *testing.T) {
			must(t, s.People().DeleteUser(t.Context(), string(u.ID), 0))
		}, authmethods.CodeNoMatchingUser},
		"the connector is disabled": {func(*testing.T) {
			s.connect(directory.ConnectorChange{Disabled: ptr(true)})
		}, authmethods.CodeConnectorDisabled},
		"the association is removed": {func(t *testing.T) {
			_, err := s.People().Dissociate(t.Context(), "zoho", []authmethods.ID{u.ID})
			must(t, err)
		}, authmethods.CodeNotAssociated},
		"the rule finds nobody any more": {func(*testing.T) {
			s.connect(directory.ConnectorChange{Rule: &sso.Rule{Lookups: []sso.Lookup{{Claim: "sub", Field: sso.ByExternalID}}}})
		}, authmethods.CodeNoMatchingUser},
		"the user becomes an operator": {func(t *testing.T) {
			people, err := s.Directory.For(s.commandLine())
			must(t, err)
			_, err = people.ChangeUser(t.Context(), string(u.ID), 0, directory.UserChange{Roles: &[]string{sso.RoleOperator}})
			must(t, err)
		}, authmethods.CodeNotAssociated},
		"another account is pinned": {func(t *testing.T) {
			_, err := s.People().Pin(t.Context(), string(u.ID), "zoho", sso.Subject{Issuer: "https://accounts.zoho.eu", ID: "1"})
			must(t, err)
		}, authmethods.CodeIdentityChanged},
	}
}

// what is switched off while somebody is at the provider is off when they come
// back.
func TestWhatChangesWhileSomebodyIsAtTheProviderCounts(t *testing.T) {
	for name := range changes(nil, sso.User{}) {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			ada, u := s.ada()
			v := s.visitor()
			callback := v.callback(ada.Email)
			step := changes(s, u)[name]
			step.do(t)
			v.refused(v.Get(callback), step.want)
			if step.want == authmethods.CodeConnectorDisabled && s.exchanges() != 0 {
				t.Error("the code was sent")
			}
		})
	}
}

// The same while the server itself is asking the provider, after everything was read.
func TestWhatChangesWhileTheCodeIsExchangedCounts(t *testing.T) {
	for name := range changes(nil, sso.User{}) {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			ada, u := s.ada()
			v := s.visitor()
			callback := v.callback(ada.Email)
			step := changes(s, u)[name]
			s.Zoho.Inject(zohosim.Fault{Path: "/oauth/v2/token", BeforeReply: func(context.Context) { step.do(t) }})
			v.refused(v.Get(callback), step.want)
		})
	}
}

//
func TestAClientThatIsChangedMeanwhileEndsTheSignIn(t *testing.T) {
	s := newSite(t)
	ada, _ := s.ada()
	v := s.visitor()
	callback := v.callback(ada.Email)
	methods, err := s.Methods.For(s.Admin)
	must(t, err)
	_, err = methods.ChangeMethod(t.Context(), "zoho-desk", 0, store.MethodChange{ClientSecret: secret.New("another secret of the client")})
	must(t, err)
	sent := s.exchanges()
	v.refused(v.Get(callback), authmethods.CodeSignInOutOfDate)
	if s.exchanges() != sent {
		t.Error("the code was sent")
	}
}

func TestAConnectorThatIsDeletedMeanwhileLetsNobodyIn(t *testing.T) {
	s := newSite(t)
	ada, _ := s.ada()
	v := s.visitor()
	callback := v.callback(ada.Email)
	must(t, s.People().DeleteConnector(t.Context(), "zoho", 0))
	a := v.Get(callback)
	if a.StatusCode >= 500 {
		t.Errorf("the callback answered %d: %s", a.StatusCode, a.Text())
	}
	v.nobody()
	if s.exchanges() != 0 {
		t.Error("the code was sent")
	}
	if a := v.Get(loginURL); a.StatusCode != http.StatusNotFound {
		t.Errorf("its login address answers %d", a.StatusCode)
	}
}

func TestATenantThatIsDisabledMeanwhileLetsNobodyIn(t *testing.T) {
	s := newSite(t)
	ada, _ := s.ada()
	v := s.visitor()
	callback := v.callback(ada.Email)
	operator := authmethods.Actor{Kind: authmethods.ActorCommand, Name: "test"}
	must(t, s.Tenants.Disable(t.Context(), operator, "acme"))
	if a := v.Get(callback); a.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("the callback answered %d", a.StatusCode)
	}
	must(t, s.Tenants.Enable(t.Context(), operator, "acme"))
	// Disabled while the code is exchanged: a session may begin and is not one.
	s.Zoho.Inject(zohosim.Fault{Path: "/oauth/v2/token", BeforeReply: func(context.Context) {
		must(t, s.Tenants.Disable(t.Context(), operator, "acme"))
	}})
	v.Get(callback)
	if a := v.Get("/api/sso/session"); a.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("who is signed in: %d", a.StatusCode)
	}
}

func TestNobodyBeginsAtAClosedDoor(t *testing.T) {
	s := newSite(t)
	s.connect(directory.ConnectorChange{Disabled: ptr(true)})
	for path, want := range map[string]int{
		loginURL: http.StatusConflict, "/api/sso/login/none": http.StatusNotFound, "/api/sso/login/oauth": http.StatusNotFound,
		"/api/sso/login/%2e%2e": http.StatusNotFound,
	} {
		v := s.visitor()
		if a := v.Get(path); a.StatusCode != want || len(v.Cookies()) != 0 {
			t.Errorf("%s answered %d with %d cookies", path, a.StatusCode, len(v.Cookies()))
		}
	}
}

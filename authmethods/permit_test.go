package authmethods_test

import (
	"errors"
	"testing"

	"latchkey/authmethods"
)

func TestWhatNoPermitAllowsIsDenied(t *testing.T) {
	const own, other = authmethods.TenantID("tn_acme"), authmethods.TenantID("tn_globex")
	desk := authmethods.Loanable{TenantID: own, TenantSlug: "acme", Method: "zoho-desk", Environment: authmethods.Production}
	any := authmethods.Permit{Method: authmethods.Any, Environment: authmethods.Any}
	for _, c := range []struct {
		name    string
		owner   authmethods.TenantID
		permits []authmethods.Permit
		scopes  []string
		allowed bool
	}{
		{"no permit", own, nil, nil, false},
		{"its own method and environment", own, []authmethods.Permit{{Method: "zoho-desk", Environment: "production"}}, nil, true},
		{"another method", own, []authmethods.Permit{{Method: "zoho-crm", Environment: "production"}}, nil, false},
		{"another environment", own, []authmethods.Permit{{Method: "zoho-desk", Environment: "sandbox"}}, nil, false},
		{"everything of its own tenant", own, []authmethods.Permit{any}, nil, true},
		{"everything of another tenant", other, []authmethods.Permit{any}, nil, false},
		{"another tenant that says it may have all", other, []authmethods.Permit{{Tenant: authmethods.Any, Method: "*", Environment: "*"}}, nil, false},
		{"another tenant that names this one", other, []authmethods.Permit{{Tenant: "acme", Method: "*", Environment: "*"}}, nil, false},
		{"the platform without naming a tenant", authmethods.Platform, []authmethods.Permit{any}, nil, false},
		{"the platform for this tenant", authmethods.Platform, []authmethods.Permit{{Tenant: "acme", Method: "zoho-desk", Environment: "*"}}, nil, true},
		{"the platform for another tenant", authmethods.Platform, []authmethods.Permit{{Tenant: "globex", Method: "*", Environment: "*"}}, nil, false},
		{"the platform for all", authmethods.Platform, []authmethods.Permit{{Tenant: authmethods.Any, Method: "*", Environment: "*"}}, nil, true},
		{"a scope that is permitted", own, []authmethods.Permit{{Method: "*", Environment: "*", Scopes: []string{"a", "b"}}}, []string{"b"}, true},
		{"a scope that is not", own, []authmethods.Permit{{Method: "*", Environment: "*", Scopes: []string{"a"}}}, []string{"a", "c"}, false},
		{"the whole token with a narrowed permit", own, []authmethods.Permit{{Method: "*", Environment: "*", Scopes: []string{"a"}}}, nil, false},
		{"two permits that do not add up", own, []authmethods.Permit{{Method: "zoho-desk", Environment: "sandbox"}, {Method: "other", Environment: "production"}}, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := authmethods.Service{Tenant: c.owner, Permits: c.permits}
			_, err := s.Covers(desk, c.scopes)
			if (err == nil) != c.allowed || err != nil && !errors.Is(err, authmethods.Forbidden) {
				t.Errorf("got %v, allowed should be %v", err, c.allowed)
			}
		})
	}
}

func TestTheZeroCallerMayNothing(t *testing.T) {
	var nobody authmethods.Caller
	if err := nobody.May(authmethods.ViewMethods); !errors.Is(err, authmethods.ErrNoCaller) {
		t.Errorf("got %v", err)
	}
	viewer := authmethods.NewCaller("tn_acme", authmethods.Actor{}, authmethods.Rights{authmethods.ViewMethods}, "")
	if err := viewer.May(authmethods.ModifyMethods); !errors.Is(err, authmethods.Forbidden) {
		t.Errorf("a viewer may modify: %v", err)
	}
	if err := viewer.May(authmethods.ViewMethods); err != nil {
		t.Error(err)
	}
}

func TestSlugsAreLabelsOfHostNames(t *testing.T) {
	for slug, valid := range map[string]bool{
		"acme": true, "a": true, "a-1": true, "": false, "-a": false, "a-": false, "Acme": false, "a.b": false, "a_b": false,
		"a b": false, "a\n": false, "é": false, string(make([]byte, 64)): false,
	} {
		if authmethods.ValidSlug(slug) != valid {
			t.Errorf("%q: valid is %v, want %v", slug, !valid, valid)
		}
	}
}

func TestAddressesComeFromThePatternAlone(t *testing.T) {
	p := authmethods.PublicURL("https://{tenant}.example.com/")
	acme := authmethods.Tenant{Slug: "acme", CallbackA: "k3wq7dm", CallbackB: "p9xh2ta"}
	if got := p.RedirectURI(acme); got != "https://acme.example.com/api/authclients/k3wq7dm/p9xh2ta" {
		t.Error(got)
	}
	if got := p.SignInRedirectURI(acme); got != "https://acme.example.com/api/sso/login/oauth/callback" || !p.Secure() {
		t.Error(got)
	}
}

func TestEveryDiagnosisTellsWhatToDo(t *testing.T) {
	refs := map[string]bool{}
	for _, d := range authmethods.Diagnoses() {
		if d.Code == "" || d.Title == "" || d.Action == "" || d.NextAction == "" || d.Who == "" || len(d.Causes) == 0 {
			t.Errorf("%s %s leaves something unsaid: %+v", d.Ref, d.Code, d)
		}
		if len([]rune(d.Title)) > 60 {
			t.Errorf("%s: the title is longer than 60 characters", d.Ref)
		}
		if refs[d.Ref] || refs[string(d.Code)] {
			t.Errorf("%s %s is there twice", d.Ref, d.Code)
		}
		refs[d.Ref], refs[string(d.Code)] = true, true
		if authmethods.Diagnose(d.Code).Ref != d.Ref {
			t.Errorf("%s is not found by its code", d.Ref)
		}
	}
	if d := authmethods.Diagnose("no such code"); d.Code != authmethods.CodeInternal {
		t.Errorf("an unknown code is explained as %s", d.Code)
	}
	for _, temporary := range []authmethods.Code{authmethods.CodeProviderThrottled, authmethods.CodeProviderDown} {
		if d := authmethods.Diagnose(temporary); !d.Temporary || d.NextAction == "reconnect" {
			t.Errorf("%s asks people to act: %s", temporary, d.NextAction)
		}
	}
}

package sso_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/authmethods"
	"latchkey/sso"
)

// said are the claims of a provider that verified an address.
func said(email string) sso.Claims {
	return sso.Claims{"email": email, "email_verified": true}
}

// team is everybody of a tenant.
func team() []sso.User {
	in := []authmethods.ID{here.ID}
	return []sso.User{
		{ID: "usr_ada", UserName: "Ada@acme.fr", Connectors: in},
		{ID: "usr_bob", UserName: "bob@acme.fr", Connectors: in, Disabled: true},
		{ID: "usr_cy", UserName: "cy@acme.fr"},
		{ID: "usr_di", UserName: "di", Email: "shared@acme.fr", Connectors: in},
		{ID: "usr_ed", UserName: "ed", Email: "SHARED@acme.fr", ExternalID: "E7", Connectors: in},
		{ID: "usr_flo", UserName: "flo@acme.fr", Connectors: in, Identities: []sso.Identity{{Connector: here.ID, Subject: other}}},
	}
}

// roster are people who are expected, with what should become of them.
var roster = []struct {
	expected  sso.Expected
	readiness sso.Readiness
	user      authmethods.ID
}{
	{sso.Expected{Label: "Ada", Claims: said("ada@ACME.fr")}, sso.Ready, "usr_ada"},
	{sso.Expected{Label: "Bob", Claims: said("bob@acme.fr"), Subject: subject}, sso.AccountDisabled, ""},
	{sso.Expected{Label: "Cy", Claims: said("cy@acme.fr")}, sso.NotAssociated, ""},
	{sso.Expected{Label: "Shared", Claims: said("shared@acme.fr")}, sso.Ambiguous, ""},
	{sso.Expected{Label: "Ed", Claims: sso.Claims{"employee": " E7"}}, sso.Ready, "usr_ed"},
	{sso.Expected{Label: "Flo", Claims: said("flo@acme.fr")}, sso.Ready, "usr_flo"},
	{sso.Expected{Label: "Flo with another account", Claims: said("flo@acme.fr"), Subject: subject}, sso.OtherIdentity, ""},
	{sso.Expected{Label: "Flo by her account", Claims: said("ada@acme.fr"), Subject: other}, sso.Ready, "usr_flo"},
	{sso.Expected{Label: "Gus", Claims: said("gus@acme.fr")}, sso.NoAccount, ""},
	{sso.Expected{Label: "Hal", Claims: sso.Claims{"email": "ada@acme.fr"}}, sso.Unverified, ""},
	{sso.Expected{Label: "nobody"}, sso.NoAccount, ""},
}

// three looks by user name, e-mail address and external id.
func three() sso.Connector {
	c := here
	c.Disabled = true // a rule is tried before the door opens
	c.Rule.Lookups = append(sso.DefaultRule().Lookups,
		sso.Lookup{Claim: "email", Field: sso.ByEmail}, sso.Lookup{Claim: "employee", Field: sso.ByExternalID})
	return c
}

func everybody() []sso.Expected {
	var all []sso.Expected
	for _, r := range roster {
		all = append(all, r.expected)
	}
	return all
}

func TestADryRunSaysWhatBecomesOfEverybody(t *testing.T) {
	got, err := sso.DryRun(three(), everybody(), sso.Among(team()))
	if err != nil || len(got) != len(roster) {
		t.Fatalf("%d results, %v", len(got), err)
	}
	for i, want := range roster {
		var user authmethods.ID
		if u := got[i].Verdict.User; u != nil {
			user = u.ID
		}
		if got[i].Label != want.expected.Label || got[i].Readiness != want.readiness || user != want.user {
			t.Errorf("%s: got %s, %s, user %q: %q", want.expected.Label, got[i].Label, got[i].Readiness, user, got[i].Verdict.Trace)
		}
	}
}

func TestADryRunCountsTrustedDomainsAndNewUsers(t *testing.T) {
	c := three()
	c.TrustedDomains, c.Admission, c.CreatesUsers = []string{"acme.fr"}, sso.AnyoneMapped, true
	got, err := sso.DryRun(c, []sso.Expected{{Claims: sso.Claims{"email": "ada@acme.fr"}}, {Claims: said("new@acme.fr")}}, sso.Among(team()))
	if err != nil || got[0].Readiness != sso.Ready || got[1].Readiness != sso.Ready || got[1].Verdict.UserName != "new@acme.fr" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestADryRunEndsWhenNobodyCanBeFound(t *testing.T) {
	down := errors.New("down")
	fails := sso.Among(nil)
	fails.Found = func([]sso.Value) ([][]sso.User, error) { return nil, down }
	if got, err := sso.DryRun(here, everybody(), fails); !errors.Is(err, down) || got != nil {
		t.Errorf("got %v, %v", got, err)
	}
	fails = sso.Among(nil)
	fails.Pinned = func(sso.Subject) (*sso.User, error) { return nil, down }
	if got, err := sso.DryRun(here, everybody(), fails); !errors.Is(err, down) || got != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestADifferenceNamesWhoLosesAndWins(t *testing.T) {
	run := func(c sso.Connector) []sso.Rehearsed {
		got, err := sso.DryRun(c, everybody(), sso.Among(team()))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	labels := func(d sso.Difference) map[string][]string {
		got := map[string][]string{}
		for name, turns := range map[string][]sso.Turn{"lose": d.Lose, "win": d.Win, "switch": d.Switch} {
			for _, turn := range turns {
				if turn.Before.Label != turn.After.Label {
					t.Errorf("%s became %s", turn.Before.Label, turn.After.Label)
				}
				got[name] = append(got[name], turn.Before.Label)
			}
		}
		return got
	}
	before := run(three())
	if d := labels(sso.Diff(before, before)); len(d) != 0 {
		t.Errorf("no change: %v", d)
	}
	only := three()
	only.Rule = by("employee", sso.ByExternalID)
	if d := cmp.Diff(map[string][]string{"lose": {"Ada", "Flo"}}, labels(sso.Diff(before, run(only)))); d != "" {
		t.Error(d)
	}
	open := three()
	open.Admission, open.CreatesUsers = sso.AnyoneMapped, true
	if d := cmp.Diff(map[string][]string{"win": {"Cy", "Gus"}}, labels(sso.Diff(before, run(open)))); d != "" {
		t.Error(d)
	}
	swapped := three()
	swapped.Rule = by("email", sso.ByUserName, sso.Change{Do: sso.Replace, From: "^ada@", To: "flo@"})
	if d := cmp.Diff(map[string][]string{"lose": {"Ed"}, "switch": {"Ada"}}, labels(sso.Diff(before, run(swapped)))); d != "" {
		t.Error(d)
	}
}

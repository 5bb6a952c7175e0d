package sso_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"latchkey/authmethods"
	"latchkey/sso"
)

// users draws people of every kind.
func users() *rapid.Generator[sso.User] {
	return rapid.Custom(func(t *rapid.T) sso.User {
		often := func(label string) bool { return rapid.IntRange(0, 3).Draw(t, label) > 0 }
		u := sso.User{
			ID:       authmethods.ID(rapid.SampledFrom([]string{"usr_1", "usr_2", "usr_3"}).Draw(t, "id")),
			UserName: rapid.SampledFrom([]string{"marie", "marie@acme.fr", "paul"}).Draw(t, "user name"),
			Email:    rapid.SampledFrom([]string{"", "marie@acme.fr", "evil@evil.example"}).Draw(t, "e-mail"),
			Disabled: !often("enabled"), Invited: !often("accepted"),
		}
		if often("associated") {
			u.Connectors = []authmethods.ID{here.ID}
		}
		if !often("no operator") {
			u.Roles = []string{sso.RoleOperator}
		}
		if !often("no identity") {
			u.Identities = []sso.Identity{{
				Connector: rapid.SampledFrom([]authmethods.ID{here.ID, "con_other"}).Draw(t, "connector"),
				Subject:   rapid.SampledFrom([]sso.Subject{subject, other}).Draw(t, "subject"),
			}}
		}
		return u
	})
}

// situations draws evidence as a real sign-in has it, with findings that may have
// nothing to do with the values.
func situations() *rapid.Generator[sso.Evidence] {
	return rapid.Custom(func(t *rapid.T) sso.Evidence {
		e := sso.Evidence{Connector: here, Subject: subject}
		e.Connector.Rule = rules().Draw(t, "rule")
		e.Connector.Admission = rapid.SampledFrom([]sso.Admission{sso.AssociatedOnly, sso.AnyoneMapped}).Draw(t, "admission")
		e.Connector.CreatesUsers = rapid.Bool().Draw(t, "creates")
		e.Connector.Disabled = rapid.IntRange(0, 9).Draw(t, "disabled") == 0
		e.Values = e.Connector.Rule.Values(claims().Draw(t, "claims"), trustNobody)
		for range e.Values {
			e.Found = append(e.Found, rapid.SliceOfN(users(), 0, 2).Draw(t, "found"))
		}
		if rapid.IntRange(0, 3).Draw(t, "pinned") == 0 {
			u := users().Draw(t, "pin")
			e.Pinned = &u
		}
		return e
	})
}

// finder returns the first value that finds anybody and may decide.
func finder(e sso.Evidence) (sso.Value, bool) {
	for i, v := range e.Values {
		if v.Text != "" && v.Code == "" && len(e.Found[i]) > 0 {
			return v, true
		}
	}
	return sso.Value{}, false
}

func TestWhatHoldsOfEveryJudgement(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		e := situations().Draw(rt, "evidence")
		v := sso.Judge(e)
		if (v.Code == "") != (v.User != nil || v.Create) || v.User != nil && (v.Create || v.Refused != nil) || v.Create != (v.UserName != "") || v.Pin && v.User == nil {
			rt.Fatalf("contradictory: %+v", v)
		}
		if e.Connector.Disabled && v.Code != authmethods.CodeConnectorDisabled {
			rt.Fatalf("through a closed door: %+v", v)
		}
		if len(v.Trace) == 0 {
			rt.Fatal("no trace")
		}
		if u := v.User; u != nil {
			allowed(rt, e, v, *u)
		}
		if v.Create {
			_, found := finder(e)
			if found || e.Pinned != nil || e.Connector.Admission != sso.AnyoneMapped || !e.Connector.CreatesUsers {
				rt.Fatalf("made a user: %+v", v)
			}
		}
	})
}

// allowed checks that a user may have been let in.
func allowed(rt *rapid.T, e sso.Evidence, v sso.Verdict, u sso.User) {
	if u.Disabled {
		rt.Fatal("disabled, and in")
	}
	if e.Connector.Admission == sso.AssociatedOnly && !slices.Contains(u.Connectors, here.ID) {
		rt.Fatal("not associated, and in")
	}
	if e.Pinned != nil {
		if u.ID != e.Pinned.ID || v.Pin {
			rt.Fatalf("pinned to %s, and in as %s", e.Pinned.ID, u.ID)
		}
		return
	}
	by, ok := finder(e)
	switch {
	case !ok:
		rt.Fatal("nobody was found, and in")
	case !v.Pin:
		rt.Fatal("in for the first time, and not pinned")
	case by.Code == authmethods.CodeEmailUnverified:
		rt.Fatal("in by an address that nobody verified")
	case sso.Operates(u.Roles):
		rt.Fatal("an operator, by a rule")
	case u.Invited && by.Field == sso.ByEmail:
		rt.Fatal("an invitation, by an address")
	}
	for _, i := range u.Identities {
		if i.Connector == here.ID && i.Subject != e.Subject {
			rt.Fatal("somebody else's account")
		}
	}
}

func TestThePinCountsWhateverIsClaimed(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a, b := situations().Draw(rt, "one"), situations().Draw(rt, "another")
		u := users().Draw(rt, "pin")
		a.Pinned, b.Pinned, b.Connector = &u, &u, a.Connector
		one, another := sso.Judge(a), sso.Judge(b)
		if one.Code != another.Code || one.User != another.User || one.Create || another.Create {
			rt.Fatalf("%+v and %+v", one, another)
		}
	})
}

func TestTakingAnAssociationAwayLetsNobodyIn(t *testing.T) {
	strip := func(u sso.User) sso.User { u.Connectors = nil; return u }
	rapid.Check(t, func(rt *rapid.T) {
		e := situations().Draw(rt, "evidence")
		before := sso.Judge(e)
		less := e
		less.Found = nil
		for _, found := range e.Found {
			stripped := slices.Clone(found)
			for i := range stripped {
				stripped[i] = strip(stripped[i])
			}
			less.Found = append(less.Found, stripped)
		}
		if e.Pinned != nil {
			u := strip(*e.Pinned)
			less.Pinned = &u
		}
		after := sso.Judge(less)
		if before.Code != "" && after.Code == "" {
			rt.Fatalf("%+v became %+v", before, after)
		}
		if before.User != nil && after.User != nil && before.User.ID != after.User.ID {
			rt.Fatalf("%s became %s", before.User.ID, after.User.ID)
		}
		if after.User != nil && e.Connector.Admission == sso.AssociatedOnly {
			rt.Fatal("in without association")
		}
	})
}

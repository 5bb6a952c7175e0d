package freezes_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/test/pages"
	"latchkey/test/storage"
	"latchkey/web"
)

const admin = "workspace-admin"

// frozen are the scopes that are frozen in acme.
func frozen(t *testing.T, s *pages.Site) string {
	t.Helper()
	all, err := s.Store().Freezes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var scopes []string
	for _, f := range all {
		scopes = append(scopes, string(f.Scope)+"/"+f.Reason+"/"+string(f.Lifter))
	}
	return strings.Join(scopes, " ")
}

// objects are a method and a service account of acme.
func objects(t *testing.T, s *pages.Site) (method, service string) {
	t.Helper()
	m, err := s.Store().Method(t.Context(), "zoho-desk")
	if err != nil {
		t.Fatal(err)
	}
	made, err := s.Store().CreateService(t.Context(), store.NewService{
		Name: "Telephone", Admin: true, Permits: []authmethods.Permit{{Method: "zoho-desk", Environment: "production"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return "/methods/" + string(m.ID), "/service-accounts/" + string(made.ID)
}

func TestAMethodAServiceAndTheWorkspaceAreFrozenOnTheirPages(t *testing.T) {
	s := pages.New(t)
	method, service := objects(t, s)
	marie := s.SignedIn(t, "marie", admin)
	for _, c := range []struct{ scope, above, asks, done, lifted string }{
		{"method", method, "Freeze Zoho Desk?|Telephone|No token is lent|Can it be undone?", "Zoho Desk: frozen. Every server heeds it.", "Zoho Desk: the freeze is lifted."},
		{"service", service, "Freeze Telephone?|zoho-desk|does not administer this workspace", "Telephone: frozen. Every server heeds it.", "Telephone: the freeze is lifted."},
		{"tenant", "/settings", "Freeze the workspace|Nobody signs in, not even you|Telephone", "is frozen. Every server heeds it.", "The freeze of the workspace"},
	} {
		t.Run(c.scope, func(t *testing.T) {
			at := c.above + "/freeze"
			marie.Get(c.above).Shows(http.StatusOK).Holds(`href="` + at + `"`)
			form := marie.Get(at).Shows(http.StatusOK, strings.Split(c.asks, "|")...)
			done := marie.Submit(form, at, "do", "freeze", "reason", "a drill")
			if got := frozen(t, s); got != c.scope+"/a drill/administrator" {
				t.Fatalf("frozen: %q", got)
			}
			if done.To() != c.above {
				t.Errorf("it leads to %s", done.To())
			}
			marie.Follow(done).Shows(http.StatusOK, c.done, "The reason given: a drill.").Holds(`href="` + at + `"`)
			now := marie.Get(at).Shows(http.StatusOK, "a drill", "Lift the freeze", "An administrator of the workspace can lift it.")
			marie.Follow(marie.Submit(now, at, "do", "ask")).Shows(http.StatusOK, c.done)
			marie.Follow(marie.Submit(now, at, "do", "lift")).Shows(http.StatusOK, c.lifted).Lacks("The reason given")
			if got := frozen(t, s); got != "" {
				t.Errorf("frozen still: %q", got)
			}
			// Whoever lifts it a second time is not told of an error.
			marie.Follow(marie.Submit(now, at, "do", "lift")).Shows(http.StatusOK, c.lifted)
		})
	}
}

func TestThePagesOfFreezesAreThereInFrench(t *testing.T) {
	s := pages.New(t)
	method, _ := objects(t, s)
	marie := s.SignedIn(t, "marie", admin).In("fr")
	at := method + "/freeze"
	form := marie.Get(at).Shows(http.StatusOK, "Geler Zoho Desk ?", "Peut-on revenir en arrière ?", "Geler maintenant")
	marie.Follow(marie.Submit(form, at, "do", "freeze")).Shows(http.StatusOK, "Chaque serveur le respecte")
	marie.Get(at).Shows(http.StatusOK, "Lever le gel", "Aucune n’a été donnée")
	wrong := marie.Submit(marie.Get("/settings/freeze"), "/settings/freeze", "do", "freeze", "reason", strings.Repeat("é", store.MaxReason))
	wrong.Shows(http.StatusUnprocessableEntity, "Écrivez une ligne")
}

func TestOnlyOperatorsLiftWhatAnOperatorFroze(t *testing.T) {
	s := pages.New(t)
	method, _ := objects(t, s)
	at := method + "/freeze"
	operator, marie := s.SignedIn(t, "olga", "operator", admin), s.SignedIn(t, "marie", admin)
	form := operator.Get(at).Shows(http.StatusOK, "only operators will be able to lift it")
	forged := marie.Get(at) // opened before it was frozen
	operator.Submit(form, at, "do", "freeze").Shows(http.StatusSeeOther)
	seen := marie.Get(at).Shows(http.StatusOK, "What an operator froze, only operators lift.").Lacks(`value="lift"`)
	marie.Submit(seen, at, "do", "lift").Shows(http.StatusForbidden, "What an operator froze, only operators lift.")
	marie.Submit(forged, at, "do", "lift").Shows(http.StatusForbidden)
	if got := frozen(t, s); got != "method//operator" {
		t.Fatalf("frozen: %q", got)
	}
	operator.Submit(operator.Get(at), at, "do", "lift").Shows(http.StatusSeeOther)
	if got := frozen(t, s); got != "" {
		t.Errorf("frozen: %q", got)
	}
}

func TestOperatorsFreezeATenantAndEverything(t *testing.T) {
	s := pages.New(t)
	s.NewTenant(t, "globex")
	operator, marie := s.SignedIn(t, "olga", "operator", admin), s.SignedIn(t, "marie", admin)
	for _, at := range []string{"/system/freeze", "/system/tenants/globex/freeze"} {
		marie.Get(at).Shows(http.StatusForbidden)
		marie.Post(at, nil).Shows(http.StatusForbidden)
	}
	operator.Get("/system").Shows(http.StatusOK).Holds(`href="/system/freeze"`)
	const tenant = "/system/tenants/globex/freeze"
	operator.Follow(operator.Submit(operator.Get(tenant), tenant, "do", "freeze")).Shows(http.StatusOK, "globex is frozen. Every server heeds it.")
	if got := frozen(t, s); got != "" {
		t.Errorf("frozen in acme: %q", got)
	}
	operator.Follow(operator.Submit(operator.Get(tenant), tenant, "do", "lift")).Shows(http.StatusOK, "globex is lifted")
	const everything = "/system/freeze"
	form := operator.Get(everything).Shows(http.StatusOK, "Freeze the whole installation?", "All 2 workspaces", "globex")
	operator.Follow(operator.Submit(form, everything, "do", "freeze", "reason", "a drill")).Shows(http.StatusOK, "Everything is frozen. Every server heeds it.")
	if got := frozen(t, s); got != "everything/a drill/operator" {
		t.Errorf("frozen: %q", got)
	}
	marie.Get("/methods").Shows(http.StatusOK, "Everything here is frozen").Lacks(`href="/system/freeze"`)
	operator.Follow(operator.Submit(operator.Get(everything), everything, "do", "lift")).Shows(http.StatusOK, "The freeze of everything is lifted.")
}

// A server that does not say that it heeds the freeze is named, and can be asked again.
func TestThePageNamesServersThatHaveNotAnswered(t *testing.T) {
	s := pages.New(t, pages.Wired(func(d *web.Deps) { d.Patience = time.Second }))
	now := time.Now().UnixMicro()
	storage.Insert(t, s.Database, "replicas", map[string]any{
		"id": "proc_silent", "host": "elsewhere.example", "seen_at": now, "started_at": now, "grace_micros": time.Hour.Microseconds(), "applied": 0, "keys": nil,
	})
	marie := s.SignedIn(t, "marie", admin)
	const at = "/settings/freeze"
	for _, do := range []string{"freeze", "ask"} {
		said := marie.Submit(marie.Get(at), at, "do", do)
		if said.To() != at {
			t.Errorf("%s leads to %s", do, said.To())
		}
		marie.Follow(said).Shows(http.StatusOK, "have not said yet that they heed it: proc_silent (elsewhere.example)").Lacks("Every server heeds it")
	}
	if got := frozen(t, s); got != "tenant//administrator" {
		t.Errorf("frozen: %q", got)
	}
}

func TestWhoMayNotFreezeIsOfferedNothing(t *testing.T) {
	s := pages.New(t)
	method, service := objects(t, s)
	for who, rights := range map[string]string{"clerk": "integrations-admin", "auditor": "auditor"} {
		v := s.SignedIn(t, who, rights)
		for _, above := range []string{method, service, "/settings"} {
			v.Get(above + "/freeze").Shows(http.StatusForbidden)
			v.Post(above+"/freeze", nil).Shows(http.StatusForbidden)
			if a := v.Get(above); a.StatusCode == http.StatusOK {
				a.Lacks(`href="` + above + `/freeze"`)
			}
		}
	}
	s.SignedIn(t, "marie", admin).Post(method+"/freeze", nil).Shows(http.StatusForbidden) // no form of ours
	if got := frozen(t, s); got != "" {
		t.Errorf("frozen: %q", got)
	}
}

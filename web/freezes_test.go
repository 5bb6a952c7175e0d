package web_test

import (
	"strings"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/test/storage"
	"latchkey/web"
)

func TestAFreezeIsMadeListedAndLiftedByTheAPI(t *testing.T) {
	s := newStack(t)
	m := s.newMethod()
	if all := s.api("GET", "/freezes", nil).want(200).json()["items"].([]any); len(all) != 0 {
		t.Errorf("before anything is frozen: %v", all)
	}
	made := s.api("POST", "/freezes", `{"method":"zoho-desk","reason":" a key was seen in a log "}`).want(201)
	if made.text("id") != m.text("id") || made.text("scope") != "method" || made.text("method") != "zoho-desk" || made.text("reason") != "a key was seen in a log" ||
		made.text("lifted_by") != "administrator" || made.text("frozen_by") == "" {
		t.Errorf("made: %s", made.Body)
	}
	again := s.api("POST", "/freezes", `{"method":"zoho-desk","reason":"another"}`).want(201)
	if again.text("reason") != made.text("reason") || again.text("frozen_at") != made.text("frozen_at") {
		t.Errorf("what is frozen already was changed: %s", again.Body)
	}
	service := s.api("POST", "/freezes", `{"service_account":"call-pop"}`).want(201)
	whole := s.api("POST", "/freezes", nil).want(201)
	if service.text("scope") != "service" || service.text("service_account") != "call-pop" || whole.text("scope") != "tenant" || whole.text("id") != "tenant" {
		t.Errorf("%s %s", service.Body, whole.Body)
	}
	if all := s.api("GET", "/freezes", nil).want(200).json()["items"].([]any); len(all) != 3 {
		t.Errorf("listed: %v", all)
	}
	for _, id := range []string{m.text("id"), service.text("id"), "tenant"} {
		s.api("DELETE", "/freezes/"+id, nil).want(204)
		s.api("DELETE", "/freezes/"+id, nil).want(404, "not_found")
	}
	if all := s.api("GET", "/freezes", nil).want(200).json()["items"].([]any); len(all) != 0 {
		t.Errorf("after all were lifted: %v", all)
	}
}

// what a frozen key was used for includes administering, and lifting its own
// freeze.
func TestAFrozenServiceAccountDoesNotAdminister(t *testing.T) {
	s := newStack(t)
	other := s.key(s.Admin, store.NewService{Name: "deputy", Admin: true})
	s.api("POST", "/freezes", nil).want(201) // of the workspace, which must be lifted by somebody
	frozen := s.api("POST", "/freezes", `{"service_account":"administrator"}`).want(201)
	s.api("GET", "/freezes", nil).want(403, "forbidden")
	s.api("DELETE", "/freezes/"+frozen.text("id"), nil).want(403, "forbidden")
	s.admin = other
	s.api("DELETE", "/freezes/"+frozen.text("id"), nil).want(204)
	s.api("DELETE", "/freezes/tenant", nil).want(204)
}

func TestWhatCannotBeFrozenIsNamed(t *testing.T) {
	s := newStack(t)
	s.newMethod()
	for body, want := range map[string]string{
		`{"method":"zoho-desk","service_account":"call-pop"}`:         "/service_account",
		`{"reason":"` + strings.Repeat("x", store.MaxReason+1) + `"}`: "/reason",
		`{"reason":"two\nlines"}`:                                     "/reason",
		`{"everything":true}`:                                         "/everything",
	} {
		if got := s.api("POST", "/freezes", body).want(400).pointers(); got != want {
			t.Errorf("%s: faults at %q, want %q", body, got, want)
		}
	}
	s.api("POST", "/freezes", `{"reason":"`+strings.Repeat("x", store.MaxReason)+`"}`).want(201)
	s.api("POST", "/freezes", `{"method":"nothing"}`).want(404, "not_found")
	s.api("POST", "/freezes", `{"service_account":"nobody"}`).want(404, "not_found")
}

func TestFreezingNeedsItsOwnRight(t *testing.T) {
	s := newStack(t)
	s.newMethod()
	clerk := s.signedIn(t, "clerk", "integrations-admin")
	clerk.api("POST", "/freezes", `{"method":"zoho-desk"}`).want(403, "forbidden")
	s.api("POST", "/freezes", `{"method":"zoho-desk"}`).want(201)
	if all := clerk.api("GET", "/freezes", nil).want(200).json()["items"].([]any); len(all) != 1 {
		t.Errorf("who sees methods does not see what is frozen: %v", all)
	}
	id := s.api("GET", "/freezes", nil).json()["items"].([]any)[0].(map[string]any)["id"].(string)
	clerk.api("DELETE", "/freezes/"+id, nil).want(403, "forbidden")
}

func TestWhatAnOperatorFrozeNoAdministratorLiftsByTheAPI(t *testing.T) {
	s := newStack(t)
	operator := authmethods.NewCaller(s.Tenant.ID, s.Admin.Actor(), authmethods.OperatorRights, "req_test")
	in, err := s.Methods.For(operator)
	must(t, err)
	_, _, err = in.Freeze(t.Context(), store.FreezeTarget{}, "an account was taken over")
	must(t, err)
	all := s.api("GET", "/freezes", nil).want(200).json()["items"].([]any)
	if len(all) != 1 || all[0].(map[string]any)["lifted_by"] != "operator" {
		t.Fatalf("listed: %v", all)
	}
	s.api("DELETE", "/freezes/tenant", nil).want(403, "forbidden")
	if all := s.api("GET", "/freezes", nil).want(200).json()["items"].([]any); len(all) != 1 {
		t.Error("it is lifted")
	}
}

// A server that does not say that it heeds the freeze is named: the answer is 202.
func TestAFreezeThatNotEveryServerHeedsSaysSo(t *testing.T) {
	s := newStack(t, func(d *web.Deps) { d.Patience = 2 * time.Second })
	now := time.Now().UnixMicro()
	storage.Insert(t, s.url, "replicas", map[string]any{
		"id": "proc_silent", "host": "elsewhere", "seen_at": now, "started_at": now, "grace_micros": time.Hour.Microseconds(), "applied": 0, "keys": nil,
	})
	made := s.api("POST", "/freezes", nil).want(202)
	if n := made.json()["servers"].(map[string]any); n["waiting"] != 1.0 || n["heard"] != 0.0 {
		t.Errorf("servers: %v", n)
	}
	if all := s.api("GET", "/freezes", nil).want(200).json()["items"].([]any); len(all) != 1 {
		t.Error("the freeze does not stay")
	}
}

package methods_test

import (
	"net/http"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/sso"
	"latchkey/zohosim"
)

func TestWithoutMethodsTheListLeadsToTheFirst(t *testing.T) {
	s := newSite(t)
	a := s.admin().page("/methods")
	if !strings.Contains(a.body, `href="/methods/new"`) || !strings.Contains(a.text(), "No authentication methods yet") {
		t.Errorf("the empty list leads nowhere: %s", a.text())
	}
	reader := s.as("ada", sso.RoleAuditor).page("/methods")
	if strings.Contains(reader.body, "/methods/new") {
		t.Error("somebody who may not create a method is offered it")
	}
}

func TestTheListShowsWhatNeedsAttentionFirst(t *testing.T) {
	s := newSite(t)
	s.method(func(n *store.NewMethod) { n.Name, n.Reference = "Unused", "unused" })
	working := s.method(func(n *store.NewMethod) { n.Name, n.Reference = "Working", "working" })
	broken := s.method(func(n *store.NewMethod) { n.Name, n.Reference = "Broken", "broken" })
	s.Approve(t, "working", authmethods.Production, zohosim.Approval{User: "sam@example.com"})
	lost := s.Approve(t, "broken", authmethods.Production, zohosim.Approval{User: "sam@example.com"})
	_, err := s.Consents.Revoke(t.Context(), s.Admin, lost.Connection)
	must(t, err)
	v := s.admin()
	a := v.page("/methods")
	last := -1
	for _, name := range []string{"<bdi>Broken</bdi>", "<bdi>Working</bdi>", "<bdi>Unused</bdi>"} {
		at := strings.Index(a.body, name)
		if at <= last {
			t.Errorf("%s is not where it belongs in %s", name, a.text())
		}
		last = at
	}
	for _, want := range []string{
		`class="chip off" href="/methods/` + string(broken.ID) + `/enable"`, `class="chip good" href="/methods/` + string(working.ID) + `"`,
		"1000.METH…0001", "Copy ID",
	} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the list lacks %s", want)
		}
	}
}

func TestTheListIsNarrowedByItsAddress(t *testing.T) {
	s := newSite(t)
	s.method(func(n *store.NewMethod) { n.Name, n.Reference = "Support", "support" })
	s.method(func(n *store.NewMethod) { n.Name, n.Reference = "Sales", "sales" })
	s.Approve(t, "sales", authmethods.Production, zohosim.Approval{User: "sam@example.com"})
	v := s.admin()
	for query, want := range map[string][2]bool{ // Support, Sales
		"":                              {true, true},
		"?q=supp":                       {true, false},
		"?q=SALES":                      {false, true},
		"?status=active":                {false, true},
		"?status=disabled":              {true, true},
		"?status=disabled&env=sandbox":  {true, true},
		"?status=active&env=sandbox":    {false, false},
		"?type=zoho_crm":                {false, false},
		"?type=zoho_desk&q=METHODSPAGE": {true, true},
		"?q=%3Cscript%3E":               {false, false},
	} {
		a := v.page("/methods" + query)
		got := [2]bool{strings.Contains(a.body, "<bdi>Support</bdi>"), strings.Contains(a.body, "<bdi>Sales</bdi>")}
		if got != want {
			t.Errorf("%s shows %v, want %v", query, got, want)
		}
		if strings.Contains(a.body, "<script>") {
			t.Errorf("%s puts what was typed into the page as it is", query)
		}
	}
}

func TestWhatAPersonMayNotDoIsNeitherOfferedNorDone(t *testing.T) {
	s := newSite(t)
	m := s.method()
	one := "/methods/" + string(m.ID)
	auditor := s.as("ada", sso.RoleAuditor)
	a := auditor.page(one)
	for _, path := range []string{"/enable", "/edit", "/delete", "/duplicate", "/test", "/disable"} {
		if strings.Contains(a.body, one+path) {
			t.Errorf("an auditor is offered %s", path)
		}
		if got := auditor.get(one + path); got.StatusCode != http.StatusForbidden {
			t.Errorf("an auditor gets %s: %d", path, got.StatusCode)
		}
	}
	if got := s.as("uma", sso.RoleUser).get("/methods"); got.StatusCode != http.StatusForbidden {
		t.Errorf("somebody without rights gets the list: %d", got.StatusCode)
	}
	admin := s.admin()
	form := admin.page(one + "/delete")
	forged := strings.ReplaceAll(form.body, `name="csrf" value="`, `name="csrf" value="x`)
	if got := admin.submit(answer{form.Response, forged}, one+"/delete"); got.StatusCode != http.StatusForbidden {
		t.Errorf("a form of somebody else is taken: %d", got.StatusCode)
	}
}

func TestAnotherTenantsMethodsAreNotThere(t *testing.T) {
	s := newSite(t)
	other := s.NewTenant(t, "globex")
	in, err := s.Methods.For(authmethods.NewCaller(other.ID, authmethods.Actor{Kind: authmethods.ActorPerson, Name: "test"}, authmethods.AdminRights, "req_test"))
	must(t, err)
	foreign, err := in.CreateMethod(t.Context(), store.NewMethod{
		Name: "Secret plans", IntegrationType: "zoho_desk", ClientID: simClient, Scopes: []string{"Desk.basic.READ"},
	})
	must(t, err)
	v := s.admin()
	if a := v.page("/methods"); strings.Contains(a.body, "Secret plans") {
		t.Error("the list shows another tenant's method")
	}
	for _, path := range []string{"", "/edit", "/enable", "/help", "/test", "/disable", "/delete", "/duplicate", "/code"} {
		a, missing := v.get("/methods/"+string(foreign.ID)+path), v.get("/methods/am_01ARZ3NDEKTSV4RRFFQ69G5FAV"+path)
		if a.StatusCode != http.StatusNotFound || missing.StatusCode != http.StatusNotFound {
			t.Errorf("%s: a foreign method is %d, a missing one %d", path, a.StatusCode, missing.StatusCode)
		}
	}
}

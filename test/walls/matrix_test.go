package walls_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/web"
	"latchkey/web/route"
)

// kind is who asks.
type kind int

const (
	nobody      kind = iota
	person           // of acme, with one right or none
	adminKey         // of acme
	serviceKey       // of acme
	otherPerson      // of another tenant
	otherKey         // of another tenant, or of the operators
)

// expectation is what routes.txt says of a route.
type expectation struct {
	listener string
	right    authmethods.Right
}

func expectations(t testing.TB) map[string]expectation {
	t.Helper()
	text, err := os.ReadFile("testdata/routes.txt")
	must(t, err)
	all := map[string]expectation{}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if len(fields) != 3 {
			t.Fatalf("routes.txt: %q", line)
		}
		if _, twice := all[fields[0]]; twice {
			t.Errorf("routes.txt has %s twice", fields[0])
		}
		all[fields[0]] = expectation{fields[1], authmethods.Right(fields[2])}
	}
	return all
}

func listenerOf(r route.Route) string {
	switch r.Listeners {
	case route.Public:
		return "public"
	case route.Internal:
		return "internal"
	}
	return "both"
}

// whoever adds a route, or opens one to more people, says so a second time.
func TestEveryRouteIsExpected(t *testing.T) {
	want := expectations(t)
	for _, r := range web.Table(web.Deps{Showcase: true}) {
		got := expectation{listenerOf(r), r.Right}
		switch expected, ok := want[r.Operation]; {
		case !ok:
			t.Errorf("testdata/routes.txt lacks: %s %s %s", r.Operation, got.listener, got.right)
		case expected != got:
			t.Errorf("%s %s (%s) is for %s on %s, expected is %s on %s", r.Method, r.Path, r.Operation, got.right, got.listener, expected.right, expected.listener)
		}
		delete(want, r.Operation)
	}
	for operation := range want {
		t.Errorf("testdata/routes.txt has %s, which nothing serves", operation)
	}
}

// verdict is what an answer says of who asked.
type verdict string

const (
	unknown   verdict = "is nobody here"
	forbidden verdict = "lacks the right"
	browser   verdict = "is a browser"
	noHost    verdict = "is at no tenant's host"
	absent    verdict = "finds no such route"
	admitted  verdict = "is let in"
	broken    verdict = "breaks the server"
)

// judge reads the verdict of an answer.
func judge(r route.Route, w *httptest.ResponseRecorder) verdict {
	var p struct{ Code, Detail string }
	_ = json.Unmarshal(w.Body.Bytes(), &p) // a page or a file is no problem
	switch {
	case w.Code >= 500:
		return broken
	case w.Code == 421:
		return noHost
	case w.Code == 401 && (p.Code == "invalid_api_key" || p.Code == "not_signed_in"):
		return unknown
	case p.Code == "browser_request_refused":
		return browser
	case w.Code == 403 && (p.Detail == "This needs the right "+string(r.Right)+"." || strings.HasPrefix(p.Detail, "This key belongs to a service account")):
		return forbidden
	}
	return admitted
}

// due is the verdict that routes.txt means for a caller.
func due(r route.Route, e expectation, c caller) verdict {
	guarded := !slices.Contains(route.Exceptions[:], e.right)
	switch {
	case e.listener == "internal" && c.cookie != "":
		return browser
	case r.Operation == "getSession": // it is open, and what it answers is this
		if c.kind == person {
			return admitted
		}
		return unknown
	case !guarded && e.right != route.Person:
		return admitted // whoever asks; what proof it wants, its own tests know
	case e.listener == "internal":
		if c.kind == nobody {
			return unknown
		}
		return admitted // to its own tenant, within its permits
	case e.right == route.Person:
		if c.kind == person {
			return admitted
		}
		return unknown
	}
	switch c.kind {
	case person:
		if c.right == e.right {
			return admitted
		}
		return forbidden
	case adminKey:
		if authmethods.AdminRights.Has(e.right) {
			return admitted
		}
		return forbidden
	case serviceKey:
		return forbidden
	}
	return unknown
}

// callers are all kinds of them.
func (i *installation) callers() []caller {
	platform := i.key(authmethods.Platform, store.NewService{Name: "Operator", Admin: true})
	boss := i.with(i.globex, "boss", authmethods.AdminRights...)
	all := []caller{
		{name: "nobody", kind: nobody},
		{name: "the administrator's key", kind: adminKey, key: i.acme.admin},
		{name: "the borrower's key", kind: serviceKey, key: i.acme.borrower},
		{name: "the operators' key", kind: otherKey, key: platform},
		{name: "another tenant's administrator's key", kind: otherKey, key: i.globex.admin},
		{name: "another tenant's borrower's key", kind: otherKey, key: i.globex.borrower},
		{name: "another tenant's person", kind: otherPerson, cookie: i.session(i.globex, boss)},
		{name: "somebody without rights", kind: person, cookie: i.session(i.acme, i.with(i.acme, "without"))},
	}
	for _, right := range authmethods.AdminRights {
		u := i.with(i.acme, "only-"+strings.ReplaceAll(string(right), ".", "-"), right)
		all = append(all, caller{name: "somebody who may " + string(right), kind: person, right: right, cookie: i.session(i.acme, u)})
	}
	return all
}

// each route answers each kind of caller as the table says, at its own
// tenant's host and at another's.
func TestEveryRouteAnswersEveryKindOfCaller(t *testing.T) {
	i := newInstallation(t)
	want, callers := expectations(t), i.callers()
	asked := 0
	for _, r := range web.Table(i.Deps) {
		e, ok := want[r.Operation]
		if !ok {
			continue // another test says so
		}
		path := fill(r.Path, func(name string) string {
			if v, ok := i.objects[name]; ok && v != "" {
				return nothing(v)
			}
			return "nothing"
		})
		for _, c := range callers {
			asked++
			w := i.send(r, i.request(r, "acme", path, "{}", c))
			if got, want := judge(r, w), due(r, e, c); got != want {
				t.Errorf("%s %s (%s): %s %s, expected that it %s: %d %.200s", r.Method, path, e.right, c.name, got, want, w.Code, w.Body)
			}
			i.elsewhere(r, e, path, c)
		}
	}
	t.Logf("%d answers", asked)
}

// elsewhere has acme's callers ask where they are nobody: at another tenant's host, at
// no tenant's, and on the other listener.
func (i *installation) elsewhere(r route.Route, e expectation, path string, c caller) {
	if e.listener == "both" {
		return
	}
	other := r
	other.Listeners = route.Internal
	if e.listener == "internal" {
		other.Listeners = route.Public
	}
	if w := i.send(other, i.request(other, "acme", path, "{}", c)); w.Code < 400 || other.Listeners == route.Public && w.Code != 404 {
		i.t.Errorf("%s %s on the other listener: %s is answered %d", r.Method, path, c.name, w.Code)
	}
	if e.listener == "internal" {
		return
	}
	if w := i.send(r, i.request(r, "nobody", path, "{}", c)); judge(r, w) != noHost {
		i.t.Errorf("%s %s at an unknown host: %s is answered %d", r.Method, path, c.name, w.Code)
	}
	mine := c.kind == person || c.kind == adminKey || c.kind == serviceKey
	if guarded := e.right == route.Person || !slices.Contains(route.Exceptions[:], e.right); mine && guarded {
		if w := i.send(r, i.request(r, "globex", path, "{}", c)); judge(r, w) != unknown {
			i.t.Errorf("%s %s at another tenant's host: %s %s: %d %.200s", r.Method, path, c.name, judge(r, w), w.Code, fmt.Sprint(w.Body))
		}
	}
}

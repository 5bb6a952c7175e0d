package walls_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"latchkey/test/pages"
	"latchkey/test/postgres"
	"latchkey/web"
	"latchkey/web/route"
)

// noJSON are the routes that change something and read no JSON.
var noJSON = map[string]string{
	"importUsers": "reads CSV", "exchangeToken": "reads a form, as RFC 8693 has it", "signOut": "reads nothing", "backChannelLogout": "reads a form, as OpenID Connect has it",
}

// serverOwned are fields that no client sets, and one that does not exist.
const serverOwned = `{"id":"x","tenant_id":"x","created_by":"x","secret_version":7,"created_at":1,"surprise":true}`

// on each route that reads JSON, fields that are unknown or the server's own are
// refused, each by its name, and nothing is done.
func TestFieldsThatAreNotTheClientsAreRefusedOnEveryRoute(t *testing.T) {
	address := postgres.URL(t)
	i := newInstallation(t, pages.On(address))
	i.more(address)
	asked := 0
	for _, r := range web.Table(i.Deps) {
		if r.Page || r.MaxBody == 0 || r.Method == http.MethodGet || noJSON[r.Operation] != "" {
			continue
		}
		asked++
		c := caller{key: i.acme.admin}
		if r.Listeners&route.Public == 0 {
			c.key = i.acme.borrower
		}
		path := fill(r.Path, func(name string) string { return i.objects[name] })
		w := i.send(r, i.request(r, "acme", path, serverOwned, c))
		var p struct {
			Code   string
			Errors []struct{ Pointer string }
		}
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Errorf("%s %s: %d, no JSON: %v", r.Method, r.Path, w.Code, err)
			continue
		}
		var named []string
		for _, e := range p.Errors {
			named = append(named, strings.TrimPrefix(e.Pointer, "/"))
		}
		for _, field := range []string{"id", "tenant_id", "created_by", "secret_version", "created_at", "surprise"} {
			if w.Code != http.StatusBadRequest || !slices.Contains(named, field) {
				t.Errorf("%s %s takes %q: %d %s", r.Method, r.Path, field, w.Code, w.Body)
				break
			}
		}
	}
	if asked < 25 {
		t.Errorf("only %d routes read JSON", asked)
	}
}

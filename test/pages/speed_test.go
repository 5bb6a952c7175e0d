package pages_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/test/pages"
	"latchkey/test/postgres"
	"latchkey/web"
	"latchkey/web/list"
)

var manyEvents = flag.Int("events", 1_000_000, "how many events the audit log has when pages are measured")

// BenchmarkPages measures how long the server takes for each page of a tenant that has
// much of everything: the shortest, the middle and the longest time, and what it sends, compressed:
// the page, and the page with all that it loads. Of a file it measures what goes before
// its first byte. It asserts nothing: every page is meant to take less than 100 ms.
func BenchmarkPages(b *testing.B) {
	for name, at := range map[string]func(testing.TB) string{
		"sqlite":   func(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "latchkey.db") },
		"postgres": func(t testing.TB) string { return postgres.URL(t) },
	} {
		b.Run(name, func(b *testing.B) {
			address := at(b)
			s := pages.New(b, pages.On(address))
			ada := s.Visitor(b)
			objects := s.Furnish(b, ada)
			paths := s.Addresses(b, ada, objects)
			fill(b, s, address, objects, *manyEvents)
			s.Forget()
			paths = append(append(paths, narrowed(objects)...), later(b, ada, objects)...)
			server, _ := web.New(s.Deps)
			m := meter{server: server, origin: s.Origin, cookies: ada.Cookies()}
			for _, path := range paths {
				b.Run(strings.ReplaceAll(named(path, objects), "/", "|"), func(b *testing.B) { m.measure(b, path) })
			}
			m.cookies = nil
			for _, path := range []string{"/login", "/error/" + objects["sign-ins/:ref"], "/.well-known/jwks.json"} {
				b.Run("nobody"+strings.ReplaceAll(named(path, objects), "/", "|"), func(b *testing.B) { m.measure(b, path) })
			}
		})
	}
}

// named is an address with names in the place of ids.
func named(path string, objects map[string]string) string {
	for _, key := range slices.Sorted(maps.Keys(objects)) {
		if value := objects[key]; value != pages.None {
			kind, _, _ := strings.Cut(key, "/")
			path = strings.ReplaceAll(path, value, strings.ToUpper(kind))
		}
	}
	return path
}

// narrowed are addresses with filters, searches and tabs, and files.
func narrowed(objects map[string]string) []string {
	method, connection, user, sso := objects["methods/:id"], objects["connections/:id"], objects["users/:id"], objects["sso/:id"]
	service := objects["service-accounts/:id"]
	all := []string{
		"/?env=production", "/methods?status=active", "/methods?q=filled", "/methods?reach=30d", "/connections?reach=30d", "/connections?state=active",
		"/connections/" + connection + "?span=7d",
		"/loans?tokens=all", "/loans?connection=" + connection, "/loans?connection=" + connection + "&tokens=all",
		"/loans?service=" + service, "/loans?service=" + service + "&tokens=all", "/loans?service=" + service + "&connection=" + connection + "&tokens=all",
		"/users?text=person+9", "/users?text=nobody+at+all", "/users?disabled=false", "/users?disabled=true", "/users?role=help-desk", "/users?connector=" + sso,
		"/sso/" + sso + "/sign-ins?outcome=refused&days=90", "/sso/" + sso + "/sign-ins?outcome=pending&days=90", "/sso/" + sso + "/check?from=sign_ins",
		"/search?q=filled", "/search?q=person+99", "/search?q=nothing+at+all", "/search?q=" + user,
		"/audit/export.csv", "/audit/export.jsonl", "/audit/export.csv?actor=" + user, "/users/export",
	}
	for _, q := range []url.Values{
		{"actor": {user}}, {"actor": {service}}, {"actor": {"Person 7"}}, {"actor": {"usr_nobody"}}, {"actor": {"nobody"}},
		{"action": {"session.began"}}, {"action": {"method.changed"}}, {"action": {"role.deleted"}}, {"action": {"tenant.created"}},
		{"object": {method}}, {"object": {"nothing"}},
		{"actor": {user}, "action": {"session.began"}}, {"actor": {user}, "action": {"settings.changed"}},
		{"actor": {service}, "action": {"settings.changed"}}, {"actor": {service}, "action": {"role.deleted"}},
		{"actor": {"Telephone"}, "action": {"role.deleted"}}, {"actor": {"Person 7"}, "action": {"session.began"}},
		{"actor": {"usr_nobody"}, "action": {"session.began"}}, {"actor": {"nobody"}, "action": {"session.began"}}, {"object": {"nothing"}, "action": {"session.began"}},
		{"actor": {service}, "action": {"method.changed"}}, {"actor": {service}, "object": {method}}, {"action": {"role.deleted"}, "object": {method}}, {"action": {"session.began"}, "object": {method}},
		{"actor": {user}, "action": {"role.deleted"}, "object": {method}},
	} {
		all = append(all, "/audit?"+q.Encode())
	}
	for _, tab := range []string{"settings", "scopes", "activity", "used"} {
		all = append(all, "/methods/"+method+"?tab="+tab)
	}
	return all
}

// onward is a link to the next part of a list.
var onward = regexp.MustCompile(`rel="next" href="([^"]*)"`)

// later are parts of long lists that are not their first.
func later(b *testing.B, ada *pages.Visitor, objects map[string]string) []string {
	b.Helper()
	all := []string{"/audit?cursor=" + list.SeqCursor(int64(*manyEvents)/2), "/audit?action=session.began&cursor=" + list.SeqCursor(int64(*manyEvents)/2)}
	for _, path := range []string{
		"/users", "/sso/" + objects["sso/:id"] + "/sign-ins?days=90", "/loans?tokens=all", "/loans",
		"/loans?tokens=all&service=" + objects["service-accounts/:id"], "/loans?tokens=all&connection=" + objects["connections/:id"],
	} {
		at := path
		for range 15 {
			next := onward.FindStringSubmatch(ada.Get(at).Body)
			if next == nil {
				break
			}
			at = html.UnescapeString(next[1])
		}
		if at == path {
			b.Errorf("%s has no second part", path)
		}
		all = append(all, at)
	}
	return all
}

// meter asks the server without a network between.
type meter struct {
	server  http.Handler
	origin  string
	cookies []*http.Cookie
}

func (m *meter) measure(b *testing.B, path string) {
	var took []time.Duration
	var last *answer
	for b.Loop() {
		last = m.get(b, path)
		took = append(took, last.took)
	}
	if ok := last.Code == http.StatusOK || last.Code == http.StatusSeeOther; !ok {
		b.Fatalf("%s answers %d", path, last.Code)
	}
	slices.Sort(took)
	milliseconds := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	b.ReportMetric(0, "ns/op") // it is the mean of what follows
	b.ReportMetric(milliseconds(took[0]), "min-ms")
	b.ReportMetric(milliseconds(took[len(took)/2]), "p50-ms")
	b.ReportMetric(milliseconds(took[len(took)-1]), "max-ms")
	if !last.file() {
		b.ReportMetric(float64(last.Body.Len())/1024, "KiB")
		b.ReportMetric(float64(m.weight(b, last))/1024, "first-KiB")
	}
}

// answer is what the server sends. Of a file it takes what comes first and no more.
type answer struct {
	*httptest.ResponseRecorder
	begun time.Time
	took  time.Duration
}

var errEnough = errors.New("whoever asked has gone")

func (a *answer) file() bool { return a.Header().Get("Content-Disposition") != "" }

// Write implements [http.ResponseWriter].
func (a *answer) Write(content []byte) (int, error) {
	if !a.file() {
		return a.ResponseRecorder.Write(content)
	}
	if a.took == 0 {
		a.took = time.Since(a.begun)
	}
	return 0, errEnough
}

func (m *meter) get(b *testing.B, path string) *answer {
	b.Helper()
	r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, m.origin+path, nil)
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Accept-Encoding", "gzip")
	for _, c := range m.cookies {
		r.AddCookie(c)
	}
	a := &answer{ResponseRecorder: httptest.NewRecorder(), begun: time.Now()}
	m.server.ServeHTTP(a, r)
	if a.took == 0 {
		a.took = time.Since(a.begun)
	}
	return a
}

var part = regexp.MustCompile(`/static/[0-9a-f]+\.[a-z]+`)

// weight is how much is sent of a page with all that it loads.
func (m *meter) weight(b *testing.B, page *answer) int {
	b.Helper()
	text, sum := page.Body.Bytes(), page.Body.Len()
	if page.Header().Get("Content-Encoding") == "gzip" {
		packed, err := gzip.NewReader(bytes.NewReader(text))
		must(b, err)
		text, err = io.ReadAll(packed)
		must(b, err)
	}
	known := map[string]bool{}
	for _, path := range part.FindAllString(string(text), -1) {
		if !known[path] {
			known[path] = true
			sum += m.get(b, path).Body.Len()
		}
	}
	return sum
}

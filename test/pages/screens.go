package pages

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"latchkey/authmethods"
	"latchkey/web"
	"latchkey/web/route"
)

// Screen is a page in one of its states, as somebody sees it who is signed in.
type Screen struct {
	Name string // what a picture of it is called
	Path string
	Do   string // a script in place of somebody's hands, which leads on to the page; empty: Path is it
	// Status is what the page answers with; 0: 200.
	Status int
}

// Open shows the page in the browser.
func (p Screen) Open(ctx context.Context, origin string) error {
	if err := chromedp.Do(ctx, chromedp.Navigate(origin+p.Path)); err != nil || p.Do == "" {
		return err
	}
	act := chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		return target.Call(ctx, "Runtime.evaluate", map[string]any{"expression": p.Do}, nil)
	})
	_, err := chromedp.RunResponse(ctx, act)
	return err
}

// Addresses are those of all pages for somebody who is signed in, as the table of routes
// has them. What leads on to a provider, and files to load down, are no pages.
func (s *Site) Addresses(t testing.TB, ada *Visitor, objects map[string]string) []string {
	t.Helper()
	var all []string
	for _, r := range web.Table(s.Deps) {
		forPeople := r.Right == route.Person || authmethods.OperatorRights.Has(r.Right)
		if r.Method != http.MethodGet || !r.Page || !forPeople || r.Listeners&route.Public == 0 {
			continue
		}
		path, missing := filled(r.Path, objects)
		if missing != "" {
			t.Errorf("%s: nobody says what %s stands for", r.Path, missing)
			continue
		}
		if !strings.Contains(path, "//") {
			all = append(all, path)
		}
	}
	return slices.DeleteFunc(all, func(path string) bool {
		a := ada.Get(path)
		file := a.StatusCode == http.StatusOK && !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html")
		if file && a.Header.Get("Content-Disposition") == "" {
			t.Errorf("%s is neither a page nor a file", path)
		}
		away := a.StatusCode == http.StatusSeeOther && strings.HasPrefix(a.Header.Get("Location"), "http")
		return file || away
	})
}

// filled puts objects in the place of parameters. A parameter is named together with
// the part of the path before it.
func filled(path string, objects map[string]string) (whole, missing string) {
	pattern := strings.Split(path, "/")
	parts := slices.Clone(pattern)
	for i, part := range pattern {
		if !strings.HasPrefix(part, ":") {
			continue
		}
		name := pattern[i-1] + "/" + part
		value, ok := objects[name]
		if !ok {
			return "", name
		}
		parts[i] = value
	}
	return strings.Join(parts, "/"), ""
}

// Screens are all pages, and those states of them that the addresses alone do not show.
// They change nothing that another of them shows.
func (s *Site) Screens(t testing.TB, ada *Visitor, objects map[string]string) []Screen {
	t.Helper()
	var all []Screen
	for _, path := range s.Addresses(t, ada, objects) {
		all = append(all, Screen{Name: named(path, objects), Path: path})
	}
	method, connection, connector := "/methods/"+objects["methods/:id"], "/connections/"+objects["connections/:id"], "/sso/"+objects["sso/:id"]
	for _, tab := range []string{"settings", "scopes", "used", "activity"} {
		all = append(all, Screen{Name: "methods-id-" + tab, Path: method + "?tab=" + tab})
	}
	const wrong = http.StatusUnprocessableEntity
	return append(all,
		Screen{Name: "methods-none", Path: "/methods?q=nothing"},
		Screen{Name: "methods-form", Path: "/methods/new?type=zoho_desk"},
		Screen{Name: "methods-form-generic", Path: "/methods/new?type=generic_oauth2"},
		Screen{Name: "methods-form-wrong", Path: "/methods/new?type=zoho_desk", Do: submit("form.method-form"), Status: wrong},
		Screen{Name: "methods-enable-wrong", Path: method + "/enable", Do: submit("form.method-window"), Status: wrong},
		Screen{Name: "methods-tested", Path: method + "/test", Do: submit(`main form[action$="/test"]`)},
		Screen{Name: "connections-sandbox", Path: "/connections?env=sandbox"},
		Screen{Name: "connections-id-week", Path: connection + "?span=7d"},
		Screen{Name: "connections-lost", Path: "/connections/" + objects[Lost]},
		Screen{Name: "sso-new-wrong", Path: "/sso/new", Do: submit("main form[method=post]"), Status: wrong},
		Screen{Name: "sso-tried", Path: connector + "/tester", Do: submit(`main form[action$="/tester"]`)},
		Screen{Name: "users-new-wrong", Path: "/users/new", Do: submit("main form[method=post]"), Status: wrong},
		Screen{Name: "users-none", Path: "/users?text=nobody-like-this"},
		Screen{Name: "users-import-checked", Path: "/users/import", Do: `document.querySelector("main textarea").value = "user_name,email\nnew@example.eu,new@example.eu\nada@example.eu,not an address\n";` + submit("main form[method=post]")},
		Screen{Name: "roles-new-wrong", Path: "/roles/new", Do: submit("main form[method=post]"), Status: wrong},
		Screen{Name: "services-new-wrong", Path: "/service-accounts/new", Do: submit("main form[method=post]"), Status: wrong},
		Screen{Name: "search-found", Path: "/search?q=ada"},
		Screen{Name: "search-none", Path: "/search?q=nothing+at+all"},
	)
}

// submit sends the form there as it is.
func submit(form string) string {
	return `{ const form = document.querySelector(` + "`" + form + "`" + `); form.noValidate = true; form.requestSubmit([...form.querySelectorAll("button[type=submit]")].at(-1)); }`
}

// named is a path with its objects left out, as a name for a picture.
func named(path string, objects map[string]string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for i, part := range parts {
		for _, value := range objects {
			if part == value {
				parts[i] = "id"
			}
		}
	}
	if path == "/" {
		return "overview"
	}
	return strings.Join(parts, "-")
}

// EmptyScreens are the pages of a tenant that has nothing yet.
func EmptyScreens() []Screen {
	var all []Screen
	for _, path := range []string{"/", "/methods", "/connections", "/sso", "/service-accounts", "/loans"} {
		all = append(all, Screen{Name: "empty-" + named(path, nil), Path: path})
	}
	return all
}

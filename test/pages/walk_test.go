package pages_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"latchkey/authmethods"
	"latchkey/test/browser"
	"latchkey/test/pages"
	"latchkey/web"
	"latchkey/web/route"
)

// maxWeight is what a page may weigh with all that it loads, as it is sent.
const maxWeight = 100 << 10

// watch takes down what the content policy refuses and what fails in the script.
const watch = `window.refused = [];
	document.addEventListener("securitypolicyviolation", e => window.refused.push("against the content policy: " + e.violatedDirective + " " + e.blockedURI));
	window.addEventListener("error", e => window.refused.push("an error of the script: " + e.message), true);
	window.addEventListener("unhandledrejection", e => window.refused.push("an error of the script: " + e.reason));
	const complain = console.error;
	console.error = (...words) => { window.refused.push("on the console: " + words.join(" ")); complain(...words); };`

// look says what the browser shows.
const look = `(() => {
	const [page] = performance.getEntriesByType("navigation"), parts = performance.getEntriesByType("resource");
	return JSON.stringify({
		status: page.responseStatus, language: document.documentElement.lang, headings: document.querySelectorAll("h1").length,
		title: document.title, text: document.body.innerText, refused: window.refused,
		outside: parts.map(p => p.name).filter(n => !n.startsWith(location.origin) && !n.startsWith("data:")),
		failed: parts.filter(p => p.responseStatus >= 400).map(p => p.name),
		weight: [page, ...parts].reduce((sum, p) => sum + p.encodedBodySize, 0),
		wide: document.documentElement.scrollWidth > innerWidth ? document.documentElement.scrollWidth : 0,
		links: [...document.querySelectorAll("a[href], form[action]:not([method=post])")].map(e => e.href || e.action),
	});
})()`

// shown is what look says.
type shown struct {
	Status, Headings, Weight, Wide  int
	Language, Title, Text           string
	Refused, Outside, Failed, Links []string
}

// faults are what is wrong with a page.
func (p shown) faults(language string) []string {
	var found []string
	add := func(wrong bool, format string, args ...any) {
		if wrong {
			found = append(found, fmt.Sprintf(format, args...))
		}
	}
	add(p.Status != http.StatusOK, "it answers %d: %s", p.Status, p.Title)
	add(p.Headings != 1, "it has %d headings of the first rank", p.Headings)
	add(p.Language != language, "it is in %s", p.Language)
	add(p.Weight > maxWeight, "it weighs %d bytes", p.Weight)
	add(p.Wide > 0, "it is %d pixels wide, wider than the window", p.Wide)
	add(strings.Contains(p.Text, "⟦"), "it shows a key that has no text")
	for _, each := range p.Refused {
		add(true, "%s", each)
	}
	for _, each := range p.Outside {
		add(true, "it asks elsewhere for %s", each)
	}
	for _, each := range p.Failed {
		add(true, "it cannot load %s", each)
	}
	return found
}

// screens are the addresses of all pages for somebody who is signed in.
func screens(t *testing.T, s *pages.Site, objects map[string]string) []string {
	t.Helper()
	var all []string
	for _, r := range web.Table(s.Deps) {
		forPeople := r.Right == route.Person || authmethods.AdminRights.Has(r.Right)
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
	return all
}

// leftOut drops what is no page to look at: files to load down, which must be there
// all the same, and what leads on to a provider.
func leftOut(t *testing.T, ada *pages.Visitor, addresses []string) []string {
	t.Helper()
	return slices.DeleteFunc(addresses, func(path string) bool {
		a := ada.Get(path)
		file := a.StatusCode == http.StatusOK && !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html")
		if file && a.Header.Get("Content-Disposition") == "" {
			t.Errorf("%s is neither a page nor a file", path)
		}
		// What leads on to a provider is no page of ours.
		away := a.StatusCode == http.StatusSeeOther && strings.HasPrefix(a.Header.Get("Location"), "http")
		return file || away
	})
}

// filled puts objects in the place of parameters. A parameter is named together with
// the part of the path before it.
func filled(path string, objects map[string]string) (string, string) {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if !strings.HasPrefix(part, ":") {
			continue
		}
		// The part before it may have been a parameter itself once.
		name := strings.Split(path, "/")[i-1] + "/" + part
		value, ok := objects[name]
		if !ok {
			return "", name
		}
		parts[i] = value
	}
	return strings.Join(parts, "/"), ""
}

func TestEveryPageIsSoundForAnAdministrator(t *testing.T) {
	s := pages.New(t)
	ada := s.Visitor(t)
	objects := furnish(t, s, ada)
	addresses := leftOut(t, ada, screens(t, s, objects))
	if len(addresses) < 20 {
		t.Fatalf("there are only %d pages: %v", len(addresses), addresses)
	}
	ctx := browser.New(t)
	prepare(ctx, t, s.Origin, ada.Cookies())
	links := map[string]string{} // and the page that has it
	for _, language := range []string{"en", "fr"} {
		speak(ctx, t, language)
		for _, width := range []int64{1280, 320} {
			for _, path := range addresses {
				p := open(ctx, t, s.Origin+path, width)
				for _, fault := range p.faults(language) {
					t.Errorf("%s in %s, %d pixels wide: %s", path, language, width, fault)
				}
				for _, link := range p.Links {
					if _, known := links[link]; !known {
						links[link] = path
					}
				}
			}
		}
	}
	follow(t, s, ada, links)
}

// follow opens every link that leads to a page of the site.
func follow(t *testing.T, s *pages.Site, ada *pages.Visitor, links map[string]string) {
	t.Helper()
	opened := map[string]bool{}
	for _, link := range slices.Sorted(maps.Keys(links)) {
		u, err := url.Parse(link)
		if err != nil {
			t.Errorf("%s leads to %q: %v", links[link], link, err)
			continue
		}
		u.Fragment = ""
		if u.Scheme+"://"+u.Host != s.Origin || opened[u.RequestURI()] {
			continue // to the provider's console, for example
		}
		opened[u.RequestURI()] = true
		// Where the simulator is asked to sign somebody in, the way ends there.
		if a := ada.Get(u.RequestURI()); a.StatusCode >= 400 {
			t.Errorf("%s leads to %s, which answers %d", links[link], u.RequestURI(), a.StatusCode)
		}
	}
	if len(opened) < 20 {
		t.Errorf("only %d links were found", len(opened))
	}
}

// prepare gives the browser the cookies of somebody who is signed in.
func prepare(ctx context.Context, t *testing.T, origin string, cookies []*http.Cookie) {
	t.Helper()
	setUp := chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		if err := target.Call(ctx, "Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": watch}, nil); err != nil {
			return err
		}
		for _, c := range cookies {
			if err := target.Call(ctx, "Network.setCookie", map[string]any{"name": c.Name, "value": c.Value, "url": origin, "httpOnly": true}, nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err := chromedp.Do(ctx, setUp); err != nil {
		t.Fatal(err)
	}
}

func speak(ctx context.Context, t *testing.T, language string) {
	t.Helper()
	ask := chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		if err := target.Call(ctx, "Network.enable", map[string]any{}, nil); err != nil {
			return err
		}
		return target.Call(ctx, "Network.setExtraHTTPHeaders", map[string]any{"headers": map[string]string{"Accept-Language": language}}, nil)
	})
	if err := chromedp.Do(ctx, ask); err != nil {
		t.Fatal(err)
	}
}

func open(ctx context.Context, t *testing.T, address string, width int64) shown {
	t.Helper()
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 800), chromedp.Navigate(address)); err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](look))
	if err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	var p shown
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

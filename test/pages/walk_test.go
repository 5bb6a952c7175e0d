package pages_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"latchkey/test/browser"
	"latchkey/test/pages"
	"latchkey/web"
	"latchkey/web/words"
)

// The widths of a telephone, a tablet and a desk, in CSS pixels.
var widths = []int64{320, 768, 1280}

func TestEveryPageIsSoundForAnAdministrator(t *testing.T) {
	s := pages.New(t)
	ada := s.Visitor(t)
	objects := s.Furnish(t, ada)
	s.Trouble(t, ada, objects)
	screens := s.Screens(t, ada, objects)
	if len(screens) < 60 {
		t.Fatalf("there are only %d screens: %v", len(screens), screens)
	}
	w := walk{Site: s, cookies: ada.Cookies(), found: map[string]string{}, sent: map[string]string{}}
	t.Run("in", func(t *testing.T) { w.everywhere(t, screens) })
	follow(t, s, ada, w.found)
	routed(t, s, w.sent)
}

func TestPagesOfATenantThatHasNothingYetAreSound(t *testing.T) {
	s := pages.New(t, pages.Empty)
	ada := s.SignedIn(t, "ada@example.eu", "workspace-admin")
	w := walk{Site: s, cookies: ada.Cookies(), found: map[string]string{}, sent: map[string]string{}}
	t.Run("in", func(t *testing.T) { w.everywhere(t, pages.EmptyScreens()) })
}

// walk goes through pages in both languages at once.
type walk struct {
	*pages.Site
	cookies []*http.Cookie

	mu          sync.Mutex
	found, sent map[string]string // addresses of links and of forms, and the page that has each
}

func (w *walk) everywhere(t *testing.T, screens []pages.Screen) {
	for _, language := range words.Languages {
		t.Run(string(language), func(t *testing.T) {
			t.Parallel()
			ctx := browser.New(t)
			prepare(ctx, t, w.Origin, w.cookies)
			speak(ctx, t, string(language))
			// Between them the languages are loaded both in a narrow and in a wide window.
			first := map[words.Language]int64{words.English: 1280, words.French: 320}[language]
			for _, screen := range screens {
				w.look(ctx, t, screen, language, first)
			}
		})
	}
}

// look examines a page in both themes and all widths.
func (w *walk) look(ctx context.Context, t *testing.T, screen pages.Screen, language words.Language, first int64) {
	t.Helper()
	must(t, chromedp.Do(ctx, paint("light"), chromedp.EmulateViewport(first, 800)))
	if err := screen.Open(ctx, w.Origin); err != nil {
		t.Fatalf("%s: %v", screen.Name, err)
	}
	p := seen(ctx, t)
	w.note(screen, p)
	for _, fault := range p.faults(string(language), screen.Status) {
		t.Errorf("%s (%s) in %s: %s", screen.Name, screen.Path, language, fault)
	}
	for _, theme := range []string{"light", "dark"} {
		must(t, chromedp.Do(ctx, paint(theme)))
		for _, width := range widths {
			must(t, chromedp.Do(ctx, chromedp.EmulateViewport(width, 800)))
			for _, fault := range judge(ctx, t, theme) {
				t.Errorf("%s (%s) in %s, %s, %d pixels wide: %s", screen.Name, screen.Path, language, theme, width, fault)
			}
		}
	}
}

func (w *walk) note(screen pages.Screen, p shown) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, link := range p.Links {
		w.found[link] = screen.Path
	}
	for _, action := range p.Posts {
		w.sent[action] = screen.Path
	}
}

// paint has the system of whoever looks be light or dark. Colours change at once, so that
// none is judged on its way from the one to the other.
func paint(theme string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		return target.Call(ctx, "Emulation.setEmulatedMedia", map[string]any{
			"features": []map[string]string{{"name": "prefers-color-scheme", "value": theme}, {"name": "prefers-reduced-motion", "value": "reduce"}},
		}, nil)
	})
}

// judgement is what axe finds against WCAG 2.2 AA and against good practice, and what is
// wider than the window. The themes differ in colours alone, so the dark one is judged by
// the rules about those.
const judgement = `(async rules => {
	const found = await axe.run(document, { resultTypes: ["violations"], runOnly: rules });
	const faults = found.violations.flatMap(v => v.nodes.map(n => v.impact + " " + v.id + ": " + n.html.slice(0, 200)));
	const wide = document.documentElement.scrollWidth;
	if (wide > innerWidth) {
		const last = [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth).pop();
		faults.push("it is " + wide + " pixels wide, wider than the window, by " + (last ? last.outerHTML.slice(0, 200) : "nothing to be seen"));
	}
	return JSON.stringify(faults);
})`

func judge(ctx context.Context, t *testing.T, theme string) (faults []string) {
	t.Helper()
	rules := `["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]`
	if theme == "dark" {
		rules = `{ type: "rule", values: ["color-contrast", "link-in-text-block"] }`
	}
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](judgement+"("+rules+")", chromedp.EvalAwaitPromise))
	must(t, err)
	must(t, json.Unmarshal([]byte(text), &faults))
	return faults
}

// follow opens every link that leads to a page of the site, and looks for the part of it
// that the link names.
func follow(t *testing.T, s *pages.Site, ada *pages.Visitor, links map[string]string) {
	t.Helper()
	opened := map[string]pages.Answer{}
	for _, link := range slices.Sorted(maps.Keys(links)) {
		u, err := url.Parse(link)
		if err != nil {
			t.Errorf("%s leads to %q: %v", links[link], link, err)
			continue
		}
		if u.Scheme+"://"+u.Host != s.Origin {
			continue // to the provider's console, for example
		}
		a, known := opened[u.RequestURI()]
		if !known {
			a = ada.Get(u.RequestURI())
			opened[u.RequestURI()] = a
		}
		// Where the simulator is asked to sign somebody in, the way ends there.
		if a.StatusCode >= 400 {
			t.Errorf("%s leads to %s, which answers %d", links[link], u.RequestURI(), a.StatusCode)
		}
		// A link within the page is to the page as it is, which may be another state of it.
		if part := u.Fragment; part != "" && !strings.HasPrefix(link, s.Origin+strings.Split(links[link], "?")[0]) && !strings.Contains(a.Body, `id="`+part+`"`) {
			t.Errorf("%s leads to %s, where there is no %s", links[link], u.RequestURI(), part)
		}
	}
	if len(opened) < 20 {
		t.Errorf("only %d links were found", len(opened))
	}
}

// routed wants a route for every form.
func routed(t *testing.T, s *pages.Site, forms map[string]string) {
	t.Helper()
	table := web.Table(s.Deps)
	for action, on := range forms {
		u, err := url.Parse(action)
		must(t, err)
		takes := false
		for _, r := range table {
			takes = takes || r.Method == http.MethodPost && fits(r.Path, u.Path)
		}
		if !takes {
			t.Errorf("%s has a form for %s, which nothing takes", on, action)
		}
	}
	if len(forms) < 10 {
		t.Errorf("only %d forms were found", len(forms))
	}
}

// fits reports whether a path is one of the pattern.
func fits(pattern, path string) bool {
	parts, given := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(parts) != len(given) {
		return false
	}
	for i, part := range parts {
		if !strings.HasPrefix(part, ":") && part != given[i] {
			return false
		}
	}
	return true
}

// prepare gives the browser the cookies of somebody who is signed in, axe, and the
// watch.
func prepare(ctx context.Context, t *testing.T, origin string, cookies []*http.Cookie) {
	t.Helper()
	axe, err := os.ReadFile("../../web/page/testdata/axe-core-4.14.1.min.js")
	must(t, err)
	setUp := chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		if err := target.Call(ctx, "Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": string(axe) + "\n" + watch}, nil); err != nil {
			return err
		}
		for _, c := range cookies {
			if err := target.Call(ctx, "Network.setCookie", map[string]any{"name": c.Name, "value": c.Value, "url": origin, "httpOnly": true}, nil); err != nil {
				return err
			}
		}
		return nil
	})
	must(t, chromedp.Do(ctx, setUp))
}

func speak(ctx context.Context, t *testing.T, language string) {
	t.Helper()
	ask := chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		if err := target.Call(ctx, "Network.enable", map[string]any{}, nil); err != nil {
			return err
		}
		return target.Call(ctx, "Network.setExtraHTTPHeaders", map[string]any{"headers": map[string]string{"Accept-Language": language}}, nil)
	})
	must(t, chromedp.Do(ctx, ask))
}

func seen(ctx context.Context, t *testing.T) (p shown) {
	t.Helper()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](look, chromedp.EvalAwaitPromise))
	must(t, err)
	must(t, json.Unmarshal([]byte(text), &p))
	return p
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

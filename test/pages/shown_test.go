package pages_test

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
)

const (
	maxWeight = 100 << 10 // what a page may weigh with all that it loads, as it is sent
	maxShift  = 0.05      // how much of it may jump about while it is loaded; 0.1 counts as good
)

// watch takes down what the content policy refuses, what fails in the script, and what
// moves on the page after it was shown.
const watch = `window.refused = []; window.shifted = 0; window.moved = [];
	document.addEventListener("securitypolicyviolation", e => window.refused.push("against the content policy: " + e.violatedDirective + " " + e.blockedURI));
	window.addEventListener("error", e => window.refused.push("an error of the script: " + e.message), true);
	window.addEventListener("unhandledrejection", e => window.refused.push("an error of the script: " + e.reason));
	const complain = console.error;
	console.error = (...words) => { window.refused.push("on the console: " + words.join(" ")); complain(...words); };
	new PerformanceObserver(list => {
		for (const e of list.getEntries().filter(e => !e.hadRecentInput)) {
			window.shifted += e.value;
			window.moved.push(...e.sources.map(s => s.node?.nodeName + "." + (s.node?.className || s.node?.parentElement?.className)));
		}
	}).observe({ type: "layout-shift", buffered: true });`

// look says what the browser shows, once it has drawn it.
const look = `new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn))).then(() => {
	const [page] = performance.getEntriesByType("navigation"), parts = performance.getEntriesByType("resource");
	const own = e => !(e.getAttribute("href") || "").startsWith("#");
	return JSON.stringify({
		status: page.responseStatus, language: document.documentElement.lang, headings: document.querySelectorAll("h1").length,
		title: document.title, text: document.body.innerText, refused: window.refused, shifted: window.shifted, moved: window.moved,
		outside: parts.map(p => p.name).filter(n => !n.startsWith(location.origin) && !n.startsWith("data:")),
		failed: parts.filter(p => p.responseStatus >= 400).map(p => p.name),
		weight: [page, ...parts].reduce((sum, p) => sum + p.encodedBodySize, 0),
		links: [...document.querySelectorAll("a[href], form[action]:not([method=post])")].filter(own).map(e => e.href || e.action),
		posts: [...document.querySelectorAll("form[method=post]")].map(e => e.action),
		astray: [...document.querySelectorAll("a[href^='#']")].map(e => e.getAttribute("href").slice(1)).filter(id => id && !document.getElementById(id)),
	});
})`

// shown is what look says.
type shown struct {
	Status, Headings, Weight                       int
	Shifted                                        float64
	Language, Title, Text                          string
	Refused, Outside, Failed, Moved, Astray, Links []string
	Posts                                          []string
}

// faults are what is wrong with a page that is to be in that language and to have that
// status.
func (p shown) faults(language string, status int) []string {
	var found []string
	add := func(wrong bool, format string, args ...any) {
		if wrong {
			found = append(found, fmt.Sprintf(format, args...))
		}
	}
	add(p.Status != cmp.Or(status, http.StatusOK), "it answers %d: %s", p.Status, p.Title)
	add(p.Headings != 1, "it has %d headings of the first rank", p.Headings)
	add(p.Language != language, "it is in %s", p.Language)
	add(p.Weight > maxWeight, "it weighs %d bytes", p.Weight)
	add(p.Shifted > maxShift, "%.3f of it moves after it is shown: %v", p.Shifted, p.Moved)
	add(strings.Contains(p.Text, "⟦"), "it shows a key that has no text")
	each := func(format string, list []string) {
		for _, one := range list {
			add(true, format, one)
		}
	}
	each("%s", p.Refused)
	each("it asks elsewhere for %s", p.Outside)
	each("it cannot load %s", p.Failed)
	each("a link leads to #%s, which is not there", p.Astray)
	return found
}

package page_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/chromedp/chromedp"

	"latchkey/test/browser"
	"latchkey/test/screenshots/states"
	"latchkey/web/words"
)

// inspect looks at a page as it is drawn: words with too little contrast (WCAG
// 1.4.3), things to press that are too small (2.5.8), anything that is wider than
// the window (1.4.10).
const inspect = `(() => {
	const faults = [];
	const parse = c => (c.match(/[\d.]+/g) || []).map(Number);
	const over = (top, below) => {
		const a = top.length > 3 ? top[3] : 1;
		return [0, 1, 2].map(i => top[i] * a + below[i] * (1 - a));
	};
	const ground = e => {
		let stack = [];
		for (; e; e = e.parentElement) stack.push(parse(getComputedStyle(e).backgroundColor));
		return stack.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
	};
	const light = c => {
		const [r, g, b] = c.map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
		return .2126 * r + .7152 * g + .0722 * b;
	};
	const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let n; (n = words.nextNode());) {
		const e = n.parentElement;
		if (!n.data.trim() || !e.checkVisibility()) continue;
		const below = ground(e);
		const [a, b] = [light(over(parse(getComputedStyle(e).color), below)), light(below)].sort((x, y) => y - x);
		const ratio = (a + .05) / (b + .05);
		if (ratio < 4.5) faults.push("contrast " + ratio.toFixed(2) + ": " + n.data.trim());
	}
	for (const e of document.querySelectorAll("button, a.button, summary, .option, nav a, .chip[href], input, select, textarea")) {
		if (!e.checkVisibility() || e.type === "hidden" || e.ariaHidden === "true" || e.closest(".option") && e.matches("input")) continue;
		const r = e.getBoundingClientRect();
		if (r.width < 24 || r.height < 24) faults.push("too small: " + (e.textContent.trim() || e.id || e.className));
	}
	if (document.documentElement.scrollWidth > innerWidth) faults.push("wider than the window: " + document.documentElement.scrollWidth);
	if (!["flex", "grid", "block"].includes(getComputedStyle(document.body).display) || getComputedStyle(document.body).margin !== "0px") faults.push("the style sheet is not applied");
	faults.push(...window.refused);
	return JSON.stringify(faults);
})()`

// axe judges a page by the rules of WCAG 2.2 AA and what is good practice beside them.
// Menus that are open at once cover one another, so then sizes do not count.
const axe = `axe.run(document, {
	rules: { "target-size": { enabled: !document.querySelector("details[data-menu][open]") } },
	resultTypes: ["violations"],
	runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}).then(found => JSON.stringify(found.violations
	.flatMap(v => v.nodes.map(n => v.id + ": " + n.html.slice(0, 200)))))`

func TestPagesCanBeReadByEverybody(t *testing.T) {
	server := httptest.NewServer(states.Handler())
	t.Cleanup(server.Close)
	for _, language := range words.Languages {
		for _, theme := range []string{"light", "dark"} {
			t.Run(string(language)+"/"+theme, func(t *testing.T) {
				t.Parallel()
				ctx := browser.New(t)
				load(ctx, t, "testdata/axe-core-4.14.1.min.js")
				for _, state := range states.All(words.Words{}) {
					address := fmt.Sprintf("%s/%s?lang=%s&theme=%s", server.URL, state.Name, language, theme)
					if err := chromedp.Do(ctx, chromedp.Navigate(address)); err != nil {
						t.Fatal(err)
					}
					for _, width := range []int64{320, 768, 1280, unfolded} {
						for _, fault := range look(ctx, t, width) {
							t.Errorf("%s, %d pixels wide: %s", state.Name, width, fault)
						}
					}
				}
			})
		}
	}
}

// load has the browser run a script of ours in every page, before its own, and take
// down what the content policy refuses. What the
// developer's tools run is no matter of the content policy.
func load(ctx context.Context, t *testing.T, file string) {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const watch = `window.refused = [];
		document.addEventListener("securitypolicyviolation", e => window.refused.push("against the content policy: " + e.violatedDirective + " " + e.blockedURI));
		window.addEventListener("error", e => window.refused.push("an error of the script: " + e.message));`
	add := chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		return target.Call(ctx, "Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": string(source) + "\n" + watch}, nil)
	})
	if err := chromedp.Do(ctx, add); err != nil {
		t.Fatal(err)
	}
}

// unfolded stands for the width of a telephone, with all menus and details open.
const unfolded = 321

// look returns what is wrong with the page that the browser shows.
func look(ctx context.Context, t *testing.T, width int64) []string {
	t.Helper()
	if width == unfolded {
		if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.querySelectorAll("details").forEach(d => { d.open = true; }); true`)); err != nil {
			t.Fatal(err)
		}
	}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 720)); err != nil {
		t.Fatal(err)
	}
	var faults []string
	for _, question := range []string{inspect, axe} {
		found, err := chromedp.Run(ctx, chromedp.Evaluate[string](question, chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatal(err)
		}
		var some []string
		if err := json.Unmarshal([]byte(found), &some); err != nil {
			t.Fatal(fmt.Errorf("reading what the browser found: %w", err))
		}
		faults = append(faults, some...)
	}
	return faults
}

package page_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"latchkey/test/browser"
	"latchkey/web/page"
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
	for (const e of document.querySelectorAll("button, a.button, summary, .option")) {
		const r = e.getBoundingClientRect();
		if (r.width < 24 || r.height < 24) faults.push("too small: " + e.textContent.trim());
	}
	if (document.documentElement.scrollWidth > innerWidth) faults.push("wider than the window: " + document.documentElement.scrollWidth);
	if (getComputedStyle(document.body).display !== "flex") faults.push("the style sheet is not applied");
	return JSON.stringify(faults);
})()`

func TestPagesCanBeReadByEverybody(t *testing.T) {
	pages := states(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src data:")
		if r.URL.Path == page.StylePath {
			_ = page.WriteStyle(w)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		for _, p := range pages {
			if r.URL.Path == "/"+p.name {
				_, _ = io.WriteString(w, p.html)
			}
		}
	}))
	t.Cleanup(server.Close)
	ctx := browser.New(t)
	for _, width := range []int64{320, 768, 1280} {
		for _, scheme := range []string{"light", "dark"} {
			for _, p := range pages {
				for _, fault := range look(ctx, t, server.URL+"/"+p.name, width, scheme) {
					t.Errorf("%s, %s, %d pixels wide: %s", p.name, scheme, width, fault)
				}
			}
		}
	}
}

func look(ctx context.Context, t *testing.T, url string, width int64, scheme string) []string {
	t.Helper()
	media := chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		return target.Call(ctx, "Emulation.setEmulatedMedia", map[string]any{
			"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}},
		}, nil)
	})
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 720), media, chromedp.Navigate(url)); err != nil {
		t.Fatal(err)
	}
	found, err := chromedp.Run(ctx, chromedp.Evaluate[string](inspect))
	if err != nil {
		t.Fatal(err)
	}
	var faults []string
	if err := json.NewDecoder(strings.NewReader(found)).Decode(&faults); err != nil {
		t.Fatal(fmt.Errorf("reading what the browser found: %w", err))
	}
	return faults
}

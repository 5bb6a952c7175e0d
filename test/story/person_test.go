package story_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"latchkey/web/words"
)

// patience is far above what anything takes that somebody waits for.
const patience = time.Minute

// person is somebody at a browser. What they look for they know by the words that
// stand on the page.
type person struct {
	words.Words
	t      testing.TB
	ctx    context.Context
	script bool
	clicks int

	mu   sync.Mutex
	said []string // what the console complained of
}

// way is how somebody goes through the pages.
type way struct {
	language words.Language
	width    int64
	script   bool
}

// person sits down at a browser, which fails the test if a page complains in its
// console: of what the content policy refuses, or of an error of a script.
func (w way) person(t testing.TB, browser context.Context) *person {
	t.Helper()
	p := &person{Words: words.In(w.language), t: t, ctx: browser, script: w.script}
	go p.hear()
	t.Cleanup(func() {
		for _, complaint := range p.complaints() {
			t.Errorf("the console says: %s", complaint)
		}
	})
	p.call("Network.enable", map[string]any{}, nil)
	p.call("Network.setExtraHTTPHeaders", map[string]any{"headers": map[string]string{"Accept-Language": string(w.language)}}, nil)
	p.call("Emulation.setScriptExecutionDisabled", map[string]any{"value": !w.script}, nil)
	p.do(chromedp.EmulateViewport(w.width, 800))
	return p
}

func (p *person) hear() {
	for message, err := range chromedp.Console(p.ctx) {
		if err != nil {
			return
		}
		if message.Type == chromedp.ConsoleError || message.IsException() {
			p.mu.Lock()
			p.said = append(p.said, message.Text+" "+message.URL)
			p.mu.Unlock()
		}
	}
}

func (p *person) complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.said)
}

func (p *person) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatalf("at %s: %v", p.shown(), err)
	}
}

// call gives the browser a command of its own protocol.
func (p *person) call(method string, params, into any) {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		return target.Call(ctx, method, params, into)
	}))
}

// shown is what stands in the window, for those who ask why a test failed.
func (p *person) shown() string {
	text, _ := chromedp.Run(p.ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body?.innerText`))
	return text + "\n" + strings.Join(p.complaints(), "\n")
}

// open types an address. It is done once for each person.
func (p *person) open(address string) {
	p.t.Helper()
	p.do(chromedp.Navigate(address))
}

// until waits until a question about the page has an answer, and returns it. In between
// pages nothing has.
func (p *person) until(what, question string, into any) {
	p.t.Helper()
	pause, end := time.NewTicker(20*time.Millisecond), time.NewTimer(patience)
	defer pause.Stop()
	defer end.Stop()
	for {
		text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](question))
		if err == nil && text != "" {
			if into != nil {
				must(p.t, json.Unmarshal([]byte(text), into))
			}
			return
		}
		select {
		case <-pause.C:
		case <-end.C:
			p.t.Fatalf("there is no %s in time; the last try: %v; the page is %s", what, err, p.shown())
		}
	}
}

// look is what people do with their eyes: it finds, among what can be seen, what is
// named by words. An open dialog hides what is behind it.
const look = `const said = e => (e.getAttribute("aria-label") || e.innerText || e.textContent || "").replace(/\s+/g, " ").trim();
const seen = e => e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && e.getClientRects().length > 0;
const view = document.querySelector("dialog[open]") || document;
const find = (kinds, name, within) => {
	const all = [...view.querySelectorAll(kinds)].filter(e => seen(e) && !e.classList.contains("unseen") &&
		(!within || e.closest("li, tr, section, fieldset, .card")?.innerText.replace(/\s+/g, " ").includes(within)));
	return all.find(e => said(e) === name) || all.find(e => said(e).startsWith(name)) || all.find(e => said(e).includes(name));
};
const ready = document.readyState === "complete";`

// pressable is what one can click on.
const pressable = `a[href], button, summary, label, [role=tab]`

func quoted(text string) string {
	b, err := json.Marshal(plain(text))
	if err != nil {
		panic(err) // texts can be encoded
	}
	return string(b)
}

// plain is a text with simple spaces, as it is compared.
func plain(text string) string { return strings.Join(strings.Fields(text), " ") }

// press clicks on what bears this name, with the mouse, in the middle of it. Where there
// are several, within is a text of the row or the part of the page that is meant.
func (p *person) press(name string, within ...string) {
	p.t.Helper()
	p.click(pressable, name, strings.Join(within, ""))
}

func (p *person) click(kinds, name, within string) {
	p.t.Helper()
	var at struct{ X, Y float64 }
	// What lies over it would be hit in its place.
	p.until("way to press "+name, fmt.Sprintf(`(() => { %s
		const e = ready && find(%q, %s, %s);
		if (!e) return "";
		e.scrollIntoView({ block: "center", behavior: "instant" });
		const r = e.getClientRects()[0], x = r.x + r.width / 2, y = r.y + r.height / 2, hit = document.elementFromPoint(x, y);
		return hit && (e.contains(hit) || hit.contains(e)) ? JSON.stringify({ x, y }) : "";
	})()`, look, kinds, quoted(name), quoted(within)), &at)
	p.clicks++
	for _, kind := range []string{"mouseMoved", "mousePressed", "mouseReleased"} {
		p.call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": at.X, "y": at.Y, "button": "left", "clickCount": 1}, nil)
	}
}

// follow presses what leads to another page, and waits until it is there. With a script
// that may be a dialog over this one.
func (p *person) follow(name string, within ...string) {
	p.t.Helper()
	const page = `JSON.stringify(performance.timeOrigin)`
	var before float64
	p.until("page", page, &before)
	dialogs := `document.querySelectorAll("dialog[open]").length`
	var open int
	p.until("page", "JSON.stringify("+dialogs+")", &open)
	p.press(name, within...)
	p.until("page behind "+name, fmt.Sprintf(`document.readyState === "complete" && (performance.timeOrigin !== %f || %s > %d) ? "true" : ""`, before, dialogs, open), nil)
}

// fill types a text into the field with this label.
func (p *person) fill(label, text string) {
	p.t.Helper()
	p.click("label", label, "")
	p.until("field "+label, fmt.Sprintf(`(() => { %s
		const e = find("label", %s)?.control;
		if (!e || document.activeElement !== e) return "";
		e.select?.();
		return "true";
	})()`, look, quoted(label)), nil)
	p.call("Input.insertText", map[string]any{"text": text}, nil)
}

// choose takes an option of a menu.
func (p *person) choose(label, option string) {
	p.t.Helper()
	p.until(option+" in "+label, fmt.Sprintf(`(() => { %s
		const e = find("label", %s)?.control, o = [...(e?.options || [])].find(o => said(o).includes(%s));
		if (!o) return "";
		e.value = o.value;
		e.dispatchEvent(new Event("change", { bubbles: true }));
		return "true";
	})()`, look, quoted(label), quoted(option)), nil)
}

// read is what stands in the field with this label.
func (p *person) read(label string) (value string) {
	p.t.Helper()
	p.until("field "+label, fmt.Sprintf(`(() => { %s
		const e = ready && find("label", %s)?.control;
		return e?.value ? JSON.stringify(e.value) : "";
	})()`, look, quoted(label)), &value)
	return value
}

// copied is what the button beside the field with this label copies. Without a script
// there is no such button, and one copies what stands in the field.
func (p *person) copied(label string) string {
	p.t.Helper()
	if !p.script {
		return p.read(label)
	}
	return p.takes(p.Say("copy.what", "what", label))
}

// takes presses what copies something, and returns what lies on the clipboard then.
func (p *person) takes(name string) string {
	p.t.Helper()
	p.call("Page.bringToFront", map[string]any{}, nil) // the clipboard is that of the page in front
	p.call("Browser.grantPermissions", map[string]any{"permissions": []string{"clipboardReadWrite", "clipboardSanitizedWrite"}}, nil)
	const nothing, read = `navigator.clipboard.writeText("").then(() => "")`, `navigator.clipboard.readText()`
	_, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](nothing, chromedp.EvalAwaitPromise))
	must(p.t, err)
	p.press(name)
	p.sees(p.Say("copy.done"))
	text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](read, chromedp.EvalAwaitPromise))
	must(p.t, err)
	return text
}

// sees waits until one of these texts stands on the page, and returns it.
func (p *person) sees(texts ...string) (found string) {
	p.t.Helper()
	var wanted []string
	for _, text := range texts {
		wanted = append(wanted, quoted(text))
	}
	p.until(strings.Join(texts, " or "), fmt.Sprintf(`(() => { %s
		if (!ready) return "";
		const all = view === document ? document.body : view, text = (all.innerText + " " + document.title).replace(/\s+/g, " ");
		const found = [%s].find(t => text.includes(t));
		return found === undefined ? "" : JSON.stringify(found);
	})()`, look, strings.Join(wanted, ", ")), &found)
	return found
}

// path is that of the address in the browser's bar, which a person sees.
func (p *person) path() (path string) {
	p.t.Helper()
	p.until("address", `JSON.stringify(location.pathname)`, &path)
	return path
}

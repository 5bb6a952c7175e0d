package page_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/chromedp/chromedp"

	"latchkey/test/browser"
	"latchkey/test/screenshots/states"
	"latchkey/web/page"
)

// does are things that a person does with the script, each as a program that says
// what went wrong, or nothing.
var does = []struct{ name, do string }{
	{"copies an address and says so", `(async () => {
		let copied; navigator.clipboard.writeText = async (s) => { copied = s; };
		const button = document.querySelector("[data-copy]");
		if (button.hidden) return "the button is hidden";
		button.click(); await soon();
		if (copied !== document.getElementById(button.dataset.copy).value) return "copied " + copied;
		if (document.querySelector("[data-spoken]").textContent !== "Copied") return "nothing was said";
	})()`},
	{"selects the address where copying is refused", `(async () => {
		navigator.clipboard.writeText = async () => { throw new Error("no"); };
		const button = document.querySelector("[data-copy]");
		button.click(); await soon();
		const field = document.getElementById(button.dataset.copy);
		if (!document.querySelector("[data-spoken]").textContent.startsWith("Could not copy")) return "it does not say so";
		if (field.selectionStart !== 0 || field.selectionEnd !== field.value.length) return "the address is not selected";
	})()`},
	{"copies from a menu in place of following the link", `(async () => {
		let copied; navigator.clipboard.writeText = async (s) => { copied = s; };
		document.querySelector("[data-copy-text]").click(); await soon();
		if (!copied?.startsWith("https://acme.example.com/")) return "copied " + copied;
		if (location.hash) return "went to " + location.hash;
	})()`},
	{"shows a secret and hides it again", `(async () => {
		const field = document.querySelector("[data-reveal]"), button = field.nextElementSibling;
		button.click(); if (field.type !== "text" || button.getAttribute("aria-pressed") !== "true") return "not shown";
		button.click(); if (field.type !== "password") return "not hidden";
	})()`},
	{"closes a menu with Esc and gives the focus back", `(async () => {
		const menu = document.querySelector("main [data-menu]"), summary = menu.querySelector("summary");
		summary.focus(); press(summary, "ArrowDown"); await soon();
		if (!menu.open || !menu.contains(document.activeElement) || document.activeElement === summary) return "not opened";
		press(document.activeElement, "Escape");
		if (menu.open || document.activeElement !== summary) return "not closed";
	})()`},
	{"puts a message away", `(async () => {
		const n = document.querySelectorAll("[data-flash]").length;
		document.querySelector("[data-flash] button").click();
		if (document.querySelectorAll("[data-flash]").length !== n - 1) return "still there";
	})()`},
	{"shows a page in a dialog and gives the focus back", `(async () => {
		const link = document.querySelector("main .page-head a[data-dialog]");
		link.href = "/choose"; link.focus(); link.click();
		for (let i = 0; i < 100 && !document.querySelector("dialog[open]"); i++) await soon();
		const dialog = document.querySelector("dialog[open]");
		if (!dialog?.querySelector("form[action='/consents/cs_1/organization']")) return "no dialog with the form";
		if (!dialog.contains(document.activeElement)) return "the focus is elsewhere";
		if (document.getElementById(dialog.getAttribute("aria-labelledby"))?.tagName !== "H1") return "it has no name";
		dialog.close(); await soon();
		if (document.querySelector("dialog[open]") || document.activeElement !== link) return "the focus did not come back";
	})()`},
	{"finds a section by the palette", `(async () => {
		press(document.body, "k", { ctrlKey: true });
		const palette = document.querySelector("dialog.palette"), field = palette.querySelector("input");
		if (!palette.open || document.activeElement !== field) return "not opened";
		field.value = "audit"; field.dispatchEvent(new Event("input", { bubbles: true }));
		const found = [...palette.querySelectorAll("a")].map(a => a.getAttribute("href"));
		if (found.length !== 2 || !found[0].endsWith("/audit") || !found[1].endsWith("/search?q=audit")) return "found " + found;
		palette.close();
	})()`},
	{"goes to the search with a single key, never from a field, and not if switched off", `(async () => {
		press(document.body, "/"); if (document.activeElement.id !== "search") return "the search has no focus";
		const name = document.getElementById("f-name"); name.focus(); press(name, "/");
		if (document.activeElement !== name) return "it acts in a field";
		name.blur(); document.querySelector("[data-shortcuts] [value=off]").click();
		press(document.body, "/"); if (document.activeElement.id === "search") return "it acts though it is off";
		document.querySelector("[data-shortcuts] [value=on]").click();
	})()`},
	{"begins at what is wrong in a form", `(async () => {
		if (document.activeElement.id !== "corrections") return "the focus is at " + document.activeElement.tagName;
	})()`},
}

const helpers = `
	const soon = () => new Promise(r => setTimeout(r, 80));
	const press = (e, key, more) => e.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
`

func TestTheScriptAddsToThePage(t *testing.T) {
	server := httptest.NewServer(states.Handler())
	t.Cleanup(server.Close)
	ctx := browser.New(t)
	for _, c := range does {
		t.Run(c.name, func(t *testing.T) {
			if wrong := act(ctx, t, server.URL+"/components", c.do); wrong != "" {
				t.Error(wrong)
			}
		})
	}
}

func act(ctx context.Context, t *testing.T, address, do string) string {
	t.Helper()
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 900), chromedp.Navigate(address)); err != nil {
		t.Fatal(err)
	}
	wrong, err := chromedp.Run(ctx, chromedp.Evaluate[string](`(async () => { `+helpers+` return (await `+do+`) ?? ""; })()`, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	return wrong
}

// livePage has a part that is drawn anew when the server tells of a change.
const livePage = `<!doctype html><html lang="en"><title>Live</title><body><main id="main"><p id="state" data-live="/events" data-live-say>%s</p></main>
<div role="status" data-spoken></div><script type="module" src="%s"></script>`

func TestAPartOfThePageFollowsTheServer(t *testing.T) {
	static := states.Handler()
	changed := make(chan struct{})
	mux := http.NewServeMux()
	mux.Handle("GET /static/", static)
	mux.HandleFunc("GET /live", func(w http.ResponseWriter, _ *http.Request) {
		state := "waiting"
		select {
		case <-changed:
			state = "active"
		default:
		}
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Security-Policy", states.Policy)
		fmt.Fprintf(w, livePage, state, page.Chrome{}.ProgramPath())
	})
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		close(changed) // the page listens, so it has been drawn
		fmt.Fprint(w, "data: changed\n\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	server := httptest.NewServer(mux)
	ctx := browser.New(t)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	if wrong := act(ctx, t, server.URL+"/live", `(async () => {
		for (let i = 0; i < 100 && document.querySelector("[data-spoken]").textContent !== "active"; i++) await soon();
		const shown = document.getElementById("state").textContent, said = document.querySelector("[data-spoken]").textContent;
		if (shown !== "active" || said !== "active") return "it shows " + shown + " and says " + said;
	})()`); wrong != "" {
		t.Error(wrong)
	}
}

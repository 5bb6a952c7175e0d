package signin_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"latchkey/test/browser"
)

// surfer is somebody at a real browser.
type surfer struct {
	t   testing.TB
	s   *site
	ctx context.Context

	mu   sync.Mutex
	said []string // what the console complained of
}

// surfer opens a browser, which fails the test if a page of ours complains in its
// console: of what the content policy refuses, or of an error of a script.
func (s *site) surfer(t testing.TB) *surfer {
	t.Helper()
	ctx := browser.New(t)
	ctx, cancel := context.WithTimeout(ctx, patience)
	t.Cleanup(cancel)
	p := &surfer{t: t, s: s, ctx: ctx}
	go func() {
		for message, err := range chromedp.Console(ctx) {
			if err != nil {
				return
			}
			if message.Type == chromedp.ConsoleError || message.IsException() {
				p.mu.Lock()
				p.said = append(p.said, message.Text+" "+message.URL)
				p.mu.Unlock()
			}
		}
	}()
	t.Cleanup(func() {
		for _, complaint := range p.complaints() {
			t.Errorf("the console says: %s", complaint)
		}
	})
	return p
}

// complaints are those of the console. That a password was refused is none.
func (p *surfer) complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(p.said), func(s string) bool {
		return strings.Contains(s, "Failed to load resource: the server responded with a status of 401")
	})
}

func (p *surfer) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		address, _ := chromedp.Run(p.ctx, chromedp.Location())
		p.t.Fatalf("at %s: %v\n%s", address, err, strings.Join(p.complaints(), "\n"))
	}
}

// call gives the browser a command of its own protocol.
func (p *surfer) call(method string, params, into any) {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		return target.Call(ctx, method, params, into)
	}))
}

// open goes to an address.
func (p *surfer) open(address string) {
	p.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = p.s.origin + address
	}
	p.do(chromedp.Navigate(address))
}

// press presses what can be seen there.
func (p *surfer) press(what string) {
	p.t.Helper()
	p.do(chromedp.WaitVisible(chromedp.CSS(what)), chromedp.Click(chromedp.CSS(what)))
}

// fill types a text into a field.
func (p *surfer) fill(field, text string) {
	p.t.Helper()
	p.do(chromedp.WaitVisible(chromedp.CSS(field)), chromedp.SendKeys(chromedp.CSS(field), text))
}

// see waits until there is an element and returns its text.
func (p *surfer) see(what string) string {
	p.t.Helper()
	p.do(chromedp.WaitVisible(chromedp.CSS(what)))
	text, err := chromedp.Run(p.ctx, chromedp.Text(chromedp.CSS(what)))
	must(p.t, err)
	return text
}

// seeText waits until an element has a text, on whatever page that is.
func (p *surfer) seeText(what, text string) {
	p.t.Helper()
	look := fmt.Sprintf(`document.querySelector(%q)?.textContent.includes(%q) === true`, what, text)
	p.until(fmt.Sprintf("%q in %s", text, what), look)
}

// arrive waits until the browser shows a page with this path.
func (p *surfer) arrive(path string) {
	p.t.Helper()
	p.until(path, fmt.Sprintf(`document.readyState === "complete" && location.pathname === %q`, path))
}

// until waits until something is true of the page. In between pages nothing is.
func (p *surfer) until(what, condition string) {
	p.t.Helper()
	var shown string
	await(p.t, what, 50*time.Millisecond, func() bool {
		if p.ctx.Err() != nil {
			p.t.Fatalf("there is no %s in time; the page is %s\n%s", what, shown, strings.Join(p.complaints(), "\n"))
		}
		shown, _ = chromedp.Run(p.ctx, chromedp.Evaluate[string](`location.href + ": " + document.body.innerText`))
		so, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](condition))
		return err == nil && so
	})
}

// throughZoho goes from the login page through Zoho's pages as somebody with an
// account there, for the first time.
func (p *surfer) throughZoho(email string) {
	p.t.Helper()
	p.press(`a[href^="/api/sso/login/zoho"]`)
	p.choose(email)
	p.press(`button[name="answer"][value="accept"]`)
}

// choose says at Zoho who one is.
func (p *surfer) choose(email string) {
	p.t.Helper()
	p.press(fmt.Sprintf(`button[name="user"][value=%q]`, email))
}

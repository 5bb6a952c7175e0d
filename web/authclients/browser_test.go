package authclients_test

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"latchkey/authmethods"
	"latchkey/test/browser"
	"latchkey/tokens/consent"
)

func TestARealBrowserApproves(t *testing.T) {
	s := newSite(t)
	s.method(nil)
	id, link := s.begin(authmethods.Production)
	ctx := browser.New(t)
	do(ctx, t,
		chromedp.Navigate(link),
		chromedp.Click(chromedp.CSS("main form button")),
		// The simulator's pages: who, which organisation, yes or no.
		chromedp.Click(chromedp.CSS(`button[value="ada@example.eu"]`)),
		chromedp.Click(chromedp.CSS(`input[value="20067000001"]`)),
		chromedp.Click(chromedp.CSS("main form button")),
		chromedp.Click(chromedp.CSS(`button[value="accept"]`)),
		chromedp.WaitVisible(chromedp.CSS(".verdict.good")),
	)
	address, err := chromedp.Run(ctx, chromedp.Location())
	must(t, err)
	if want := s.Origin + "/consents/" + string(id) + "/result"; address != want {
		t.Errorf("the browser ended at %s, want %s", address, want)
	}
	heading, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("h1")))
	must(t, err)
	if !strings.Contains(heading, "is connected") || s.attempt(id).Status != consent.Completed {
		t.Errorf("the page says %q, the consent is %s", heading, s.attempt(id).Status)
	}
	styled, err := chromedp.Run(ctx, chromedp.Evaluate[string]("getComputedStyle(document.body).display"))
	if err != nil || styled != "flex" {
		t.Errorf("the style sheet is not applied: %q %v", styled, err)
	}
}

func TestARealBrowserChoosesAnOrganisationByKeyboard(t *testing.T) {
	s := newSiteWith(t, severalFit)
	s.method(nil)
	addOrganizations(t, s)
	id, link := s.begin(authmethods.Production)
	ctx := browser.New(t)
	do(ctx, t,
		chromedp.Navigate(link),
		chromedp.Click(chromedp.CSS("main form button")),
		chromedp.Click(chromedp.CSS(`button[value="lin@example.com"]`)),
		chromedp.Click(chromedp.CSS(`input[value="10069000001"]`)),
		chromedp.Click(chromedp.CSS("main form button")),
		chromedp.Click(chromedp.CSS(`button[value="accept"]`)),
		chromedp.WaitVisible(chromedp.CSS(".option")),
		chromedp.Focus(chromedp.CSS(`.option input`)),
		chromedp.KeyEvent(" "),
		chromedp.KeyEvent("\r"),
		chromedp.WaitVisible(chromedp.CSS(".verdict.good")),
	)
	if a := s.attempt(id); a.Status != consent.Completed {
		t.Errorf("the consent is %s", a.Status)
	}
}

func do(ctx context.Context, t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	for i, step := range steps {
		if err := chromedp.Do(ctx, step); err != nil {
			t.Fatalf("step %d: %v", i+1, err)
		}
	}
}

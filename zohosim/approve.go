package zohosim

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Approval is what the person at the browser does.
type Approval struct {
	// User is the e-mail address or ZUID to sign in with.
	User string
	// Org is the ID of the organisation to choose; Environment chooses by kind instead. With
	// neither, the default organisation is taken.
	Org         string
	Environment string
	// Reject presses the other button.
	Reject bool
}

// Approve walks the pages behind an authorise URL as a person would, from whichever data centre
// it starts at, and returns the callback URL without calling it. The URL may also be a page of the
// client that redirects to the authorise URL, with the client's cookies in the jar of client. For
// the device flow, give it the complete verification URL; the result is then the last page.
func Approve(client *http.Client, authorizeURL string, a Approval) (callbackURL string, err error) {
	if client == nil {
		client = http.DefaultClient
	}
	walker := *client
	walker.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := walker.Get(authorizeURL)
	for range 20 {
		if err != nil {
			return "", fmt.Errorf("walking the consent pages: %w", err)
		}
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
		_ = resp.Body.Close()
		here := resp.Request.URL
		if resp.StatusCode >= 300 && resp.StatusCode < 400 {
			to := resp.Header.Get("Location")
			if resp.Header.Get(headerPage) == pageCallback {
				return to, nil
			}
			next, perr := here.Parse(to)
			if perr != nil {
				return "", fmt.Errorf("walking the consent pages: reading redirect %q: %w", to, perr)
			}
			resp, err = walker.Get(next.String())
			continue
		}
		form := a.form(resp.Header.Get(headerPage))
		if form == nil {
			if resp.Header.Get(headerPage) == pageDone {
				return here.String(), nil
			}
			return "", fmt.Errorf("walking the consent pages: stopped at %s with status %d: %s",
				here.Redacted(), resp.StatusCode, or(resp.Header.Get(headerError), "not a page of the simulator"))
		}
		form.Set("flow", resp.Header.Get(headerFlow))
		target, _, _ := strings.Cut(here.String(), "?") // every form posts to its own page
		resp, err = walker.PostForm(target, form)
	}
	return "", fmt.Errorf("walking the consent pages: too many steps from %s", authorizeURL)
}

// form fills in the form of a page; nil when the page has none to fill in.
func (a Approval) form(page string) url.Values {
	switch page {
	case pageSignIn:
		return url.Values{"user": {a.User}}
	case pageOrg:
		return url.Values{"org": {a.Org}, "environment": {a.Environment}}
	case pageConsent:
		if a.Reject {
			return url.Values{"answer": {"reject"}}
		}
		return url.Values{"answer": {"accept"}}
	}
	return nil
}

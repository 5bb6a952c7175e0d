package pages

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// Answer is a response that was read.
type Answer struct {
	*http.Response
	Body string
	t    testing.TB
}

var markup = regexp.MustCompile(`<[^>]*>`)

// Text is what stands on the page, without its markup.
func (a Answer) Text() string {
	return html.UnescapeString(strings.Join(strings.Fields(markup.ReplaceAllString(a.Body, " ")), " "))
}

// To is where a redirect leads, without the origin that was asked.
func (a Answer) To() string {
	asked := a.Request.URL
	return strings.TrimPrefix(a.Header.Get("Location"), asked.Scheme+"://"+asked.Host)
}

// Shows wants this status, all these texts on the page, and none that lacks in the
// catalogue. Another status ends the test.
func (a Answer) Shows(status int, texts ...string) Answer {
	a.t.Helper()
	if a.StatusCode != status {
		a.t.Fatalf("%s answered %d, want %d: %s", a.Request.URL, a.StatusCode, status, a.Text())
	}
	shown := a.Text()
	for _, text := range texts {
		if !strings.Contains(shown, text) {
			a.t.Errorf("%s does not say %q: %s", a.Request.URL, text, shown)
		}
	}
	return a.Lacks("⟦")
}

// Holds wants all these pieces in the document, markup included.
func (a Answer) Holds(pieces ...string) Answer {
	a.t.Helper()
	for _, piece := range pieces {
		if !strings.Contains(a.Body, piece) {
			a.t.Errorf("%s does not hold %q: %s", a.Request.URL, piece, a.Body)
		}
	}
	return a
}

// Lacks wants none of these pieces in the document.
func (a Answer) Lacks(pieces ...string) Answer {
	a.t.Helper()
	for _, piece := range pieces {
		if strings.Contains(a.Body, piece) {
			a.t.Errorf("%s holds %q: %s", a.Request.URL, piece, a.Text())
		}
	}
	return a
}

// Token is what the form with this action proves with that this browser was shown it.
func (a Answer) Token(action string) string {
	a.t.Helper()
	token := a.form(action).Get("csrf")
	if token == "" {
		a.t.Fatalf("the form for %s has no token: %s", action, a.Body)
	}
	return token
}

// form is the form with this action as a browser would send it untouched.
func (a Answer) form(action string) url.Values {
	a.t.Helper()
	form, ok := filledIn(a.t, a.Body, action)
	if !ok {
		a.t.Fatalf("there is no form for %s on the page %d: %s", action, a.StatusCode, a.Text())
	}
	return form
}

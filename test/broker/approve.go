package broker

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/tokens/consent"
	"latchkey/zohosim"
)

// BrowserSecret is what the test's browser keeps in its cookie.
var BrowserSecret = secret.New("a browser that keeps its cookies")

// Begin starts a consent and returns it with the address at the provider.
func (b *Broker) Begin(t testing.TB, method string, e authmethods.Environment, o consent.EnableOptions) (consent.Attempt, string) {
	t.Helper()
	begun, err := b.Consents.Enable(t.Context(), b.Admin, method, e, o)
	must(t, err)
	start, err := url.Parse(begun.StartURL)
	must(t, err)
	address, err := b.Consents.Start(t.Context(), b.Browser, begun.Attempt.ID, secret.New(start.Query().Get("ticket")), BrowserSecret)
	must(t, err)
	return begun.Attempt, address
}

// Return hands the callback address, as the browser was sent to it, to the
// broker.
func (b *Broker) Return(t testing.TB, callback string) (consent.Attempt, error) {
	t.Helper()
	u, err := url.Parse(callback)
	must(t, err)
	q := u.Query()
	return b.Consents.Complete(t.Context(), b.Browser, consent.Callback{
		Code: q.Get("code"), State: q.Get("state"), Issuer: q.Get("iss"),
		Error: q.Get("error"), ErrorDescription: q.Get("error_description"), Query: q.Get,
	}, BrowserSecret)
}

// Approve goes through a whole consent as a person would and returns its end.
func (b *Broker) Approve(t testing.TB, method string, e authmethods.Environment, a zohosim.Approval) consent.Attempt {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	return b.ApproveAs(t, &http.Client{Jar: jar}, method, e, a)
}

// ApproveAs is [Broker.Approve] in a browser that has been at the provider
// before.
func (b *Broker) ApproveAs(t testing.TB, browser *http.Client, method string, e authmethods.Environment, a zohosim.Approval) consent.Attempt {
	t.Helper()
	_, address := b.Begin(t, method, e, consent.EnableOptions{})
	callback, err := zohosim.Approve(browser, address, a)
	must(t, err)
	attempt, err := b.Return(t, callback)
	must(t, err)
	return attempt
}

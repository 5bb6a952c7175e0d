package authclients

import (
	"mime"
	"net/http"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/tokens/consent"
	"latchkey/web/page"
	"latchkey/web/route"
	"latchkey/web/words"
)

// ShowStart is GET /consents/:id/start: what is asked for, and a button. It binds
// nothing yet, so that whoever previews the link does not use it up.
func (h *Handlers) ShowStart(c *route.Call) error {
	id, ticket := authmethods.ID(c.Param("id")), secret.New(c.QueryParam("ticket"))
	ctx, caller := c.Request().Context(), c.Caller
	a, err := h.Consents.Open(ctx, caller, id, ticket)
	if err != nil {
		return err
	}
	if a.Status != consent.Pending && a.Status != consent.Started {
		if _, err := h.Consents.Result(ctx, caller, id, h.browser(c)); err == nil {
			return seeOther(c, path(a.ID, "result")) // who went back in the history
		}
		return outOfDate()
	}
	return page.Start.Show(c, http.StatusOK, page.StartPage{
		Consent: common(a, 1), Tenant: c.Tenant.Name, Scopes: h.inWords(page.Words(c), a),
		Minutes: int(time.Until(a.ExpiresAt) / time.Minute), Ticket: ticket.Reveal(),
		Form: page.Form{Action: path(a.ID, "start"), Token: formToken(h.bind(c), a.ID)},
	})
}

// inWords says what each permission lets its holder do, where that is known.
func (h *Handlers) inWords(w words.Words, a consent.Attempt) []page.Scope {
	lets := map[string]string{}
	if kind := h.kind(a); kind != nil {
		for _, scope := range kind.Scopes.Catalogue {
			lets[scope.Scope] = w.OfType(scope.Lets)
		}
	}
	var list []page.Scope
	for _, scope := range a.Scopes {
		list = append(list, page.Scope{Name: scope, Lets: lets[scope]})
	}
	return list
}

// Start is POST /consents/:id/start: it binds the consent to this browser and
// leads on to the provider. That is a page and no redirect, because browsers would
// hold the provider's own redirects against our form-action too.
func (h *Handlers) Start(c *route.Call) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	id, ticket := authmethods.ID(c.Param("id")), secret.New(c.Request().PostFormValue("ticket"))
	program := wantsJSON(c) && !fromBrowser(c)
	own := h.browser(c)
	if program {
		own = h.bind(c)
	} else if !sentByOurForm(c, own, id) {
		return foreignForm(c)
	}
	ctx, caller := c.Request().Context(), c.Caller
	a, err := h.Consents.Open(ctx, caller, id, ticket)
	if err != nil {
		return err
	}
	address, err := h.Consents.Start(ctx, caller, id, ticket, own)
	if err != nil {
		return err
	}
	if wantsJSON(c) {
		noStore(c)
		return c.JSON(http.StatusOK, struct {
			AuthorizeURL string `json:"authorize_url"`
		}{address})
	}
	return forward(c, a, address)
}

// Leave goes on to the provider with a consent that somebody has just begun by a form
// of ours, in this browser. They know what is asked for, so there is no start page.
func (h *Handlers) Leave(c *route.Call, b consent.Begun) error {
	address, err := h.Consents.Start(c.Request().Context(), c.Caller, b.Attempt.ID, b.Ticket, h.bind(c))
	if err != nil {
		return err
	}
	return forward(c, b.Attempt, address)
}

func forward(c *route.Call, a consent.Attempt, address string) error {
	c.Response().Header().Set("Refresh", "0; url="+address)
	return page.Forward.Show(c, http.StatusOK, page.ForwardPage{
		Provider: a.Provider, URL: address, Steps: page.Steps{Provider: a.Provider, At: 2},
	})
}

// wantsJSON reports whether JSON is asked for by name and pages are not.
func wantsJSON(c *route.Call) bool {
	var asked bool
	for _, one := range strings.Split(c.Request().Header.Get("Accept"), ",") {
		kind, _, err := mime.ParseMediaType(one)
		if err != nil {
			continue
		}
		if kind == "text/html" {
			return false
		}
		asked = asked || kind == "application/json"
	}
	return asked
}

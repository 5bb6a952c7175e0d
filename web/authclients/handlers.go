package authclients

import (
	"errors"
	"net/http"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/tokens/consent"
	"latchkey/web/page"
	"latchkey/web/route"
)

// Handlers answer for consents. Errors that they return are problems, for the
// server to render.
type Handlers struct {
	Consents *consent.Service
	// Catalog puts permissions and data centres into words; nil: they are shown as
	// the provider spells them.
	Catalog   *catalog.Catalog
	PublicURL authmethods.PublicURL
}

func noStore(c *route.Call) { c.Response().Header().Set("Cache-Control", "no-store") }

// seeOther leads to another page of ours, away from whatever stands in the address.
func seeOther(c *route.Call, path string) error {
	noStore(c)
	return c.Redirect(http.StatusSeeOther, path)
}

func path(id authmethods.ID, page string) string { return "/consents/" + string(id) + "/" + page }

// outOfDate is the answer to a ticket, a state or a browser that does not fit.
func outOfDate() error {
	return &authmethods.Problem{
		Kind: authmethods.NotFound, Code: authmethods.CodeLinkOutOfDate,
		Detail: "It was used already, is too old, or belongs to another browser. Nothing was changed.",
	}
}

func isOutOfDate(err error) bool {
	var p *authmethods.Problem
	return errors.As(err, &p) && p.Code == authmethods.CodeLinkOutOfDate
}

// common is what all pages of a consent show of it.
func common(a consent.Attempt, at int) page.Consent {
	return page.Consent{
		ID: string(a.ID), Method: a.MethodName, Provider: a.Provider, Environment: a.Environment,
		BegunAt: a.CreatedAt, ExpiresAt: a.ExpiresAt, EndedAt: a.FinishedAt, Code: string(a.Code), Detail: a.Detail,
		Steps: page.Steps{Provider: a.Provider, At: at},
	}
}

// kind returns the integration type of a consent, nil where it is not known.
func (h *Handlers) kind(a consent.Attempt) *catalog.Type {
	if h.Catalog == nil {
		return nil
	}
	for _, kind := range h.Catalog.Types() {
		if kind.Name == a.Provider {
			return kind
		}
	}
	return nil
}

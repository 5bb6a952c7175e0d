package connections

import (
	"cmp"
	"context"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/authmethods/store"
	"latchkey/crypto/token"
	"latchkey/tokens"
	"latchkey/tokens/consent"
	"latchkey/web/api"
	"latchkey/web/page"
	"latchkey/web/route"
	"latchkey/web/words"
)

// Handlers answer for connections. All fields are needed.
type Handlers struct {
	Store    *store.Store
	Consents *consent.Service
	Ledger   api.Ledger
	Catalog  *catalog.Catalog
}

// Where the pages are.
const (
	Path      = "/connections"
	LoansPath = "/loans"
)

// formName is what the tokens of our forms are for.
const formName = "connections"

// perPage is how many lines a page of a list has.
const perPage = 50

// aDay is the time that numbers of loans are about.
const aDay = 24 * time.Hour

// PathOf is where a connection is shown.
func PathOf(id authmethods.ID) string { return Path + "/" + string(id) }

// found returns the connection that the path names.
func (h *Handlers) found(c *route.Call) (tokens.Connection, error) {
	id := c.Param("id")
	if !token.ValidID("conn", id) {
		return tokens.Connection{}, authmethods.Missing()
	}
	return h.Consents.Connection(c.Request().Context(), c.Caller, authmethods.ID(id))
}

// method returns the method of a connection and its integration type's name.
func (h *Handlers) method(ctx context.Context, c *route.Call, x *tokens.Connection) (authmethods.Method, string, error) {
	in, err := h.Store.For(c.Caller)
	if err != nil {
		return authmethods.Method{}, "", err
	}
	m, err := in.Method(ctx, string(x.MethodID))
	if err != nil {
		return m, "", err
	}
	provider := m.IntegrationType
	if kind, ok := h.Catalog.Find(provider); ok {
		provider = page.Words(c).OfType(kind.Name)
	}
	return m, provider, nil
}

// names returns the names of the tenant's methods by their ids.
func (h *Handlers) names(c *route.Call) (map[authmethods.ID]string, []authmethods.Method, error) {
	in, err := h.Store.For(c.Caller)
	if err != nil {
		return nil, nil, err
	}
	methods, err := in.Methods(c.Request().Context(), "", 200)
	names := make(map[authmethods.ID]string, len(methods))
	for _, m := range methods {
		names[m.ID] = m.Name
	}
	return names, methods, err
}

// back leads to the connection's page after something was done.
func back(c *route.Call, id authmethods.ID) error {
	return c.SeeOther(PathOf(id))
}

// crumbs lead up from a page about a connection.
func crumbs(w words.Words, name string, id authmethods.ID) []page.Crumb {
	up := []page.Crumb{{Label: w.Say("section.connections"), Href: Path}}
	if id != "" {
		up = append(up, page.Crumb{Label: name, Href: PathOf(id)})
	}
	return up
}

// StateOf is the state of a connection as pages name it.
func StateOf(s tokens.State) page.State {
	if s == tokens.AwaitingConsent {
		return "awaiting_approval"
	}
	return page.State(s)
}

// whose says in a few words whose account a connection uses, and whom it is for.
func whose(x *tokens.Connection) string {
	account := cmp.Or(x.Organization.Name, x.Organization.ID, x.Account.Email, x.Account.Name)
	if x.Subject != "" && x.Subject != tokens.TenantSubject {
		if account == "" {
			return x.Subject
		}
		return x.Subject + " · " + account
	}
	return account
}

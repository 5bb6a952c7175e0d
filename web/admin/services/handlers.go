package services

import (
	"errors"
	"strings"
	"unicode"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/authmethods/store"
	"latchkey/web/api"
	"latchkey/web/page"
	"latchkey/web/route"
	"latchkey/web/words"
)

// Handlers answer for service accounts.
type Handlers struct {
	Store   *store.Store
	Ledger  api.Ledger
	Catalog *catalog.Catalog
	// InternalURL is where services reach the internal API: http://HOST:PORT, or
	// unix:PATH.
	InternalURL string
}

const (
	listPath  = "/service-accounts"
	loansPath = "/loans"
	auditPath = "/audit"
)

func pathOf(service authmethods.ID) string { return listPath + "/" + string(service) }

// formPurpose is what the tokens of the forms are for.
const formPurpose = "services"

// desk is what every screen works with: who asks, in which language, and the data of
// their tenant.
type desk struct {
	*Handlers
	c *route.Call
	w words.Words
	t *store.Tenant
}

func (h *Handlers) desk(c *route.Call) (*desk, error) {
	t, err := h.Store.For(c.Caller)
	if err != nil {
		return nil, err
	}
	return &desk{Handlers: h, c: c, w: page.Words(c), t: t}, nil
}

// service is the one of the path. It is found by its id alone: a name may be that of a
// page.
func (d *desk) service() (authmethods.Service, error) {
	id := d.c.Param("id")
	if !strings.HasPrefix(id, "sa_") {
		return authmethods.Service{}, authmethods.Missing()
	}
	return d.t.Service(d.c.Request().Context(), id)
}

// methods are all of the tenant's, or none for who may not see them.
func (d *desk) methods() ([]authmethods.Method, error) {
	if !d.c.May(authmethods.ViewMethods) {
		return nil, nil
	}
	const atOnce = 100
	var all []authmethods.Method
	for after := authmethods.ID(""); ; after = all[len(all)-1].ID {
		some, err := d.t.Methods(d.c.Request().Context(), after, atOnce)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
		if len(some) < atOnce {
			return all, nil
		}
	}
}

// maxName and maxScope bound what is typed; the store has the same bounds.
const (
	maxName  = 100
	maxScope = 512
)

// wrongName is what is wrong with a name that was typed; empty: nothing.
func (d *desk) wrongName(name string) string {
	switch {
	case name == "":
		return d.w.Say("services.name.missing")
	case len([]rune(name)) > maxName:
		return d.w.Say("services.name.long", "n", maxName)
	case strings.ContainsFunc(name, unicode.IsControl), strings.HasPrefix(name, "sa_"):
		return d.w.Say("services.name.odd")
	}
	return ""
}

// readScopes takes what was typed apart: one on each line, or separated by spaces or
// commas.
func (d *desk) readScopes(typed string) (scopes []string, wrong string) {
	for _, s := range strings.FieldsFunc(typed, func(r rune) bool { return unicode.IsSpace(r) || r == ',' }) {
		if len(s) > maxScope || strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7e }) {
			return nil, d.w.Say("services.scopes.odd")
		}
		scopes = append(scopes, s)
	}
	return scopes, ""
}

// typed is what stands in a field, without the spaces around it.
func (d *desk) typed(name string) string {
	return strings.TrimSpace(d.c.Request().PostFormValue(name))
}

// refused puts what the store refused into a correction; what is no fault of the form
// is returned as it is.
func (d *desk) refused(err error) (page.Corrections, error) {
	var p *authmethods.Problem
	if !errors.As(err, &p) {
		return nil, err
	}
	switch p.Kind {
	case authmethods.Conflict:
		return page.Corrections{{Text: p.Detail}}, nil
	case authmethods.Invalid:
		var cs page.Corrections
		for _, f := range p.Fields {
			cs = append(cs, page.Correction{Text: f.Detail})
		}
		if len(cs) == 0 {
			cs = page.Corrections{{Text: p.Detail}}
		}
		return cs, nil
	}
	return nil, err
}

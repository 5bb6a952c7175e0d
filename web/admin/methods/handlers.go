package methods

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/authmethods/store"
	"latchkey/sso/directory"
	"latchkey/tokens"
	"latchkey/tokens/consent"
	"latchkey/web/page"
	"latchkey/web/route"
	"latchkey/web/words"
)

// Ledger tells which services hold which tokens.
type Ledger interface {
	Loans(ctx context.Context, c authmethods.Caller, q tokens.LoanQuery) ([]tokens.Held, error)
}

// Handlers answer for the pages. All fields are needed.
type Handlers struct {
	Store     *store.Store
	Consents  *consent.Service
	Ledger    Ledger
	Catalog   *catalog.Catalog
	Directory *directory.Directory
	PublicURL authmethods.PublicURL
	// Leave leads the browser on to the provider with a consent that was begun.
	Leave func(*route.Call, consent.Begun) error
}

const (
	listPath = "/methods"
	formName = "methods" // what the tokens of the forms are for
)

func pathOf(id authmethods.ID, more string) string {
	if more == "" {
		return listPath + "/" + string(id)
	}
	return listPath + "/" + string(id) + "/" + more
}

// at is an address of a method's page about one environment.
func at(id authmethods.ID, more string, e authmethods.Environment) string {
	return pathOf(id, more) + "?environment=" + string(e)
}

// seen is a method as one request sees it.
type seen struct {
	*store.Tenant
	method authmethods.Method
	kind   *catalog.Type // of a type that has gone: one with a name only
	words  words.Words
}

// see reads the method that the path names.
func (h *Handlers) see(c *route.Call) (*seen, error) {
	t, err := h.Store.For(c.Caller)
	if err != nil {
		return nil, err
	}
	m, err := t.Method(c.Request().Context(), c.Param("id"))
	if err != nil {
		return nil, err
	}
	w := page.Words(c)
	return &seen{Tenant: t, method: m, kind: h.kindOf(w, m.IntegrationType), words: w}, nil
}

func (h *Handlers) kindOf(w words.Words, id string) *catalog.Type {
	if kind, ok := h.Catalog.Find(id); ok {
		return called(w, kind)
	}
	return &catalog.Type{ID: id, Name: id}
}

// called is a type by its name in the language of w. Most are called the same in all.
func called(w words.Words, kind *catalog.Type) *catalog.Type {
	said := w.OfType(kind.Name)
	if said == kind.Name {
		return kind
	}
	other := *kind
	other.Name = said
	return &other
}

// environments are those of the type, and those in which the method was set up
// although its type has none such any more.
func (s *seen) environments() []authmethods.Environment {
	var list []authmethods.Environment
	for _, e := range authmethods.Environments {
		if _, has := s.kind.Environments[e]; has || s.method.In(e) != nil {
			list = append(list, e)
		}
	}
	return list
}

func (s *seen) crumbs(name bool) []page.Crumb {
	list := []page.Crumb{{Label: s.words.Say("section.methods"), Href: listPath}}
	if name {
		list = append(list, page.Crumb{Label: s.method.Name, Href: pathOf(s.method.ID, "")})
	}
	return list
}

func (s *seen) named(e authmethods.Environment) string { return named(s.words, e) }

func named(w words.Words, e authmethods.Environment) string {
	return w.Say("environment." + string(e))
}

// ours is where a form goes and what proves that it is ours. A program has no forms.
func ours(c *route.Call, action string) page.Form {
	return page.Form{Action: action, Token: c.FormToken(formName)}
}

func typed(c *route.Call, name string) string { return c.Request().PostFormValue(name) }

// environment reads the one that a form or an address names.
func (s *seen) environment(name string) (authmethods.Environment, bool) {
	for _, e := range s.environments() {
		if string(e) == name {
			return e, true
		}
	}
	return "", false
}

// problem is what of err may be shown; nil if it is no problem of the input or of
// the state, which is then not for the page to tell.
func problem(err error) *authmethods.Problem {
	var p *authmethods.Problem
	if !errors.As(err, &p) {
		return nil
	}
	switch p.Kind {
	case authmethods.Invalid, authmethods.Conflict, authmethods.HumanNeeded, authmethods.Unavailable, authmethods.Exhausted, authmethods.Stale:
		return p
	}
	return nil
}

// corrected puts what is wrong with the input into the reader's language: English is
// what the problem speaks, and other languages say what the field must be.
func corrected(w words.Words, p *authmethods.Problem) page.Corrections {
	var list page.Corrections
	for _, f := range p.Fields {
		field := fieldOf(f.Pointer)
		text := f.Detail
		if w.Language() != words.English {
			text = inGeneral(w, field)
		}
		// One field takes both, whichever it became.
		field = strings.Replace(field, "next_client_secret", "client_secret", 1)
		if list.Of(field) == "" {
			list = append(list, page.Correction{Field: field, Text: text})
		}
	}
	if len(list) == 0 {
		text := p.Detail
		if w.Language() != words.English {
			text = w.Diagnosis(authmethods.Diagnose(p.Code)).Title
		}
		list = page.Corrections{{Text: text}}
	}
	return list
}

// inGeneral says what a field must be.
func inGeneral(w words.Words, field string) string {
	_, own, _ := strings.Cut(field, ".")
	for _, name := range []string{field, own} {
		if w.Has("methods.must." + name) {
			return w.Say("methods.must." + name)
		}
	}
	return w.Say("methods.must.else")
}

// fieldOf names the form's field that a JSON pointer means.
func fieldOf(pointer string) string {
	parts := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	switch {
	case parts[0] == "environments" && len(parts) == 3:
		return parts[1] + "." + parts[2]
	case parts[0] == "parameters" && len(parts) == 2:
		return "parameters." + parts[1]
	}
	return parts[0]
}

func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

package methods

import (
	"errors"
	"net/http"
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/web/page"
	"latchkey/web/route"
)

// New is GET /methods/new: first what is to be connected, then the form for it.
func (h *Handlers) New(c *route.Call) error {
	w := page.Words(c)
	if kind, ok := h.Catalog.Find(c.QueryParam("type")); ok {
		kind = called(w, kind)
		s := &seen{kind: kind, words: w}
		return h.showForm(c, http.StatusOK, s, newDraft(kind), nil)
	}
	p := page.MethodTypesPage{Crumbs: (&seen{words: w}).crumbs(false)}
	for _, t := range h.Catalog.Types() {
		var names []string
		for _, e := range t.EnvironmentsInOrder() {
			names = append(names, named(w, e))
		}
		p.Types = append(p.Types, page.MethodType{Name: w.OfType(t.Name), Href: newOf(t), Environments: w.List(names)})
	}
	return page.MethodTypes.Show(c, http.StatusOK, p)
}

func newOf(t *catalog.Type) string { return listPath + "/new?type=" + t.ID }

// Create is POST /methods/new.
func (h *Handlers) Create(c *route.Call) error {
	if err := c.OwnForm(formName); err != nil {
		return err
	}
	kind, ok := h.Catalog.Find(typed(c, "type"))
	if !ok {
		return c.SeeOther(listPath + "/new")
	}
	s := &seen{kind: called(page.Words(c), kind), words: page.Words(c)}
	d := readDraft(c.Request(), kind, nil)
	if h.only(c, &d, kind) {
		return h.showForm(c, http.StatusOK, s, d, nil)
	}
	t, err := h.Store.For(c.Caller)
	if err != nil {
		return err
	}
	m, err := t.CreateMethod(c.Request().Context(), d.created(kind.ID))
	if p := problem(err); p != nil {
		return h.showForm(c, http.StatusUnprocessableEntity, s, d, refused(s, p))
	}
	if err != nil {
		return err
	}
	page.SetFlash(c, page.Good, "flash.method_created", "name", m.Name)
	return c.SeeOther(pathOf(m.ID, ""))
}

// only reports that the form was sent to be looked at and not to be saved, and does
// to the draft what was asked for.
func (h *Handlers) only(c *route.Call, d *draft, kind *catalog.Type) bool {
	do := typed(c, "do")
	if preset, ok := strings.CutPrefix(do, "preset:"); ok {
		d.preset(kind, preset)
		return true
	}
	return do == "look"
}

// refused is what the form says of a problem.
func refused(s *seen, p *authmethods.Problem) page.Corrections {
	list := corrected(s.words, p)
	for i, each := range list {
		if p.Code == authmethods.CodeConflict && len(p.Fields) == 0 {
			list[i].Field = "reference"
			list[i].Text = s.words.Say("methods.must.free")
		}
		if strings.HasPrefix(each.Field, "authorize_params") {
			list[i].Field = "authorize_params"
		}
	}
	return list
}

// Edit is GET /methods/:id/edit.
func (h *Handlers) Edit(c *route.Call) error {
	s, err := h.see(c)
	if err != nil {
		return err
	}
	return h.showForm(c, http.StatusOK, s, draftOf(&s.method, s.kind), nil)
}

// Change is POST /methods/:id/edit.
func (h *Handlers) Change(c *route.Call) error {
	if err := c.OwnForm(formName); err != nil {
		return err
	}
	s, err := h.see(c)
	if err != nil {
		return err
	}
	d := readDraft(c.Request(), s.kind, ownEnvironments(s))
	d.reference = s.method.Reference
	if h.only(c, &d, s.kind) {
		return h.showForm(c, http.StatusOK, s, d, nil)
	}
	_, err = s.ChangeMethod(c.Request().Context(), string(s.method.ID), d.rev, d.changed())
	if errors.Is(err, authmethods.Stale) {
		return h.showStale(c, s, d)
	}
	if p := problem(err); p != nil {
		return h.showForm(c, http.StatusUnprocessableEntity, s, d, refused(s, p))
	}
	if err != nil {
		return err
	}
	page.SetFlash(c, page.Good, "flash.saved", "name", d.name)
	return c.SeeOther(pathOf(s.method.ID, "") + "?tab=settings")
}

// showStale shows what was typed beside what somebody else has saved meanwhile; who
// saves again has seen both.
func (h *Handlers) showStale(c *route.Call, s *seen, d draft) error {
	d.rev = s.method.Rev
	return h.showForm(c, http.StatusPreconditionFailed, s, d, page.Corrections{{Text: s.words.Say("methods.stale")}})
}

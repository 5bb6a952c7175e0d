package methods

import (
	"cmp"
	"net/http"
	"strings"

	"latchkey/authmethods"
	"latchkey/web/page"
	"latchkey/web/route"
)

// ShowDuplicate is GET /methods/:id/duplicate.
func (h *Handlers) ShowDuplicate(c *route.Call) error {
	s, err := h.see(c)
	if err != nil {
		return err
	}
	return h.showDuplicate(c, http.StatusOK, s, s.words.Say("methods.copy_of", "name", s.method.Name), "", nil)
}

func (h *Handlers) showDuplicate(c *route.Call, status int, s *seen, name, reference string, wrong page.Corrections) error {
	return page.MethodDuplicated.Show(c, status, page.MethodDuplicatePage{
		Crumbs: s.crumbs(true), Form: ours(c, pathOf(s.method.ID, "duplicate")), Method: s.method.Name, Corrections: wrong, Back: pathOf(s.method.ID, ""),
		Fields: []page.Field{
			{Name: "name", Label: s.words.Say("methods.name"), Value: name, Error: wrong.Of("name"), Maximum: maxName},
			{Name: "reference", Label: s.words.Say("methods.reference"), Hint: s.words.Say("methods.reference.hint"), Value: reference, Error: wrong.Of("reference"), Optional: true, Mono: true, Maximum: maxSlug},
		},
	})
}

// Duplicate is POST /methods/:id/duplicate: a method like this one, without its
// secret and its approvals.
func (h *Handlers) Duplicate(c *route.Call) error {
	if err := c.OwnForm(formName); err != nil {
		return err
	}
	s, err := h.see(c)
	if err != nil {
		return err
	}
	name, reference := strings.TrimSpace(typed(c, "name")), strings.TrimSpace(typed(c, "reference"))
	m, err := s.DuplicateMethod(c.Request().Context(), string(s.method.ID), name, reference)
	if p := problem(err); p != nil {
		return h.showDuplicate(c, http.StatusUnprocessableEntity, s, name, reference, refused(s, p))
	}
	if err != nil {
		return err
	}
	page.SetFlash(c, page.Good, "flash.method_duplicated", "name", m.Name)
	return c.SeeOther(pathOf(m.ID, "edit"))
}

// ShowDelete is GET /methods/:id/delete.
func (h *Handlers) ShowDelete(c *route.Call) error {
	s, err := h.see(c)
	if err != nil {
		return err
	}
	return h.showDelete(c, http.StatusOK, s, "")
}

// showDelete asks once more, or says what must go first.
func (h *Handlers) showDelete(c *route.Call, status int, s *seen, fault string) error {
	d, err := s.Dependents(c.Request().Context(), string(s.method.ID))
	if err != nil {
		return err
	}
	p := page.MethodDeletePage{
		Crumbs: s.crumbs(true), Form: ours(c, pathOf(s.method.ID, "delete")), Method: s.method.Name, Fault: fault, Back: pathOf(s.method.ID, ""),
	}
	for _, x := range d.Connections {
		if x.Live {
			p.Live = append(p.Live, page.MethodDependent{
				Name: cmp.Or(x.AccountName, x.Subject, string(x.ID)), Note: s.named(x.Environment), Href: "/connections/" + string(x.ID),
			})
		}
	}
	for _, x := range d.Connectors {
		door := page.MethodDependent{Name: x.Name, Note: s.named(x.Environment)}
		if c.May(authmethods.ViewConnectors) {
			door.Href = "/sso/" + string(x.ID)
		}
		p.Connectors = append(p.Connectors, door)
	}
	if c.May(authmethods.ViewServices) {
		for _, x := range d.Permits {
			p.Permits = append(p.Permits, x.ServiceName)
		}
	}
	return page.MethodDelete.Show(c, status, p)
}

// Delete is POST /methods/:id/delete.
func (h *Handlers) Delete(c *route.Call) error {
	if err := c.OwnForm(formName); err != nil {
		return err
	}
	s, err := h.see(c)
	if err != nil {
		return err
	}
	err = s.DeleteMethod(c.Request().Context(), string(s.method.ID), 0)
	if p := problem(err); p != nil {
		return h.showDelete(c, http.StatusUnprocessableEntity, s, s.words.Say("methods.delete.stays"))
	}
	if err != nil {
		return err
	}
	page.SetFlash(c, page.Good, "flash.method_deleted", "name", s.method.Name)
	return c.SeeOther(listPath)
}

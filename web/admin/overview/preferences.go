package overview

import (
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/web/page"
	"latchkey/web/route"
)

// Prefer is POST /account/preferences: the theme or the language of the pages.
func (h *Handlers) Prefer(c *route.Call) error {
	r := c.Request()
	if err := c.OwnForm(page.PreferencesForm); err != nil {
		return err
	}
	door, err := h.Directory.Door(c.Caller)
	if err != nil {
		return err
	}
	var p directory.Preferences
	if given, ok := r.PostForm["theme"]; ok {
		p.Theme = &given[0]
	}
	if given, ok := r.PostForm["language"]; ok {
		p.Language = &given[0]
	}
	if err := door.Prefer(r.Context(), c.Person.User.ID, p); err != nil {
		return err
	}
	to := r.PostFormValue("return_to")
	if !sso.MatchReturn(to, nil) {
		to = "/"
	}
	return c.SeeOther(to)
}

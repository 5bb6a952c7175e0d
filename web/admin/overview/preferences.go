package overview

import (
	"net/http"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/web/page"
	"latchkey/web/route"
)

// Prefer is POST /account/preferences: the theme or the language of the pages.
func (h *Handlers) Prefer(c *route.Call) error {
	r := c.Request()
	if c.Person == nil || !c.Person.CheckFormToken(page.PreferencesForm, r.PostFormValue("csrf")) {
		return &authmethods.Problem{
			Kind: authmethods.Forbidden, Code: authmethods.CodeForbidden,
			Detail: "The form was not sent by a page of ours, or had been open for too long. Nothing was changed.",
		}
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
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.Redirect(http.StatusSeeOther, to)
}

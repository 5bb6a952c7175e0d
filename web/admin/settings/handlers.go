package settings

import (
	"net/http"

	"latchkey/authmethods"
	"latchkey/sso/directory"
	"latchkey/sso/session"
	"latchkey/web/page"
	"latchkey/web/route"
	"latchkey/web/words"
)

// Handlers answer for the settings of a workspace.
type Handlers struct {
	Directory *directory.Directory
	Sessions  *session.Sessions
	PublicURL authmethods.PublicURL
}

const (
	path        = "/settings"
	formPurpose = "settings"
)

// desk is what the screens work with: who asks, in which language, and the people of
// their tenant.
type desk struct {
	*Handlers
	c *route.Call
	w words.Words
	t *directory.Tenant
}

func (h *Handlers) desk(c *route.Call) (*desk, error) {
	t, err := h.Directory.For(c.Caller)
	if err != nil {
		return nil, err
	}
	return &desk{Handlers: h, c: c, w: page.Words(c), t: t}, nil
}

// ShowSignAll is GET /settings/sign-everybody-out.
func (h *Handlers) ShowSignAll(c *route.Call) error {
	return page.SettingsSignAll.Show(c, http.StatusOK, page.SettingsSignAllPage{FormToken: c.FormToken(formPurpose)})
}

// SignAll is POST /settings/sign-everybody-out: every session ends, also the one of
// whoever asks.
func (h *Handlers) SignAll(c *route.Call) error {
	if err := c.OwnForm(formPurpose); err != nil {
		return err
	}
	if err := h.Sessions.ReplaceKeys(c.Request().Context(), c.Caller); err != nil {
		return err
	}
	page.SetFlash(c, page.Good, "flash.everybody_signed_out")
	return c.SeeOther("/login")
}

package methods

import (
	"net/http"
	"strings"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/tokens/consent"
	"latchkey/web/page"
	"latchkey/web/route"
)

// ShowCode is GET /methods/:id/code: where a grant code from the provider's console
// is pasted.
func (h *Handlers) ShowCode(c *route.Call) error {
	s, err := h.see(c)
	if err != nil {
		return err
	}
	return h.showCode(c, http.StatusOK, s, c.QueryParam("environment"), page.MethodCodePage{})
}

func (h *Handlers) showCode(c *route.Call, status int, s *seen, environment string, p page.MethodCodePage) error {
	if !s.kind.HasMode(authmethods.ModeSelfClient) {
		return authmethods.Missing()
	}
	connections, err := h.connections(c, string(s.method.ID))
	if err != nil {
		return err
	}
	p.Crumbs, p.Method, p.Provider, p.Back = s.crumbs(true), s.method.Name, s.kind.Name, pathOf(s.method.ID, "enable")
	p.Form, p.Console = ours(c, pathOf(s.method.ID, "code")), console(s.kind, &s.method)
	p.Environments = s.choices(connections, environment)
	p.Environments.Error = p.Corrections.Of("environment")
	if len(s.method.Scopes) > 0 {
		p.Scopes = &page.Copied{ID: "copy-scopes", Label: s.words.Say("methods.scopes"), Value: strings.Join(s.method.Scopes, ",")}
	}
	p.Code = page.Field{
		Name: "code", Label: s.words.Say("methods.code.label"), Hint: s.words.Say("methods.code.hint"), Kind: "password",
		Mono: true, Maximum: maxURL, Error: p.Corrections.Of("code"),
	}
	return page.MethodCode.Show(c, status, p)
}

// Code is POST /methods/:id/code.
func (h *Handlers) Code(c *route.Call) error {
	if err := c.OwnForm(formName); err != nil {
		return err
	}
	s, err := h.see(c)
	if err != nil {
		return err
	}
	var wrong page.Corrections
	e, ok := s.environment(typed(c, "environment"))
	if !ok {
		wrong = append(wrong, page.Correction{Field: "environment", Text: s.words.Say("methods.must.environment")})
	}
	code := secret.New(strings.TrimSpace(typed(c, "code")))
	if code.IsZero() {
		wrong = append(wrong, page.Correction{Field: "code", Text: s.words.Say("methods.must.code")})
	}
	if len(wrong) > 0 {
		return h.showCode(c, http.StatusUnprocessableEntity, s, string(e), page.MethodCodePage{Corrections: wrong})
	}
	a, err := h.Consents.SelfClient(c.Request().Context(), c.Caller, string(s.method.ID), e, code, "")
	if p := problem(err); p != nil {
		return h.showCode(c, http.StatusUnprocessableEntity, s, string(e), page.MethodCodePage{Corrections: corrected(s.words, p)})
	}
	if err != nil {
		return err
	}
	if a.Status == consent.Failed {
		return h.showCode(c, http.StatusUnprocessableEntity, s, string(e), page.MethodCodePage{
			Card: page.CardOf(s.words, authmethods.Diagnose(a.Code)), Detail: a.Detail,
		})
	}
	page.SetFlash(c, page.Good, "flash.method_enabled", "name", s.method.Name, "environment", s.named(e))
	return c.SeeOther(pathOf(s.method.ID, ""))
}

package methods

import (
	"net/http"

	"latchkey/authmethods"
	"latchkey/tokens/consent"
	"latchkey/web/page"
	"latchkey/web/route"
	"latchkey/web/words"
)

// ShowTest is GET /methods/:id/test.
func (h *Handlers) ShowTest(c *route.Call) error {
	s, err := h.see(c)
	if err != nil {
		return err
	}
	return h.showTest(c, http.StatusOK, s, nil)
}

// Test is POST /methods/:id/test: the harmless test call, and what became of it. It
// changes nothing, so the answer is the page itself.
func (h *Handlers) Test(c *route.Call) error {
	if err := c.OwnForm(formName); err != nil {
		return err
	}
	s, err := h.see(c)
	if err != nil {
		return err
	}
	e, ok := s.environment(typed(c, "environment"))
	if !ok {
		return c.SeeOther(pathOf(s.method.ID, "test"))
	}
	connections, err := h.connections(c, string(s.method.ID))
	if err != nil {
		return err
	}
	x, ok := connections[place{s.method.ID, e}]
	if !ok {
		page.SetFlash(c, page.Wait, "flash.method_unapproved", "environment", s.named(e))
		return c.SeeOther(pathOf(s.method.ID, "enable"))
	}
	r, err := h.Consents.Test(c.Request().Context(), c.Caller, x.ID)
	if err != nil {
		return err
	}
	return h.showTest(c, http.StatusOK, s, resultOf(s.words, s.kind.Name, e, r))
}

func (h *Handlers) showTest(c *route.Call, status int, s *seen, r *page.MethodTestResult) error {
	connections, err := h.connections(c, string(s.method.ID))
	if err != nil {
		return err
	}
	p := page.MethodTestPage{Crumbs: s.crumbs(true), Method: s.method.Name, Back: pathOf(s.method.ID, ""), Result: r, Form: ours(c, pathOf(s.method.ID, "test"))}
	for _, e := range s.environments() {
		if _, ok := connections[place{s.method.ID, e}]; ok {
			p.Environments = append(p.Environments, e)
		}
	}
	return page.MethodTest.Show(c, status, p)
}

// resultOf shows what became of a test call, step by step.
func resultOf(w words.Words, provider string, e authmethods.Environment, r consent.TestResult) *page.MethodTestResult {
	shown := &page.MethodTestResult{Environment: e, OK: r.OK, Detail: r.Detail}
	token := page.Step{Label: w.Say("methods.test.token"), State: "done"}
	call := page.Step{Label: w.Say("methods.test.call", "provider", provider), State: "done"}
	if r.Call != "" {
		call.Note = w.Say("methods.test.time", "ms", max(1, r.Duration.Milliseconds()))
	}
	switch {
	case r.OK && r.Call == "":
		shown.Steps = []page.Step{token}
		return shown
	case !r.OK && r.Call == "":
		token.State, call.State = "failed", "later"
	case !r.OK:
		call.State = "failed"
	}
	if !r.OK {
		shown.Card = page.CardOf(w, authmethods.Diagnose(r.Code))
	}
	shown.Steps = []page.Step{token, call}
	return shown
}

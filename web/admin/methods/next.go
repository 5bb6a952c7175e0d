package methods

import (
	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/crypto/secret"
	"latchkey/web/page"
	"latchkey/web/route"
)

// When a secret that was typed counts: at once, or when the provider refuses the present
// one.
const whenNow, whenNext = "now", "next"

// sent reports a mode in which the secret is sent to the provider, which can refuse it.
func sent(m authmethods.Mode) bool {
	return m != authmethods.ModeStaticToken && m != authmethods.ModeBasic
}

// secrets are the present and the next secret that a secret that was typed becomes.
func (d draft) secrets(typed secret.Text, when string) (present, next secret.Text) {
	if when == whenNext && sent(d.mode) {
		return secret.Text{}, typed
	}
	return typed, secret.Text{}
}

// when asks when a new secret counts; nil where there is nothing to choose. used says
// that services rest on the present one.
func (f *former) when(name, chosen string, present, next authmethods.SecretInfo, used bool) *page.Choice {
	if !present.Set || !sent(f.d.mode) {
		return nil
	}
	if chosen != whenNow && chosen != whenNext {
		chosen = whenNow
		if used {
			chosen = whenNext
		}
	}
	hint := f.words.Say("methods.when.next.about", "provider", f.kind.Name)
	if next.Set {
		hint = f.words.Say("methods.when.next.again", "end", next.Last4)
	}
	return &page.Choice{Name: name, Legend: f.words.Say("methods.when"), Options: []page.Option{
		{Value: whenNow, Label: f.words.Say("methods.when.now"), Hint: f.words.Say("methods.when.now.about"), Chosen: chosen == whenNow},
		{Value: whenNext, Label: f.words.Say("methods.when.next", "provider", f.kind.Name), Hint: hint, Chosen: chosen == whenNext},
	}}
}

// waiting tells of the next secrets.
func (v *viewer) waiting() []page.MethodWaiting {
	var list []page.MethodWaiting
	if next := v.method.NextSecret; next.Set {
		list = append(list, page.MethodWaiting{Text: v.words.Say("methods.next.waits", "provider", v.kind.Name, "end", next.Last4)})
	}
	for _, own := range v.method.Environments {
		if own.NextSecret.Set {
			text := v.words.Say("methods.next.waits.in", "environment", v.named(own.Environment), "provider", v.kind.Name, "end", own.NextSecret.Last4)
			list = append(list, page.MethodWaiting{Text: text, Environment: own.Environment})
		}
	}
	if v.call.May(authmethods.ModifyMethods) {
		remove := ours(v.call, pathOf(v.method.ID, "next-secret"))
		for i := range list {
			list[i].Remove = &remove
		}
	}
	return list
}

// both says that the next secret was refused as well; empty if there is none.
func (v *viewer) both(e authmethods.Environment) string {
	present, next := v.method.SecretsIn(e)
	if !next.Set {
		return ""
	}
	return v.words.Say("methods.next.refused", "provider", v.kind.Name, "present", present.Last4, "end", next.Last4) + " "
}

// RemoveNext is POST /methods/:id/next-secret.
func (h *Handlers) RemoveNext(c *route.Call) error {
	if err := c.OwnForm(formName); err != nil {
		return err
	}
	s, err := h.see(c)
	if err != nil {
		return err
	}
	mc := store.MethodChange{ForgetNext: true}
	if name := typed(c, "environment"); name != "" {
		e, ok := s.environment(name)
		if !ok {
			return authmethods.Missing()
		}
		mc = store.MethodChange{Environments: map[authmethods.Environment]store.EnvironmentChange{e: {ForgetNext: true}}}
	}
	if _, err := s.ChangeMethod(c.Request().Context(), string(s.method.ID), 0, mc); err != nil {
		return err
	}
	page.SetFlash(c, page.Good, "flash.next_secret_removed", "name", s.method.Name)
	return c.SeeOther(pathOf(s.method.ID, ""))
}

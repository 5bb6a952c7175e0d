package services

import (
	"net/http"
	"strconv"
	"time"

	"latchkey/authmethods"
	"latchkey/web/page"
	"latchkey/web/route"
)

// Issue is POST /service-accounts/:id/keys: one more key.
func (h *Handlers) Issue(c *route.Call) error {
	d, s, err := h.change(c)
	if err != nil {
		return err
	}
	// A page that is loaded anew sends its form again: the key would be a second one.
	if d.repeated(s) {
		return c.SeeOther(pathOf(s.ID))
	}
	name, days := d.typed("key_name"), d.typed("days")
	expires, ok := lifeOf(days)
	var wrong page.Corrections
	if text := d.wrongName(name); text != "" {
		wrong = append(wrong, page.Correction{Field: "key_name", Text: text})
	}
	if !ok {
		wrong = append(wrong, page.Correction{Field: "days", Text: d.w.Say("services.expires.missing")})
	}
	if len(wrong) > 0 {
		return d.showService(http.StatusUnprocessableEntity, s, wrong)
	}
	key, err := d.t.IssueKey(c.Request().Context(), string(s.ID), name, expires)
	if err != nil {
		return err
	}
	return d.showIssued(page.IssuedKeyPage{}, s, key)
}

// repeated reports a form that was made for another state of the service, and tells so.
func (d *desk) repeated(s authmethods.Service) bool {
	if d.typed("rev") == strconv.FormatInt(s.Rev, 10) {
		return false
	}
	page.SetFlash(d.c, page.Wait, "flash.service_changed", "name", s.Name)
	return true
}

// key is the one of the path, among those of the service.
func (d *desk) key(s authmethods.Service) (authmethods.APIKey, error) {
	for _, k := range s.Keys {
		if string(k.ID) == d.c.Param("key_id") {
			return k, nil
		}
	}
	return authmethods.APIKey{}, authmethods.Missing()
}

// change begins what changes a service: the form must be ours.
func (h *Handlers) change(c *route.Call) (*desk, authmethods.Service, error) {
	d, s, err := h.look(c)
	if err == nil {
		err = c.OwnForm(formPurpose)
	}
	return d, s, err
}

// look begins what shows a service.
func (h *Handlers) look(c *route.Call) (*desk, authmethods.Service, error) {
	d, err := h.desk(c)
	if err != nil {
		return nil, authmethods.Service{}, err
	}
	s, err := d.service()
	return d, s, err
}

// showIssued answers with a new key. It is the only time that the key is shown, and
// nobody keeps the page.
func (d *desk) showIssued(p page.IssuedKeyPage, s authmethods.Service, key authmethods.IssuedKey) error {
	p.ID, p.Name, p.Expires = s.ID, s.Name, key.ExpiresAt
	p.Key = page.Copied{ID: "key", Label: d.w.Say("services.key"), Hint: d.w.Say("services.key.once"), Value: key.Shown.Reveal()}
	methods, err := d.methods()
	if err != nil {
		return err
	}
	if l, ok := firstLoan(s.Permits, methods); ok {
		p.Permit = &page.ServicePermit{Method: l.name, Reference: l.Method, Environment: l.Environment, Scopes: l.Scopes}
		p.Snippets = snippets(d.InternalURL, l)
	}
	return page.IssuedKey.Show(d.c, http.StatusOK, p)
}

// overlaps are how long a rolled key goes on, in hours.
var overlaps = []string{"1", "24", "168", "0"}

const usualOverlap = "24"

// ShowRoll is GET /service-accounts/:id/keys/:key_id/roll.
func (h *Handlers) ShowRoll(c *route.Call) error {
	d, s, err := h.look(c)
	if err != nil {
		return err
	}
	return d.showRoll(http.StatusOK, s, usualOverlap)
}

func (d *desk) showRoll(status int, s authmethods.Service, chosen string) error {
	k, err := d.key(s)
	if err != nil {
		return err
	}
	shown := showKey(k, time.Now())
	if !shown.Live() {
		return authmethods.Missing()
	}
	p := page.RollKeyPage{
		ID: s.ID, Name: s.Name, Rev: s.Rev, Key: shown, FormToken: d.c.FormToken(formPurpose),
		Overlap: page.Choice{Name: "overlap", Legend: d.w.Say("services.overlap"), Hint: d.w.Say("services.overlap.hint")},
	}
	for _, hours := range overlaps {
		p.Overlap.Options = append(p.Overlap.Options, page.Option{
			Value: hours, Label: d.w.Say("services.overlap." + hours), Chosen: hours == chosen,
		})
	}
	if chosen == "" {
		p.Overlap.Error = d.w.Say("services.overlap.missing")
	}
	return page.RollKey.Show(d.c, status, p)
}

// Roll is POST /service-accounts/:id/keys/:key_id/roll: a new key in the place of
// another.
func (h *Handlers) Roll(c *route.Call) error {
	d, s, err := h.change(c)
	if err != nil {
		return err
	}
	old, err := d.key(s)
	if err != nil {
		return err
	}
	if d.repeated(s) {
		return c.SeeOther(pathOf(s.ID))
	}
	overlap, ok := map[string]time.Duration{"0": 0, "1": time.Hour, "24": 24 * time.Hour, "168": 7 * 24 * time.Hour}[d.typed("overlap")]
	if !ok {
		return d.showRoll(http.StatusUnprocessableEntity, s, "")
	}
	key, err := d.t.RollKey(c.Request().Context(), old.ID, overlap)
	if err != nil {
		return err
	}
	ends := time.Now().Add(overlap)
	if !old.ExpiresAt.IsZero() && old.ExpiresAt.Before(ends) {
		ends = old.ExpiresAt
	}
	return d.showIssued(page.IssuedKeyPage{Rolled: ends}, s, key)
}

// ShowRevoke is GET /service-accounts/:id/keys/:key_id/revoke.
func (h *Handlers) ShowRevoke(c *route.Call) error {
	d, s, err := h.look(c)
	if err != nil {
		return err
	}
	k, err := d.key(s)
	if err != nil {
		return err
	}
	p := page.RevokeKeyPage{ID: s.ID, Name: s.Name, Key: showKey(k, time.Now()), FormToken: c.FormToken(formPurpose)}
	if !p.Key.Live() {
		return authmethods.Missing()
	}
	live, _ := showKeys(s.Keys, time.Now())
	p.Others = len(live) - 1
	if p.Used, err = d.used(s.ID); err != nil {
		return err
	}
	return page.RevokeKey.Show(c, http.StatusOK, p)
}

// Revoke is POST /service-accounts/:id/keys/:key_id/revoke.
func (h *Handlers) Revoke(c *route.Call) error {
	d, s, err := h.change(c)
	if err != nil {
		return err
	}
	k, err := d.key(s)
	if err != nil {
		return err
	}
	if err := d.t.RevokeKey(c.Request().Context(), k.ID); err != nil {
		return err
	}
	page.SetFlash(c, page.Good, "flash.key_revoked", "name", k.Name)
	return c.SeeOther(pathOf(s.ID))
}

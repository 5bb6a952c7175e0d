package api

import (
	"errors"
	"net/http"
	"time"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/web/route"
	"latchkey/web/strict"
)

// settings are what a tenant decided about its people, on the wire.
type settings struct {
	SessionIdle     int64    `json:"session_idle_seconds"`
	SessionLife     int64    `json:"session_life_seconds"`
	ReturnAddresses []string `json:"return_addresses"`
	PasswordDays    int      `json:"password_days"`
	LocalLogin      bool     `json:"local_login"`
	StraightTo      string   `json:"straight_to"`
	Rev             int64    `json:"rev"` // 0: nothing was decided yet
}

// seconds bounds the durations that a body may hold; what is allowed is for the rules
// to say.
const (
	maxSeconds = 366 * 24 * 60 * 60
	maxReturns = 50
)

func replySettings(c *route.Call, s sso.Settings) error {
	return replyRev(c, http.StatusOK, s.Rev, settings{
		SessionIdle: int64(s.SessionIdle / time.Second), SessionLife: int64(s.SessionLife / time.Second),
		ReturnAddresses: append([]string{}, s.ReturnAddresses...), PasswordDays: s.PasswordDays,
		LocalLogin: s.LocalLogin, StraightTo: s.StraightTo, Rev: s.Rev,
	})
}

// GetSettings shows what the tenant decided about its people.
func (h *Handlers) GetSettings(c *route.Call) error {
	t, err := h.people(c)
	if err != nil {
		return err
	}
	s, err := t.Settings(c.Request().Context())
	if err != nil {
		return err
	}
	return replySettings(c, s)
}

// ChangeSettings applies a merge patch to the settings of the revision that the caller
// has seen, or of the present one.
func (h *Handlers) ChangeSettings(c *route.Call) error {
	// Settings have a revision before anything was decided: none yet, which is 0.
	undecided := c.Request().Header.Get("If-Match") == `"0"`
	var rev int64
	if !undecided {
		var err error
		if rev, err = ifMatch(c.Request()); err != nil {
			return err
		}
	}
	body, err := strict.Decode(c.Request())
	if err != nil {
		return err
	}
	t, err := h.people(c)
	if err != nil {
		return err
	}
	s, err := t.Settings(c.Request().Context())
	if err != nil {
		return err
	}
	if rev == 0 && !undecided {
		rev = s.Rev
	}
	patchSettings(body, &s)
	if err := body.Err(); err != nil {
		return err
	}
	changed, err := t.ChangeSettings(c.Request().Context(), rev, s)
	if err != nil {
		return inSeconds(err)
	}
	return replySettings(c, changed)
}

func patchSettings(body *strict.Object, s *sso.Settings) {
	for name, at := range map[string]*time.Duration{"session_idle_seconds": &s.SessionIdle, "session_life_seconds": &s.SessionLife} {
		if body.Has(name) {
			*at = time.Duration(body.Int(name, 1, maxSeconds)) * time.Second
		}
	}
	if list := body.PatchTexts("return_addresses", maxReturns, maxURL); list != nil {
		s.ReturnAddresses = *list
	}
	if body.Has("password_days") {
		s.PasswordDays = int(body.Int("password_days", 0, 366))
	}
	if is := body.PatchBool("local_login"); is != nil {
		s.LocalLogin = *is
	}
	if ref := body.PatchText("straight_to", maxRef); ref != nil {
		s.StraightTo = *ref
	}
}

// inSeconds has the faults of durations point to what they are called here.
func inSeconds(err error) error {
	var p *authmethods.Problem
	if !errors.As(err, &p) || len(p.Fields) == 0 {
		return err
	}
	moved := *p
	moved.Fields = nil
	for _, f := range p.Fields {
		if f.Pointer == "/session_idle" || f.Pointer == "/session_life" {
			f.Pointer += "_seconds"
		}
		moved.Fields = append(moved.Fields, f)
	}
	return &moved
}

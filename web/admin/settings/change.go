package settings

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/web/page"
	"latchkey/web/route"
)

// Change is POST /settings.
func (h *Handlers) Change(c *route.Call) error {
	d, err := h.desk(c)
	if err != nil {
		return err
	}
	if err := c.OwnForm(formPurpose); err != nil {
		return err
	}
	stored, err := d.t.Settings(c.Request().Context())
	if err != nil {
		return err
	}
	r := c.Request()
	in := typed{
		idle: r.PostFormValue("idle"), life: r.PostFormValue("life"), password: r.PostFormValue("password_days"),
		straight: r.PostFormValue("straight_to"), returns: r.PostFormValue("returns"), local: r.PostFormValue("local") != "",
	}
	wanted, wrong := d.read(in)
	if len(wrong) > 0 {
		return d.show(http.StatusUnprocessableEntity, in, stored, wrong, nil)
	}
	rev, err := strconv.ParseInt(r.PostFormValue("rev"), 10, 64)
	if err != nil || rev < 0 {
		return authmethods.InvalidField("/rev", "The form does not say what it was made of.")
	}
	_, err = d.t.ChangeSettings(r.Context(), rev, wanted)
	switch {
	case authmethods.KindOf(err) == authmethods.Stale:
		return d.showStale(in, stored)
	case err != nil:
		if wrong = d.refused(err); len(wrong) == 0 {
			return err
		}
		return d.show(http.StatusUnprocessableEntity, in, stored, wrong, nil)
	}
	page.SetFlash(c, page.Good, "flash.settings_saved")
	return c.SeeOther(path)
}

// read reads the form, or says what is wrong with it.
func (d *desk) read(in typed) (s sso.Settings, wrong page.Corrections) {
	add := func(field, text string) { wrong = append(wrong, page.Correction{Field: field, Text: text}) }
	var idle, life, password bool
	s.SessionIdle, idle = readSpan(in.idle)
	s.SessionLife, life = readSpan(in.life)
	days, err := strconv.Atoi(in.password)
	s.PasswordDays, password = days, err == nil
	s.LocalLogin, s.StraightTo = in.local, in.straight
	lines := strings.FieldsFunc(in.returns, func(r rune) bool { return r == '\n' || r == '\r' })
	for _, line := range lines {
		if line = strings.TrimSpace(line); line != "" {
			s.ReturnAddresses = append(s.ReturnAddresses, line)
		}
	}
	for _, f := range s.Check() {
		switch pointer := f.Pointer; {
		case pointer == "/session_idle" && idle && life && s.SessionIdle > s.SessionLife:
			add("idle", d.w.Say("settings.idle.longer"))
		case pointer == "/session_idle":
			idle = false
		case pointer == "/session_life":
			life = false
		case pointer == "/password_days":
			password = false
		case pointer == "/return_addresses":
			add("returns", d.w.Say("settings.returns.many"))
		case strings.HasPrefix(pointer, "/return_addresses/"):
			i, _ := strconv.Atoi(strings.TrimPrefix(pointer, "/return_addresses/"))
			add("returns", d.w.Say("settings.returns.wrong", "address", s.ReturnAddresses[i]))
		case pointer == "/straight_to":
			add("straight_to", d.w.Say("settings.straight.gone"))
		}
	}
	for _, field := range []struct {
		name string
		good bool
	}{{"idle", idle}, {"life", life}, {"password_days", password}} {
		if !field.good {
			add(field.name, d.w.Say("settings.choose"))
		}
	}
	return s, wrong
}

func readSpan(typed string) (time.Duration, bool) {
	const most = 366 * 24 * 60 * 60
	n, err := strconv.ParseInt(typed, 10, 64)
	return time.Duration(n) * time.Second, err == nil && n > 0 && n < most
}

// refused puts what the directory refused into corrections; none if it is no fault of
// the form.
func (d *desk) refused(err error) page.Corrections {
	var p *authmethods.Problem
	if !errors.As(err, &p) {
		return nil
	}
	switch {
	case p.Code == authmethods.CodeLastAdministrator:
		return page.Corrections{{Field: "local", Text: d.w.Say("settings.local.last")}}
	case p.Kind == authmethods.Invalid && len(p.Fields) > 0 && p.Fields[0].Pointer == "/straight_to":
		return page.Corrections{{Field: "straight_to", Text: d.w.Say("settings.straight.gone")}}
	}
	return nil
}

// showStale shows what was typed beside what somebody else stored meanwhile, for who
// typed it to decide.
func (d *desk) showStale(in typed, stored sso.Settings) error {
	connectors, err := d.connectors()
	if err != nil {
		return err
	}
	wrong := page.Corrections{{Text: d.w.Say("settings.meanwhile")}}
	return d.show(http.StatusUnprocessableEntity, in, stored, wrong, d.facts(stored, connectors))
}

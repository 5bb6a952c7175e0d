package api

import (
	"net/http"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/signin"
	"latchkey/web/route"
	"latchkey/web/strict"
)

// maxList is how many bytes a list for a dry run may have.
const maxList = 1 << 20

// person is who somebody is, in short.
type person struct {
	ID          authmethods.ID `json:"id"`
	UserName    string         `json:"user_name"`
	DisplayName string         `json:"display_name"`
}

func showPerson(u sso.User) person { return person{u.ID, u.UserName, u.DisplayName} }

// personOf is nil for nobody.
func personOf(u *sso.User) *person {
	if u == nil {
		return nil
	}
	shown := showPerson(*u)
	return &shown
}

// provider's account on the wire.
type subject struct {
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
}

// subjectOf is nil for nobody.
func subjectOf(s sso.Subject) *subject {
	if s == (sso.Subject{}) {
		return nil
	}
	return &subject{s.Issuer, s.ID}
}

// verdict is what would become of somebody.
type verdict struct {
	SignsIn   bool             `json:"signs_in"`
	Code      authmethods.Code `json:"code,omitempty"`
	Diagnosis *diagnosis       `json:"diagnosis,omitempty"`
	User      *person          `json:"user,omitempty"`    // who signs in
	Refused   *person          `json:"refused,omitempty"` // whom a refusal is about
	Creates   string           `json:"creates,omitempty"` // the user name of whoever would be made
	Pins      bool             `json:"pins"`
}

func showVerdict(v sso.Verdict) verdict {
	shown := verdict{
		SignsIn: v.Code == "", Code: v.Code, Diagnosis: diagnosed(v.Code), User: personOf(v.User), Refused: personOf(v.Refused), Pins: v.Pin,
	}
	if v.Create {
		shown.Creates = v.UserName
	}
	return shown
}

// tried is the outcome of a mapping that was tried.
type tried struct {
	verdict
	Subject *subject   `json:"subject,omitempty"`
	Claims  sso.Claims `json:"claims"`
	Nearest []person   `json:"nearest"`
	Trace   []string   `json:"trace"`
}

// TestMapping says to whom claims lead by a connector's rule, or by one that is not
// saved.
func (h *Handlers) TestMapping(c *route.Call) error {
	body, claims, err := decodeWithClaims(c.Request())
	if err != nil {
		return err
	}
	r := signin.TryRequest{Rule: readRule(body), Claims: claims, IDToken: body.Secret("id_token", maxSecret), SignIn: body.Line("sign_in", maxRef)}
	given := 0
	for _, name := range []string{"claims", "id_token", "sign_in"} {
		if body.Has(name) {
			given++
		}
	}
	if given > 1 {
		body.Fault("", "Give one of claims, id_token and sign_in, or none for the last sign-in.")
	}
	if err := body.Err(); err != nil {
		return err
	}
	if err := c.Caller.May(authmethods.ViewUsers); err != nil {
		return err
	}
	t, err := h.SignIn.Try(c.Request().Context(), c.Caller, c.Param("id"), r)
	if err != nil {
		return err
	}
	shown := tried{
		verdict: showVerdict(t.Verdict), Subject: subjectOf(t.Subject), Claims: sso.Mask(t.Claims), Nearest: []person{},
		Trace: append(append([]string{}, t.Trace...), t.Verdict.Trace...),
	}
	for _, u := range t.Nearest {
		shown.Nearest = append(shown.Nearest, showPerson(u))
	}
	return c.Reply(http.StatusOK, shown)
}

// rehearsed is one person in a dry run. The trace is left out for who is ready.
type rehearsed struct {
	Label  string        `json:"label"`
	Result sso.Readiness `json:"result"`
	verdict
	Trace []string `json:"trace,omitempty"`
}

// turn is somebody to whom another rule matters.
type turn struct {
	Label  string        `json:"label"`
	Before sso.Readiness `json:"before"`
	After  sso.Readiness `json:"after"`
	Was    *person       `json:"was,omitempty"`
	Is     *person       `json:"is,omitempty"`
}

// dryRun is what would become of many people; lose, gain and switch are what the rule
// of the request does beside the one that is saved.
type dryRun struct {
	People []rehearsed           `json:"people"`
	Counts map[sso.Readiness]int `json:"counts"`
	Lose   []turn                `json:"lose"`
	Gain   []turn                `json:"gain"`
	Switch []turn                `json:"switch"`
	Cut    bool                  `json:"cut"`
}

var readinesses = []sso.Readiness{
	sso.Ready, sso.NoAccount, sso.Ambiguous, sso.AccountDisabled, sso.NotAssociated, sso.Unverified, sso.OtherIdentity,
}

// DryRunMapping says of many people what would become of them.
func (h *Handlers) DryRunMapping(c *route.Call) error {
	body, err := strict.Decode(c.Request())
	if err != nil {
		return err
	}
	r := signin.DryRunRequest{
		Rule: readRule(body), CSV: body.Text("csv", maxList),
		From: strict.Choice(body, "from", signin.FromUsers, signin.FromSignIns, signin.FromCSV, signin.FromAgents),
	}
	if r.From == signin.FromCSV {
		body.Require("csv")
	} else if body.Has("csv") {
		body.Fault("csv", "This goes with from: csv alone.")
	}
	if err := body.Err(); err != nil {
		return err
	}
	if err := c.Caller.May(authmethods.ViewUsers); err != nil {
		return err
	}
	d, err := h.SignIn.DryRun(c.Request().Context(), c.Caller, c.Param("id"), r)
	if err != nil {
		return err
	}
	return c.Reply(http.StatusOK, showDryRun(d))
}

func showDryRun(d signin.DryRun) dryRun {
	shown := dryRun{
		People: []rehearsed{}, Counts: map[sso.Readiness]int{}, Cut: d.Cut,
		Lose: showTurns(d.Difference.Lose), Gain: showTurns(d.Difference.Win), Switch: showTurns(d.Difference.Switch),
	}
	for _, kind := range readinesses {
		shown.Counts[kind] = 0
	}
	for _, p := range d.People {
		shown.Counts[p.Readiness]++
		one := rehearsed{Label: p.Label, Result: p.Readiness, verdict: showVerdict(p.Verdict)}
		if one.Diagnosis = nil; p.Readiness != sso.Ready {
			one.Trace = p.Verdict.Trace
		}
		shown.People = append(shown.People, one)
	}
	return shown
}

func showTurns(all []sso.Turn) []turn {
	shown := []turn{}
	for _, t := range all {
		shown = append(shown, turn{
			Label: t.After.Label, Before: t.Before.Readiness, After: t.After.Readiness,
			Was: personOf(t.Before.Verdict.User), Is: personOf(t.After.Verdict.User),
		})
	}
	return shown
}

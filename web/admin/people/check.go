package people

import (
	"net/http"
	"net/url"
	"strings"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/signin"
	"latchkey/web/page"
	"latchkey/web/route"
)

// readinesses are the results of a dry run, the good one first.
var readinesses = []sso.Readiness{
	sso.Ready, sso.NoAccount, sso.Ambiguous, sso.AccountDisabled, sso.NotAssociated, sso.Unverified, sso.OtherIdentity,
}

// shownRows is how many people of a dry run are shown who need something.
const shownRows = 200

// reasons is how many of the last steps of the judgement are shown for each of them.
const reasons = 3

// Check is GET /sso/:id/check: who could sign in by the rule that is saved.
func (h *Handlers) Check(c *route.Call) error {
	values := url.Values{"from": {string(signin.FromUsers)}, "rule": {ruleKept}}
	if s := c.QueryParam("from"); s == string(signin.FromSignIns) {
		values.Set("from", s)
	}
	return h.check(c, values)
}

// CheckWith is POST /sso/:id/check: who could sign in by the rule of the form. Nothing
// is changed.
func (h *Handlers) CheckWith(c *route.Call) error {
	if err := posted(c); err != nil {
		return err
	}
	values := c.Request().PostForm
	if values.Get("from") == "" {
		values.Set("from", string(signin.FromUsers))
	}
	return h.check(c, values)
}

func (h *Handlers) check(c *route.Call, values url.Values) error {
	of, _, err := h.connector(c)
	if err != nil {
		return err
	}
	if err := c.Caller.May(authmethods.ViewUsers); err != nil {
		return err
	}
	r := signin.DryRunRequest{Rule: ruleGiven(values, of.Rule), From: signin.Source(values.Get("from"))}
	if r.From == signin.FromCSV {
		r.CSV = values.Get("csv")
	}
	_, name := readRule(values)
	d, err := h.SignIn.DryRun(c.Request().Context(), c.Caller, string(of.ID), r)
	wrong, status, ok := corrections(err, name)
	if err != nil && !ok {
		return err
	}
	p := h.checkPage(c, of, values, wrong)
	if err != nil {
		return page.ConnectorCheck.Show(c, status, p)
	}
	p.Done, p.Unsaved = true, r.Rule != nil
	h.fillCheck(c, &p, d)
	return page.ConnectorCheck.Show(c, http.StatusOK, p)
}

// checkPage is the form of the check. It carries the rule that is tried along.
func (h *Handlers) checkPage(c *route.Call, of sso.Connector, values url.Values, wrong page.Corrections) page.ConnectorCheckPage {
	f := fields{page.Words(c), values, wrong}
	p := page.ConnectorCheckPage{
		Head: h.connectorHead(c, of, "people"), Corrections: wrong, Form: form(c, connectorPath(of.ID)+"/check", ruleHidden(values)...),
		Parts: []page.FormPart{{Inputs: []page.Input{
			f.choice("from", "from_whom", false, []page.Option{
				{Value: string(signin.FromUsers), Label: f.w.Say("people.from.users"), Hint: f.w.Say("people.from.users.hint")},
				{Value: string(signin.FromSignIns), Label: f.w.Say("people.from.sign_ins")},
				{Value: string(signin.FromCSV), Label: f.w.Say("people.from.csv"), Hint: f.w.Say("people.from.csv.hint")},
			}),
			f.text("csv", "csv", area, mono, optional, like("email")),
		}}},
	}
	return p
}

// ruleHidden is the rule of a form, to be sent along by another.
func ruleHidden(values url.Values) []page.Hidden {
	var all []page.Hidden
	for name, given := range values {
		switch name {
		case "csrf", "from", "csv", "for", "sign_in", "claims", "id_token":
			continue
		}
		for _, v := range given {
			if v != "" {
				all = append(all, page.Hidden{Name: name, Value: v})
			}
		}
	}
	return all
}

// fillCheck puts a dry run on its page.
func (h *Handlers) fillCheck(c *route.Call, p *page.ConnectorCheckPage, d signin.DryRun) {
	counts := map[sso.Readiness]int{}
	for _, one := range d.People {
		counts[one.Readiness]++
		if one.Readiness == sso.Ready || len(p.Rows) >= shownRows {
			continue
		}
		row := page.CheckRow{Label: one.Label, Key: string(one.Readiness), Kind: kindOf(one.Readiness)}
		if u := one.Verdict.Refused; u != nil {
			row.User = linkOf(*u)
		}
		last := one.Verdict.Trace[max(0, len(one.Verdict.Trace)-reasons):]
		row.Why = strings.Join(last, "; ")
		p.Rows = append(p.Rows, row)
	}
	p.Cut, p.Total = d.Cut, len(d.People)
	at := 0
	for _, r := range readinesses {
		if n := counts[r]; n > 0 {
			width := 1000 * n / p.Total
			p.Counts = append(p.Counts, page.CheckCount{Key: string(r), Kind: kindOf(r), N: n, From: at, Width: width})
			at += width
		}
	}
	p.Lose, p.Gain, p.Switch = turns(d.Difference.Lose), turns(d.Difference.Win), turns(d.Difference.Switch)
}

func kindOf(r sso.Readiness) page.Kind {
	switch r {
	case sso.Ready:
		return page.Good
	case sso.AccountDisabled, sso.NotAssociated, sso.Unverified:
		return page.Wait
	}
	return page.Bad
}

func turns(all []sso.Turn) []page.CheckTurn {
	var shown []page.CheckTurn
	for _, t := range all {
		turn := page.CheckTurn{Label: t.After.Label, Before: string(t.Before.Readiness), After: string(t.After.Readiness)}
		if u := t.Before.Verdict.User; u != nil {
			turn.Was = u.UserName
		}
		if u := t.After.Verdict.User; u != nil {
			turn.Is = u.UserName
		}
		shown = append(shown, turn)
	}
	return shown
}

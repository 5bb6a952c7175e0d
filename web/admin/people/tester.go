package people

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/sso"
	"latchkey/sso/signin"
	"latchkey/web/page"
	"latchkey/web/route"
)

// The ways to say for whom a rule is tried, in the field "for".
const (
	forLast   = "last"
	forClaims = "claims"
	forToken  = "token"
)

// Tester is GET /sso/:id/tester.
func (h *Handlers) Tester(c *route.Call) error {
	of, _, err := h.connector(c)
	if err != nil {
		return err
	}
	if err := c.Caller.May(authmethods.ViewUsers); err != nil {
		return err
	}
	values := url.Values{"for": {forLast}}
	if ref := c.QueryParam("sign_in"); ref != "" {
		values.Set("sign_in", ref)
	}
	if !showRule(of.Rule, values) {
		values.Set("rule", ruleKept)
	}
	return h.showTester(c, http.StatusOK, of, values, nil, nil)
}

func (h *Handlers) showTester(c *route.Call, status int, of sso.Connector, values url.Values, wrong page.Corrections, result *page.TestedMapping) error {
	f := fields{page.Words(c), values, wrong}
	at := connectorPath(of.ID)
	p := page.ConnectorTesterPage{
		Head: h.connectorHead(c, of, "tester"), Corrections: wrong, Form: form(c, at+"/tester"), Check: at + "/check", Result: result,
		Parts: []page.FormPart{{Inputs: []page.Input{
			f.choice("for", "for", false, []page.Option{
				{Value: forLast, Label: f.w.Say("people.for.last"), Hint: f.w.Say("people.for.last.hint")},
				{Value: forClaims, Label: f.w.Say("people.for.claims")},
				{Value: forToken, Label: f.w.Say("people.for.token"), Hint: f.w.Say("people.for.token.hint")},
			}),
			f.text("sign_in", "sign_in", mono, optional, atMost(64), like("7F3K-2QPD")),
			f.text("claims", "claims", area, mono, optional, like(`{"email": "marie@acme.fr", "email_verified": true}`)),
			f.text("id_token", "id_token", area, mono, optional, func(field *page.Field) { field.Value = "" }),
		}}},
	}
	if values.Get("rule") == ruleKept {
		p.Form.Hidden = []page.Hidden{{Name: "rule", Value: ruleKept}}
	} else {
		rule := f.ruleParts()
		rule[0].Text = f.w.Say("people.tester.rule")
		p.Parts = append(p.Parts, rule...)
	}
	return page.ConnectorTester.Show(c, status, p)
}

// Try is POST /sso/:id/tester. Nothing is changed.
func (h *Handlers) Try(c *route.Call) error {
	if err := posted(c); err != nil {
		return err
	}
	of, _, err := h.connector(c)
	if err != nil {
		return err
	}
	if err := c.Caller.May(authmethods.ViewUsers); err != nil {
		return err
	}
	values := c.Request().PostForm
	_, name := readRule(values)
	request, err := tryRequest(values, of)
	var tried signin.Tried
	if err == nil {
		tried, err = h.SignIn.Try(c.Request().Context(), c.Caller, string(of.ID), request)
	}
	if authmethods.KindOf(err) == authmethods.NotFound {
		err = authmethods.InvalidField("/sign_in", page.Words(c).Say("people.tester.no_sign_in"))
	}
	if err != nil {
		wrong, status, ok := corrections(err, name)
		if !ok {
			return err
		}
		return h.showTester(c, status, of, values, wrong, nil)
	}
	return h.showTester(c, http.StatusOK, of, values, nil, h.tested(c, of, tried))
}

func tryRequest(values url.Values, of sso.Connector) (signin.TryRequest, error) {
	r := signin.TryRequest{Rule: ruleGiven(values, of.Rule)}
	switch values.Get("for") {
	case forClaims:
		d := json.NewDecoder(strings.NewReader(values.Get("claims")))
		d.UseNumber()
		if err := d.Decode(&r.Claims); err != nil || r.Claims == nil {
			return r, authmethods.InvalidField("/claims", `This must be a JSON object, such as {"email": "marie@acme.fr", "email_verified": true}.`)
		}
	case forToken:
		if r.IDToken = secret.New(strings.TrimSpace(values.Get("id_token"))); r.IDToken.IsZero() {
			return r, authmethods.InvalidField("/id_token", "An ID token is needed.")
		}
	default:
		r.SignIn = strings.TrimSpace(values.Get("sign_in"))
	}
	return r, nil
}

// tested is the outcome of a mapping as a page shows it.
func (h *Handlers) tested(c *route.Call, of sso.Connector, t signin.Tried) *page.TestedMapping {
	w, v := page.Words(c), t.Verdict
	shown := &page.TestedMapping{Kind: page.Good, Chain: slices.Concat(t.Trace, v.Trace), Claims: claimsOf(t.Claims)}
	switch {
	case v.Code != "":
		d := authmethods.Diagnose(v.Code)
		shown.Kind, shown.Title, shown.Card = page.Bad, w.Diagnosis(d).Title, page.CardOf(w, d)
	case v.User != nil:
		shown.Title, shown.User = w.Say("people.tested.signs_in"), linkOf(*v.User)
	default:
		shown.Title = w.Say("people.tested.made", "name", v.UserName)
	}
	near := t.Nearest
	if v.Refused != nil {
		near = append([]sso.User{*v.Refused}, near...)
	}
	for _, u := range near {
		n := page.Nearest{User: *linkOf(u)}
		if c.May(authmethods.ModifyUsers) && !slices.Contains(u.Connectors, of.ID) {
			n.Associate = new(form(c, connectorPath(of.ID)+"/people", page.Hidden{Name: "users", Value: u.UserName}))
		}
		shown.Nearest = append(shown.Nearest, n)
	}
	return shown
}

func linkOf(u sso.User) *page.Linked {
	return &page.Linked{Name: u.UserName, Href: userPath(u.ID)}
}

// claimsOf are claims as they may be shown, in the order of their names.
func claimsOf(claims sso.Claims) []page.Claim {
	masked := sso.Mask(claims)
	var shown []page.Claim
	for _, name := range slices.Sorted(maps.Keys(masked)) {
		shown = append(shown, page.Claim{Name: name, Value: valueOf(masked[name])})
	}
	return shown
}

func valueOf(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSpace(b.String())
}

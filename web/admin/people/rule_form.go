package people

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"latchkey/sso"
	"latchkey/web/page"
)

// lookups is how many look-ups the form of a rule has.
const lookups = 3

// ruleKept marks a rule that the form cannot show, in the field "rule": it stays as
// it is.
const ruleKept = "keep"

// changes are the steps of a look-up in the order of the form, which is the one in
// which they are done.
var changes = []sso.ChangeKind{sso.Trim, sso.IgnoreCase, sso.BeforeAt, sso.ReplaceDomain, sso.Replace}

// showRule fills in the values of the form. It reports whether the form can say the
// same as the rule.
func showRule(r sso.Rule, values url.Values) bool {
	if len(r.Lookups) > lookups {
		return false
	}
	for i, l := range r.Lookups {
		n := strconv.Itoa(i + 1)
		values.Set("claim"+n, l.Claim)
		values.Set("field"+n, string(l.Field))
		for _, ch := range l.Changes {
			values.Add("changes"+n, string(ch.Do))
			switch ch.Do {
			case sso.BeforeAt:
				values.Set("only"+n, ch.From)
			case sso.ReplaceDomain:
				values.Set("from"+n, ch.From)
				values.Set("to"+n, ch.To)
			case sso.Replace:
				values.Set("pattern"+n, ch.From)
				values.Set("with"+n, ch.To)
			}
		}
	}
	again, _ := readRule(values)
	return same(again, r)
}

// same compares rules; a list that is empty and one that is not there are the same.
func same(a, b sso.Rule) bool {
	equal := func(a, b sso.Lookup) bool {
		return a.Claim == b.Claim && a.Field == b.Field && slices.Equal(a.Changes, b.Changes)
	}
	return slices.EqualFunc(a.Lookups, b.Lookups, equal)
}

// readRule reads the rule from a form. The function finds the field for a pointer
// into the rule.
func readRule(values url.Values) (sso.Rule, func(pointer string) string) {
	rule, names := sso.Rule{Lookups: []sso.Lookup{}}, map[string]string{}
	for i := range lookups {
		n := strconv.Itoa(i + 1)
		l := sso.Lookup{Claim: strings.TrimSpace(values.Get("claim" + n)), Field: sso.Field(values.Get("field" + n))}
		if l.Claim == "" {
			continue
		}
		if l.Field == "" {
			l.Field = sso.ByUserName
		}
		at := "/rule/lookups/" + strconv.Itoa(len(rule.Lookups))
		names[at+"/claim"], names[at+"/field"] = "claim"+n, "field"+n
		for _, kind := range changes {
			if !slices.Contains(values["changes"+n], string(kind)) {
				continue
			}
			step := at + "/changes/" + strconv.Itoa(len(l.Changes))
			ch := sso.Change{Do: kind}
			switch kind {
			case sso.BeforeAt:
				ch.From = strings.TrimSpace(values.Get("only" + n))
				names[step+"/from"] = "only" + n
			case sso.ReplaceDomain:
				ch.From, ch.To = strings.TrimSpace(values.Get("from"+n)), strings.TrimSpace(values.Get("to"+n))
				names[step+"/from"], names[step+"/to"] = "from"+n, "to"+n
			case sso.Replace:
				ch.From, ch.To = values.Get("pattern"+n), values.Get("with"+n)
				names[step+"/from"], names[step+"/to"] = "pattern"+n, "with"+n
			}
			l.Changes = append(l.Changes, ch)
		}
		rule.Lookups = append(rule.Lookups, l)
	}
	return rule, func(pointer string) string {
		if name, ok := names[pointer]; ok {
			return name
		}
		return fieldOf(pointer)
	}
}

// ruleGiven is the rule of a form that differs from the one that is stored; nil if it
// does not.
func ruleGiven(values url.Values, stored sso.Rule) *sso.Rule {
	if values.Get("rule") == ruleKept {
		return nil
	}
	rule, _ := readRule(values)
	if same(rule, stored) {
		return nil
	}
	return &rule
}

// ruleParts are the questions about a rule. The second and third look-up are folded
// away as long as there is nothing in them.
func (f fields) ruleParts() []page.FormPart {
	parts := make([]page.FormPart, lookups)
	for i := range parts {
		n := strconv.Itoa(i + 1)
		parts[i] = page.FormPart{
			Title:  f.w.Say("people.lookup", "n", i+1),
			Folded: i > 0 && f.values.Get("claim"+n) == "",
			Inputs: []page.Input{
				f.text("claim"+n, "claim", mono, atMost(128), like("email"), optional),
				f.choice("changes"+n, "changes", true, f.changeOptions()),
				f.text("only"+n, "only", mono, optional, atMost(253), like("acme.fr")),
				f.text("from"+n, "from", mono, optional, atMost(253), like("acme.eu")),
				f.text("to"+n, "to", mono, optional, atMost(253), like("acme.fr")),
				f.text("pattern"+n, "pattern", mono, optional, atMost(200), like("^(.*)$")),
				f.text("with"+n, "with", mono, optional, atMost(200), like("$1")),
				f.text("field"+n, "field", oneOf(f.fieldOptions()...)),
			},
		}
		if i == 0 {
			parts[i].Text = f.w.Say("people.lookup.lead")
		}
	}
	return parts
}

func (f fields) changeOptions() []page.Option {
	options := make([]page.Option, len(changes))
	for i, kind := range changes {
		options[i] = page.Option{Value: string(kind), Label: f.w.Say("people.change." + string(kind))}
	}
	return options
}

func (f fields) fieldOptions() []page.Option {
	var options []page.Option
	for _, field := range []sso.Field{sso.ByUserName, sso.ByEmail, sso.ByExternalID} {
		options = append(options, page.Option{Value: string(field), Label: f.w.Say("people.by." + string(field))})
	}
	return options
}

// inWords is a rule as sentences.
func (f fields) inWords(r sso.Rule) []string {
	if len(r.Lookups) == 0 {
		return []string{f.w.Say("people.rule.nobody")}
	}
	sentences := make([]string, len(r.Lookups))
	for i, l := range r.Lookups {
		steps := []string{}
		for _, ch := range l.Changes {
			steps = append(steps, f.stepInWords(ch))
		}
		by := f.w.Say("people.by." + string(l.Field))
		if len(steps) == 0 {
			sentences[i] = f.w.Say("people.rule.plain", "claim", l.Claim, "field", by)
			continue
		}
		sentences[i] = f.w.Say("people.rule.changed", "claim", l.Claim, "steps", steps, "field", by)
	}
	return sentences
}

func (f fields) stepInWords(ch sso.Change) string {
	switch {
	case ch.Do == sso.BeforeAt && ch.From != "":
		return f.w.Say("people.step.before_at_of", "from", ch.From)
	case ch.Do == sso.ReplaceDomain && ch.From == "":
		return f.w.Say("people.step.any_domain", "to", ch.To)
	case ch.Do == sso.ReplaceDomain:
		return f.w.Say("people.step.domain", "from", ch.From, "to", ch.To)
	case ch.Do == sso.Replace:
		return f.w.Say("people.step.replaced", "from", ch.From, "to", ch.To)
	case ch.Do == sso.Trim:
		return f.w.Say("people.step.trimmed")
	case ch.Do == sso.IgnoreCase:
		return f.w.Say("people.step.caseless")
	}
	return f.w.Say("people.step.before_at")
}

package methods

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/web/page"
	"latchkey/web/words"
)

// guide is what to do in the provider's console, with everything to paste there.
func (f *former) guide() page.MethodGuide {
	m := f.d.method(f.kind.ID)
	g := page.MethodGuide{Console: console(f.kind, &m), Checked: strings.TrimSpace(f.d.pasted) != ""}
	for _, step := range f.kind.Console.Steps {
		g.Steps = append(g.Steps, f.words.OfType(step))
	}
	g.Host = hostOf(g.Console)
	for _, dc := range f.kind.DataCentres {
		if dc.Console != "" && dc.Console != g.Console {
			g.Regions = append(g.Regions, page.Crumb{Label: f.words.OfType(cmp.Or(dc.Name, dc.Code)), Href: dc.Console})
		}
	}
	g.Copied = append([]page.Copied{
		{ID: "copy-name", Label: f.words.Say("methods.guide.name"), Value: f.call.Tenant.Name},
		{ID: "copy-home", Label: f.words.Say("methods.guide.home"), Value: f.h.PublicURL.Origin(f.call.Tenant.Slug)},
	}, redirects(f.words, f.h.PublicURL, f.call.Tenant)...)
	g.Pasted = page.Field{
		Name: "pasted", Label: f.words.Say("methods.paste"), Kind: "textarea", Value: f.d.pasted, Optional: true, Mono: true,
		Hint: f.words.Say("methods.paste.hint"), Maximum: maxURL,
	}
	if g.Checked {
		g.Redirects, g.Missing = pasted(f.words, f.h.PublicURL, f.call.Tenant, f.d.pasted)
	}
	return g
}

// redirects are the addresses to register, each for its use.
func redirects(w words.Words, at authmethods.PublicURL, t authmethods.Tenant) []page.Copied {
	return []page.Copied{
		{ID: "copy-approval", Label: w.Say("methods.redirect.approval"), Hint: w.Say("methods.redirect.approval.hint"), Value: at.RedirectURI(t)},
		{ID: "copy-sign-in", Label: w.Say("methods.redirect.sign_in"), Hint: w.Say("methods.redirect.sign_in.hint"), Value: at.SignInRedirectURI(t)},
	}
}

// pasted says of each address that was pasted back whether it is right.
func pasted(w words.Words, at authmethods.PublicURL, t authmethods.Tenant, text string) ([]page.PastedAddress, []string) {
	list, missing := compare([]string{at.RedirectURI(t), at.SignInRedirectURI(t)}, text)
	var shown []page.PastedAddress
	for _, c := range list {
		p := page.PastedAddress{Good: c.flaw == flawNone}
		p.Before, p.Wrong, p.After = c.cut()
		if !p.Good {
			p.Text = w.Say("methods.paste.flaw."+string(c.flaw), "wrong", p.Wrong, "wanted", c.wanted())
		}
		shown = append(shown, p)
	}
	return shown, missing
}

// console is the address of the console where the client of m is registered; empty
// if it depends on what is not known yet.
func console(kind *catalog.Type, m *authmethods.Method) string {
	address := kind.Console.URL
	if list := kind.EnvironmentsInOrder(); len(list) > 0 {
		in := catalog.ChoiceOf(m, list[0], "")
		in.Mode = "" // what is not filled in yet is no reason
		if p, err := kind.Resolve(in); err == nil {
			address = p.ConsoleURL
		}
	}
	if u, err := url.Parse(address); err != nil || u.Scheme != "https" || strings.Contains(address, "{") {
		return ""
	}
	return address
}

// scopes are the permissions to choose from: first those that are chosen or usual.
func (f *former) scopes() page.MethodScopes {
	chosen := f.d.allScopes()
	s := page.MethodScopes{Count: len(chosen), Error: cmp.Or(f.wrong.Of("scopes"), f.wrong.Of("other_scopes"))}
	usual := map[string]bool{}
	for _, p := range f.kind.Scopes.Presets {
		s.Presets = append(s.Presets, page.MethodPreset{ID: p.ID, Name: f.words.OfType(p.Name), Count: len(p.Scopes)})
		for _, each := range p.Scopes {
			usual[each] = true
		}
	}
	for _, each := range f.kind.Scopes.Catalogue {
		line := page.MethodScope{Scope: each.Scope, Lets: f.words.OfType(each.Lets), UsedFor: f.words.OfType(each.UsedFor), Chosen: slices.Contains(f.d.scopes, each.Scope)}
		if line.Chosen && each.Lets != "" {
			s.Told = append(s.Told, line.Lets)
		}
		if line.Chosen || usual[each.Scope] {
			s.First = append(s.First, line)
		} else {
			s.Rest = append(s.Rest, line)
		}
	}
	if len(s.First) == 0 {
		s.First, s.Rest = s.Rest, nil
	}
	s.Remarks = remarks(f.words, f.kind, chosen)
	s.Other = page.Field{
		Name: "other_scopes", Label: f.words.Say("methods.scopes.other"), Hint: f.words.Say("methods.scopes.other.hint"),
		Kind: "textarea", Value: f.d.other, Optional: true, Mono: true,
	}
	return s
}

// remarks are what looks odd about a list of scopes. That signing in needs more is
// said only of a list that is about signing in.
func remarks(w words.Words, kind *catalog.Type, scopes []string) []string {
	if len(scopes) == 0 {
		return nil
	}
	signs := slices.ContainsFunc(kind.Scopes.Identity, func(s string) bool { return slices.Contains(scopes, s) })
	var list []string
	for _, l := range kind.LintScopes(scopes) {
		key := string(l.Kind)
		switch {
		case l.Kind == catalog.LintMissingIdentity && !signs:
			continue
		case l.Kind == catalog.LintUnknown && l.Suggestion != "":
			key = "near"
		}
		list = append(list, w.Say("methods.lint."+key, "scope", l.Scope, "by", l.Suggestion, "provider", kind.Name))
	}
	return list
}

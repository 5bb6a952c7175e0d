package methods

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/web/page"
)

// settings are those of the method, and what to register at the provider.
func (v *viewer) settings(p *page.MethodPage) {
	m := &v.method
	fact := func(key, value string, code bool) {
		if value != "" {
			p.Facts = append(p.Facts, page.MethodFact{Label: v.words.Say(key), Value: value, Code: code})
		}
	}
	secret := v.words.Say("methods.secret.none")
	if m.Secret.Set {
		secret = v.words.Say("methods.secret.set", "date", v.words.Date(m.Secret.SetAt), "end", m.Secret.Last4)
	}
	dataCentre := ""
	if len(v.kind.DataCentres) > 0 {
		dataCentre = v.words.Say("methods.auto")
		if dc, ok := v.kind.DataCentre(m.DataCentre); ok {
			dataCentre = v.words.OfType(cmp.Or(dc.Name, dc.Code))
		}
	}
	fact("methods.type", v.kind.Name, false)
	fact("methods.reference", m.Reference, true)
	fact("methods.id", string(m.ID), true)
	fact("methods.mode", v.words.Say("methods.mode."+string(m.Mode)), false)
	fact("methods.client_id", m.ClientID, true)
	fact("methods.secret", secret, false)
	if next := m.NextSecret; next.Set {
		fact("methods.next", v.words.Say("methods.secret.set", "date", v.words.Date(next.SetAt), "end", next.Last4), false)
	}
	fact("methods.data_centre", dataCentre, false)
	fact("methods.environment_url", m.EnvironmentURL, true)
	for _, s := range settingsOf(&m.Settings) {
		fact("methods.setting."+s.name, *s.at, true)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Settings.Parameters)) {
		p.Facts = append(p.Facts, page.MethodFact{Label: v.words.OfType(cmp.Or(v.kind.Parameters[name].Name, name)), Value: m.Settings.Parameters[name], Code: true})
	}
	fact("methods.setting.authorize_params", written(m.Settings.AuthorizeParams), true)
	for _, e := range m.Environments {
		if e.ClientID != "" {
			p.Facts = append(p.Facts, page.MethodFact{Label: v.words.Say("methods.own.client_id", "environment", v.named(e.Environment)), Value: e.ClientID, Code: true})
		}
	}
	p.Copied = redirects(v.words, v.h.PublicURL, v.call.Tenant)
}

// scopes are the permissions that are asked for, and those that nobody granted yet.
func (v *viewer) scopes(p *page.MethodPage) {
	for _, each := range v.method.Scopes {
		line := page.MethodScope{Scope: each}
		for _, known := range v.kind.Scopes.Catalogue {
			if known.Scope == each {
				line.Lets, line.UsedFor = v.words.OfType(known.Lets), v.words.OfType(known.UsedFor)
			}
		}
		p.Scopes = append(p.Scopes, line)
	}
	p.Remarks = remarks(v.words, v.kind, v.method.Scopes)
	for _, e := range v.environments() {
		x := v.connection(e)
		if !works(stateOf(x)) || len(x.Scopes) == 0 {
			continue
		}
		for _, each := range v.method.Scopes {
			if !slices.Contains(x.Scopes, each) && !slices.Contains(p.Pending, each) {
				p.Pending = append(p.Pending, each)
			}
		}
	}
}

// used are those who would notice if the method were gone.
func (v *viewer) used(p *page.MethodPage, d store.Dependents) {
	if v.call.May(authmethods.ViewServices) {
		for _, x := range d.Permits {
			p.Services = append(p.Services, page.MethodDependent{
				Name: x.ServiceName, Note: v.environmentOf(x.Environment), Href: "/service-accounts/" + string(x.Service),
			})
		}
	}
	for _, x := range d.Connectors {
		door := page.MethodDependent{Name: x.Name, Note: v.named(x.Environment)}
		if v.call.May(authmethods.ViewConnectors) {
			door.Href = "/sso/" + string(x.ID)
		}
		p.Doors = append(p.Doors, door)
	}
	for _, x := range d.Connections {
		name := cmp.Or(x.AccountName, x.Subject, string(x.ID))
		p.Held = append(p.Held, page.MethodDependent{Name: name, Note: v.named(x.Environment), Href: "/connections/" + string(x.ID)})
	}
}

// environmentOf names an environment as a permit has it.
func (v *viewer) environmentOf(e string) string {
	if e == authmethods.Any {
		return v.words.Say("environment.all")
	}
	return v.named(authmethods.Environment(e))
}

const eventsOnPage = 30

// activity is what happened to the method, the newest first.
func (v *viewer) activity(p *page.MethodPage) error {
	before := number(v.call.QueryParam("before"))
	events, err := v.History(v.call.Request().Context(), string(v.method.ID), max(0, before), eventsOnPage+1)
	if err != nil {
		return err
	}
	if len(events) > eventsOnPage {
		events = events[:eventsOnPage]
		p.Older = fmt.Sprintf("%s?tab=activity&before=%d", pathOf(v.method.ID, ""), events[eventsOnPage-1].Seq)
	}
	for _, e := range events {
		shown := page.MethodEvent{At: e.At, Who: e.Actor.Name, Action: e.Action}
		if v.words.Has("methods.event." + e.Action) {
			shown.Text = v.words.Say("methods.event." + e.Action)
		}
		for _, field := range slices.Sorted(maps.Keys(e.Changes)) {
			x := e.Changes[field]
			if x == authmethods.SecretChanged {
				shown.Changes = append(shown.Changes, page.MethodEdit{Field: field})
				continue
			}
			if from, to := v.value(x.From), v.value(x.To); from != "" || to != "" {
				shown.Changes = append(shown.Changes, page.MethodEdit{Field: field, From: from, To: to})
			}
		}
		p.Events = append(p.Events, shown)
	}
	return nil
}

// value shows a value of the audit log; empty for none.
func (v *viewer) value(x any) string {
	switch x := x.(type) {
	case nil:
		return ""
	case []any:
		list := make([]string, len(x))
		for i, each := range x {
			list[i] = fmt.Sprint(each)
		}
		return v.words.List(list)
	case bool:
		if x {
			return v.words.Say("methods.yes")
		}
		return v.words.Say("methods.no")
	case map[string]any:
		return "…"
	}
	return fmt.Sprint(x)
}

package methods

import (
	"cmp"
	"maps"
	"net/http"
	"slices"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/tokens"
	"latchkey/web/page"
	"latchkey/web/route"
	"latchkey/web/words"
)

// Bounds of what the fields take; the store has the last word.
const (
	maxName   = 100
	maxSlug   = 63
	maxURL    = 2048
	maxClient = 512
	maxSecret = 8192
)

// showForm shows the form of a method. It never shows a secret: one that was typed
// and not stored is to be typed again.
func (h *Handlers) showForm(c *route.Call, status int, s *seen, d draft, wrong page.Corrections) error {
	f := former{seen: s, h: h, call: c, d: d, wrong: wrong}
	p := page.MethodFormPage{
		Crumbs: s.crumbs(false), Name: s.kind.Name, Form: ours(c, listPath+"/new"), Type: s.kind.ID, Provider: s.kind.Name,
		Rev: d.rev, Corrections: wrong, Where: f.where(), Guide: f.guide(), Keys: f.keys(), Mode: f.modes(), Endpoints: f.endpoints(),
		Scopes: f.scopes(), Back: listPath,
	}
	if dc, ok := s.kind.DataCentreFor(d.environmentURL); ok && auto(d.dataCentre) {
		if found, ok := s.kind.DataCentre(dc); ok {
			p.Found = s.words.OfType(found.Name)
		}
	}
	if s.method.ID != "" {
		if err := f.editing(&p, status); err != nil {
			return err
		}
	}
	return page.MethodForm.Show(c, status, p)
}

func auto(dataCentre string) bool {
	return dataCentre == "" || dataCentre == authmethods.DataCentreAuto
}

// former makes the parts of one form.
type former struct {
	*seen
	h     *Handlers
	call  *route.Call
	d     draft
	wrong page.Corrections
}

// editing adds what only the form of a method that exists has.
func (f *former) editing(p *page.MethodFormPage, status int) error {
	p.Editing, p.Name, p.Crumbs = true, f.method.Name, f.crumbs(true)
	p.Form, p.Back = ours(f.call, pathOf(f.method.ID, "edit")), pathOf(f.method.ID, "")+"?tab=settings"
	connections, err := f.h.connections(f.call, string(f.method.ID))
	if err != nil {
		return err
	}
	for _, x := range connections {
		p.Connected = p.Connected || works(stateOf(x))
	}
	p.When = f.when("secret_from", f.d.when, f.method.Secret, f.method.NextSecret, p.Connected)
	p.Own = f.own(connections)
	if status == http.StatusPreconditionFailed {
		p.Stale = f.differences()
	}
	return nil
}

// differences says how the method as it is differs from what was typed.
func (f *former) differences() []string {
	now := draftOf(&f.method, f.kind)
	var list []string
	for _, each := range []struct{ key, typed, now string }{
		{"methods.name", f.d.name, now.name}, {"methods.client_id", f.d.clientID, now.clientID},
		{"methods.data_centre", f.d.dataCentre, now.dataCentre}, {"methods.environment_url", f.d.environmentURL, now.environmentURL},
		{"methods.mode", string(f.d.mode), string(now.mode)},
		{"methods.scopes", f.words.List(f.d.allScopes()), f.words.List(now.allScopes())},
	} {
		if each.typed != each.now {
			list = append(list, f.words.Say("methods.stale.field", "field", f.words.Say(each.key), "now", cmp.Or(each.now, "–")))
		}
	}
	return list
}

func (f *former) field(name, label string, more page.Field) page.Field {
	more.Name, more.Label, more.Error = name, label, f.wrong.Of(name)
	return more
}

// where asks for the place at the provider.
func (f *former) where() []page.Field {
	var list []page.Field
	if len(f.kind.DataCentres) > 0 {
		options := []page.Option{{Value: authmethods.DataCentreAuto, Label: f.words.Say("methods.auto"), Chosen: auto(f.d.dataCentre)}}
		for _, dc := range f.kind.DataCentres {
			options = append(options, page.Option{Value: dc.Code, Label: f.words.OfType(cmp.Or(dc.Name, dc.Code)), Chosen: dc.Code == f.d.dataCentre})
		}
		list = append(list, f.field("data_centre", f.words.Say("methods.data_centre"), page.Field{
			Kind: "select", Options: options, Hint: f.words.Say("methods.data_centre.hint"),
		}))
	}
	if a := f.kind.Address; a.Use != "" {
		hint := f.words.Say("methods.environment_url.hint")
		if a.Use == catalog.UseDataCentre {
			hint = f.words.Say("methods.environment_url.dc", "provider", f.kind.Name)
		}
		list = append(list, f.field("environment_url", f.words.Say("methods.environment_url"), page.Field{
			Value: f.d.environmentURL, Kind: "url", Hint: hint, Placeholder: a.Example, Optional: !a.Required, Mono: true, Maximum: maxURL,
		}))
	}
	for _, name := range slices.Sorted(maps.Keys(f.kind.Parameters)) {
		q := f.kind.Parameters[name]
		list = append(list, f.field("parameters."+name, words.Capital(f.words.OfType(q.Name)), page.Field{
			Value: f.d.settings.Parameters[name], Hint: f.words.OfType(q.Help), Placeholder: q.Default, Optional: !q.Required || q.Default != "", Mono: true, Maximum: maxClient,
		}))
	}
	return list
}

// keys asks for the name and the client.
func (f *former) keys() []page.Field {
	s := f.method.Secret
	hint := f.words.Say("methods.secret.hint")
	if s.Set {
		hint = f.words.Say("methods.secret.keep", "date", f.words.Date(s.SetAt), "end", s.Last4)
	}
	reference := f.field("reference", f.words.Say("methods.reference"), page.Field{
		Value: f.d.reference, Hint: f.words.Say("methods.reference.hint"), Optional: true, Mono: true, Maximum: maxSlug,
	})
	list := []page.Field{f.field("name", f.words.Say("methods.name"), page.Field{Value: f.d.name, Hint: f.words.Say("methods.name.hint"), Maximum: maxName})}
	if f.method.ID == "" {
		list = append(list, reference)
	}
	return append(list,
		f.field("client_id", f.words.Say("methods.client_id"), page.Field{
			Value: f.d.clientID, Hint: f.clientHint(), Mono: true, Maximum: maxClient, Optional: f.kind.HasMode(authmethods.ModeStaticToken),
		}),
		f.field("client_secret", f.words.Say("methods.secret"), page.Field{
			Kind: "password", Autocomplete: "new-password", Hint: hint, Optional: true, Mono: true, Maximum: maxSecret,
		}))
}

// clientHint says how client IDs of the provider look, or that this one looks
// otherwise.
func (f *former) clientHint() string {
	m := f.d.method(f.kind.ID)
	if f.d.clientID != "" && len(f.kind.Warnings(&m)) > 0 {
		return f.words.Say("methods.client_id.odd", "provider", f.kind.Name)
	}
	if f.words.Language() == words.English {
		return f.kind.Client.IDHint
	}
	return f.words.Say("methods.client_id.hint", "provider", f.kind.Name)
}

func (f *former) modes() page.Choice {
	choice := page.Choice{Name: "mode", Legend: f.words.Say("methods.mode"), Error: f.wrong.Of("mode")}
	for _, m := range f.kind.Modes {
		choice.Options = append(choice.Options, page.Option{
			Value: string(m), Label: f.words.Say("methods.mode." + string(m)), Hint: f.words.Say("methods.mode.about." + string(m)), Chosen: m == f.d.mode,
		})
	}
	return choice
}

// endpoints are the settings that only some types have.
func (f *former) endpoints() []page.Field {
	var list []page.Field
	for _, s := range settingsOf(&f.d.settings) {
		need, has := f.kind.Settings[s.name]
		if !has {
			continue
		}
		kind := ""
		if s.name == "issuer" || len(s.name) > 4 && s.name[len(s.name)-4:] == "_url" {
			kind = "url"
		}
		list = append(list, f.field(s.name, f.words.Say("methods.setting."+s.name), page.Field{
			Value: *s.at, Kind: kind, Optional: need != catalog.Required || f.kind.HasMode(authmethods.ModeStaticToken), Mono: true, Maximum: maxURL,
		}))
	}
	if _, has := f.kind.Settings["authorize_params"]; has {
		list = append(list, f.field("authorize_params", f.words.Say("methods.setting.authorize_params"), page.Field{
			Kind: "textarea", Value: f.d.params, Hint: f.words.Say("methods.params.hint"), Optional: true, Mono: true,
		}))
	}
	return list
}

// ownEnvironments are those that may have a client of their own.
func ownEnvironments(s *seen) []authmethods.Environment {
	if list := s.environments(); len(list) > 1 {
		return list
	}
	return nil
}

// own asks for what differs in an environment.
func (f *former) own(connections map[place]tokens.Connection) []page.MethodOwn {
	var list []page.MethodOwn
	for _, e := range ownEnvironments(f.seen) {
		have, own := f.method.In(e), f.d.own[e]
		at, hint := string(e)+".", f.words.Say("methods.own.secret")
		if have != nil && have.Secret.Set {
			hint = f.words.Say("methods.secret.keep", "date", f.words.Date(have.Secret.SetAt), "end", have.Secret.Last4)
		}
		o := page.MethodOwn{Environment: e, Open: own.clientID != "" || own.environmentURL != "" || have != nil && have.Secret.Set}
		o.Fields = []page.Field{
			f.field(at+"client_id", f.words.Say("methods.client_id"), page.Field{Value: own.clientID, Optional: true, Mono: true, Maximum: maxClient}),
		}
		if f.kind.Address.Use == catalog.UseInstance {
			o.Fields = append(o.Fields, f.field(at+"environment_url", f.words.Say("methods.environment_url"), page.Field{
				Value: own.environmentURL, Kind: "url", Optional: true, Mono: true, Maximum: maxURL, Placeholder: f.kind.Address.Example,
			}))
		}
		o.Fields = append(o.Fields, f.field(at+"client_secret", f.words.Say("methods.secret"), page.Field{
			Kind: "password", Autocomplete: "new-password", Hint: hint, Optional: true, Mono: true, Maximum: maxSecret,
		}))
		if have != nil {
			o.When = f.when(at+"secret_from", own.when, have.Secret, have.NextSecret, works(stateOf(connections[place{f.method.ID, e}])))
		}
		for _, each := range o.Fields {
			o.Open = o.Open || each.Error != ""
		}
		list = append(list, o)
	}
	return list
}

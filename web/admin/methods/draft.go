package methods

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/authmethods/store"
	"latchkey/crypto/secret"
)

// draft is a method as it stands in the form.
type draft struct {
	name, reference, environmentURL, clientID, dataCentre string
	mode                                                  authmethods.Mode
	secret                                                secret.Text
	when                                                  string   // a new secret counts; see whenNext
	scopes                                                []string // of the catalogue
	other                                                 string   // scopes that were typed
	settings                                              authmethods.Settings
	params                                                string // authorize parameters as they were typed
	own                                                   map[authmethods.Environment]ownDraft
	pasted                                                string
	rev                                                   int64
}

// ownDraft is what one environment has of its own.
type ownDraft struct {
	clientID, environmentURL string
	secret                   secret.Text
	when                     string
	forget                   bool // the method's own secret again
}

// settingsOf are the fields of settings that one line of text holds, by name.
func settingsOf(s *authmethods.Settings) []setting {
	return []setting{
		{"issuer", &s.Issuer}, {"authorize_url", &s.AuthorizeURL}, {"token_url", &s.TokenURL}, {"userinfo_url", &s.UserinfoURL},
		{"revoke_url", &s.RevokeURL}, {"scope_separator", &s.ScopeSeparator}, {"token_header_prefix", &s.TokenHeaderPrefix},
		{"client_auth", &s.ClientAuth},
	}
}

type setting struct {
	name string
	at   *string
}

// newDraft is an empty form: with what is usual and nothing else.
func newDraft(kind *catalog.Type) draft {
	d := draft{dataCentre: authmethods.DataCentreAuto, mode: authmethods.ModeOAuth, own: map[authmethods.Environment]ownDraft{}}
	if !kind.HasMode(d.mode) && len(kind.Modes) > 0 {
		d.mode = kind.Modes[0]
	}
	return d
}

// draftOf is the form of a method as it is. It holds no secret.
func draftOf(m *authmethods.Method, kind *catalog.Type) draft {
	d := draft{
		name: m.Name, reference: m.Reference, environmentURL: m.EnvironmentURL, clientID: m.ClientID, dataCentre: m.DataCentre,
		mode: m.Mode, settings: m.Settings, rev: m.Rev, own: map[authmethods.Environment]ownDraft{},
	}
	d.scopes, d.other = apart(kind, m.Scopes)
	d.params = written(m.Settings.AuthorizeParams)
	for _, e := range m.Environments {
		d.own[e.Environment] = ownDraft{clientID: e.ClientID, environmentURL: e.EnvironmentURL}
	}
	return d
}

// apart sets the scopes that the catalogue lists apart from those that it does not.
func apart(kind *catalog.Type, scopes []string) (listed []string, other string) {
	var rest []string
	for _, each := range scopes {
		if slices.ContainsFunc(kind.Scopes.Catalogue, func(s catalog.Scope) bool { return s.Scope == each }) {
			listed = append(listed, each)
		} else {
			rest = append(rest, each)
		}
	}
	return listed, strings.Join(rest, "\n")
}

// written shows parameters a line each.
func written(params map[string]string) string {
	var lines []string
	for name, value := range params {
		lines = append(lines, name+"="+value)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// readDraft is what was typed into the form.
func readDraft(r *http.Request, kind *catalog.Type, environments []authmethods.Environment) draft {
	text := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	d := draft{
		name: text("name"), reference: text("reference"), environmentURL: text("environment_url"), clientID: text("client_id"),
		dataCentre: text("data_centre"), mode: authmethods.Mode(text("mode")), secret: secret.New(text("client_secret")), when: text("secret_from"),
		other: r.PostFormValue("other_scopes"), params: r.PostFormValue("authorize_params"), pasted: r.PostFormValue("pasted"),
		rev: number(text("rev")), own: map[authmethods.Environment]ownDraft{},
	}
	d.scopes = append(d.scopes, r.PostForm["scope"]...)
	for _, s := range settingsOf(&d.settings) {
		if _, has := kind.Settings[s.name]; has {
			*s.at = text(s.name)
		}
	}
	if r.PostFormValue("scope_separator") == " " {
		d.settings.ScopeSeparator = " "
	}
	if _, has := kind.Settings["authorize_params"]; has {
		d.settings.AuthorizeParams = read(d.params)
	}
	for name := range kind.Parameters {
		if v := text("parameters." + name); v != "" {
			if d.settings.Parameters == nil {
				d.settings.Parameters = map[string]string{}
			}
			d.settings.Parameters[name] = v
		}
	}
	for _, e := range environments {
		at := string(e) + "."
		d.own[e] = ownDraft{
			clientID: text(at + "client_id"), environmentURL: text(at + "environment_url"),
			secret: secret.New(text(at + "client_secret")), when: text(at + "secret_from"), forget: text(at+"forget") != "",
		}
	}
	return d
}

// read reads parameters, a line each; nil if there are none.
func read(lines string) map[string]string {
	var params map[string]string
	for line := range strings.Lines(lines) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if name == "" && value == "" {
			continue
		}
		if params == nil {
			params = map[string]string{}
		}
		params[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	return params
}

// allScopes are the chosen ones and those that were typed, however set apart.
func (d draft) allScopes() []string {
	list := slices.Clone(d.scopes)
	for _, each := range strings.FieldsFunc(d.other, func(r rune) bool { return r == '\n' || r == '\r' || r == ' ' || r == ',' }) {
		if !slices.Contains(list, each) {
			list = append(list, each)
		}
	}
	return list
}

// preset adds the scopes of a preset.
func (d *draft) preset(kind *catalog.Type, id string) {
	for _, p := range kind.Scopes.Presets {
		if p.ID != id {
			continue
		}
		for _, each := range p.Scopes {
			if !slices.Contains(d.scopes, each) {
				d.scopes = append(d.scopes, each)
			}
		}
	}
	listed, other := apart(kind, d.allScopes())
	d.scopes, d.other = listed, other
}

func (d draft) created(kind string) store.NewMethod {
	return store.NewMethod{
		Name: d.name, Reference: d.reference, IntegrationType: kind, Mode: d.mode, EnvironmentURL: d.environmentURL,
		ClientID: d.clientID, ClientSecret: d.secret, Scopes: d.allScopes(), DataCentre: d.dataCentre, Settings: d.settings,
	}
}

func (d draft) changed() store.MethodChange {
	scopes := d.allScopes()
	dataCentre := cmp.Or(d.dataCentre, authmethods.DataCentreAuto)
	mc := store.MethodChange{
		Name: &d.name, Mode: &d.mode, EnvironmentURL: &d.environmentURL, ClientID: &d.clientID,
		Scopes: &scopes, DataCentre: &dataCentre, Settings: &d.settings, Environments: map[authmethods.Environment]store.EnvironmentChange{},
	}
	mc.ClientSecret, mc.NextSecret = d.secrets(d.secret, d.when)
	for e, own := range d.own {
		c := store.EnvironmentChange{ClientID: &own.clientID, EnvironmentURL: &own.environmentURL, ForgetSecret: own.forget}
		c.ClientSecret, c.NextSecret = d.secrets(own.secret, own.when)
		mc.Environments[e] = c
	}
	return mc
}

// method is the draft as a method, for what is looked at before it is stored.
func (d draft) method(kind string) authmethods.Method {
	return authmethods.Method{
		Name: d.name, Reference: d.reference, IntegrationType: kind, Mode: d.mode, EnvironmentURL: d.environmentURL,
		ClientID: d.clientID, Scopes: d.allScopes(), DataCentre: d.dataCentre, Settings: d.settings,
	}
}

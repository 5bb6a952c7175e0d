package catalog

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"latchkey/authmethods"
)

var (
	scopePattern = regexp.MustCompile(`^[\x21\x23-\x5b\x5d-\x7e]+$`)   // RFC 6749 section 3.3
	wordPattern  = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$") // RFC 9110 section 5.6.2
	paramPattern = regexp.MustCompile(`^[A-Za-z0-9._~\[\]:-]{1,64}$`)
	valuePattern = regexp.MustCompile(`^[\x20-\x7e]{0,512}$`)
	separators   = []string{" ", ",", ";", "|", "+"}
)

// reservedParams are ours to set: a method that sets them could undo state, PKCE
// or the redirect address.
var reservedParams = []string{
	"response_type", "client_id", "client_secret", "redirect_uri", "scope", "state", "nonce",
	"code", "code_challenge", "code_challenge_method", "code_verifier",
	"response_mode", "request", "request_uri",
}

// Check says what is wrong with a method of this type, for creating or changing
// it. It knows nothing of names and secrets, which are the same for every type.
func (t *Type) Check(m *authmethods.Method) []authmethods.FieldError {
	var faults []authmethods.FieldError
	add := func(pointer, detail string) {
		if detail != "" {
			faults = append(faults, authmethods.FieldError{Pointer: pointer, Detail: detail})
		}
	}
	if !t.HasMode(m.Mode) {
		add("/mode", fmt.Sprintf("%s has no mode %q; it has %s.", t.Name, m.Mode, join(t.Modes)))
	}
	add("/data_centre", t.checkDataCentre(m.DataCentre))
	if t.Address.Required && m.EnvironmentURL == "" && everyEnvironmentHasURL(m) {
		// Each environment brings its own address, so the common one is not needed.
	} else {
		add("/environment_url", t.checkAddress(m.EnvironmentURL))
		add("/environment_url", t.contradiction(m.DataCentre, m.EnvironmentURL))
	}
	for _, e := range m.Environments {
		at := "/environments/" + pointerPart(string(e.Environment))
		if _, ok := t.Environments[e.Environment]; !ok {
			add(at, t.noEnvironment(e.Environment))
		}
		if e.EnvironmentURL != "" {
			add(at+"/environment_url", t.checkAddress(e.EnvironmentURL))
			add(at+"/environment_url", t.contradiction(m.DataCentre, e.EnvironmentURL))
		}
	}
	faults = append(faults, t.checkParameters(m.Settings.Parameters)...)
	faults = append(faults, t.checkSettings(m.Settings, m.Mode)...)
	faults = append(faults, t.checkScopes(m)...)
	return faults
}

// Warnings says what looks wrong with a method but may be right.
func (t *Type) Warnings(m *authmethods.Method) []authmethods.FieldError {
	var warnings []authmethods.FieldError
	pattern, err := wholly(t.Client.IDPattern)
	if err != nil || t.Client.IDPattern == "" {
		return nil
	}
	look := func(pointer, id string) {
		if id != "" && !pattern.MatchString(id) {
			warnings = append(warnings, authmethods.FieldError{Pointer: pointer, Detail: t.Client.IDHint})
		}
	}
	look("/client_id", m.ClientID)
	for _, e := range m.Environments {
		look("/environments/"+pointerPart(string(e.Environment))+"/client_id", e.ClientID)
	}
	return warnings
}

func everyEnvironmentHasURL(m *authmethods.Method) bool {
	for _, e := range m.Environments {
		if e.EnvironmentURL == "" {
			return false
		}
	}
	return len(m.Environments) > 0
}

// contradiction finds an address in another data centre than the chosen one.
func (t *Type) contradiction(code, address string) string {
	typed, ok := t.DataCentreFor(address)
	if _, known := t.DataCentre(code); !ok || !known || code == typed {
		return ""
	}
	return fmt.Sprintf("This address lies in the data centre %s, but %s is chosen.", typed, code)
}

// uses says which settings a mode cannot do without where the type calls them
// required.
func uses(mode authmethods.Mode, setting string) bool {
	switch setting {
	case "authorize_url":
		return mode == authmethods.ModeOAuth
	case "issuer", "token_url":
		return mode.NeedsApproval() || mode == authmethods.ModeClientCredentials
	}
	return mode != ""
}

func (t *Type) checkSettings(s authmethods.Settings, mode authmethods.Mode) []authmethods.FieldError {
	var faults []authmethods.FieldError
	add := func(pointer, detail string) {
		faults = append(faults, authmethods.FieldError{Pointer: pointer, Detail: detail})
	}
	for _, setting := range []struct {
		name, value string
		wrong       func(string) string
	}{
		{"authorize_url", s.AuthorizeURL, t.wrongEndpoint},
		{"token_url", s.TokenURL, t.wrongEndpoint},
		{"userinfo_url", s.UserinfoURL, t.wrongEndpoint},
		{"revoke_url", s.RevokeURL, t.wrongEndpoint},
		{"issuer", s.Issuer, t.wrongIssuer},
		{"scope_separator", s.ScopeSeparator, wrongSeparator},
		{"token_header_prefix", s.TokenHeaderPrefix, wrongWord},
		{"client_auth", s.ClientAuth, wrongClientAuth},
	} {
		need, has := t.Settings[setting.name]
		switch {
		case setting.value == "" && need == Required && uses(mode, setting.name):
			add("/"+setting.name, fmt.Sprintf("%s needs this.", t.Name))
		case setting.value == "":
		case !has:
			add("/"+setting.name, fmt.Sprintf("%s has this setting built in; leave it empty.", t.Name))
		default:
			if wrong := setting.wrong(setting.value); wrong != "" {
				add("/"+setting.name, wrong)
			}
		}
	}
	if _, has := t.Settings["authorize_params"]; !has && len(s.AuthorizeParams) > 0 {
		add("/authorize_params", fmt.Sprintf("%s takes no extra authorize parameters.", t.Name))
		return faults
	}
	for _, name := range keys(s.AuthorizeParams) {
		if wrong := wrongParam(name, s.AuthorizeParams[name]); wrong != "" {
			add("/authorize_params/"+pointerPart(name), wrong)
		}
	}
	return faults
}

func (t *Type) wrongEndpoint(raw string) string {
	if _, wrong := parseAddress(raw, t.mayHTTP); wrong != "" {
		return "This address " + wrong + "."
	}
	if strings.ContainsAny(raw, "{}") {
		return "This address must not hold braces."
	}
	return ""
}

// wrongIssuer follows OpenID Connect Discovery 1.0 section 3: no query.
func (t *Type) wrongIssuer(raw string) string {
	if strings.Contains(raw, "?") {
		return "An issuer must not hold a query (?)."
	}
	return t.wrongEndpoint(raw)
}

func wrongSeparator(s string) string {
	if slices.Contains(separators, s) {
		return ""
	}
	return "The separator is a space, or one of , ; | +"
}

func wrongWord(s string) string {
	if wordPattern.MatchString(s) {
		return ""
	}
	return "This is one word, such as Bearer."
}

func wrongClientAuth(s string) string {
	switch ClientAuth(s) {
	case ClientAuthPost, ClientAuthBasic, ClientAuthNone:
		return ""
	}
	return "This is post, basic or none."
}

func wrongParam(name, value string) string {
	switch {
	case slices.Contains(reservedParams, strings.ToLower(name)):
		return fmt.Sprintf("%s is set by the broker and cannot be changed.", name)
	case !paramPattern.MatchString(name):
		return "This is not the name of a parameter."
	case !valuePattern.MatchString(value):
		return "The value must be printable ASCII of at most 512 characters."
	}
	return ""
}

func (t *Type) checkScopes(m *authmethods.Method) []authmethods.FieldError {
	var faults []authmethods.FieldError
	asks := m.Mode == authmethods.ModeOAuth || m.Mode == authmethods.ModeClientCredentials
	if asks && t.Scopes.Required && len(m.Scopes) == 0 {
		faults = append(faults, authmethods.FieldError{Pointer: "/scopes", Detail: "Choose at least one scope."})
	}
	separator := or(m.Settings.ScopeSeparator, t.Scopes.Separator)
	for i, scope := range m.Scopes {
		detail := ""
		switch {
		case scope == "" || !scopePattern.MatchString(scope):
			detail = `A scope is printable ASCII without spaces, " and \.`
		case strings.Contains(scope, separator):
			detail = fmt.Sprintf("A scope of %s must not hold %q, which separates scopes; enter one scope at a time.", t.Name, separator)
		}
		if detail != "" {
			faults = append(faults, authmethods.FieldError{Pointer: fmt.Sprintf("/scopes/%d", i), Detail: detail})
		}
	}
	return faults
}

// pointerPart escapes a name for a JSON pointer (RFC 6901 section 3).
func pointerPart(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

func join[S ~string](list []S) string {
	words := make([]string, len(list))
	for i, s := range list {
		words[i] = string(s)
	}
	return strings.Join(words, ", ")
}

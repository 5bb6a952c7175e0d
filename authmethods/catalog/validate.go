package catalog

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"latchkey/authmethods"
)

// setDefaults fills what a file may leave out because a standard says it.
func (t *Type) setDefaults() {
	set := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	set(&t.Scopes.Separator, " ")
	set(&t.API.TokenHeader, "Authorization")
	set(&t.API.TokenPrefix, "Bearer")
	set(&t.Revocation.Method, "POST")
	if t.Revocation.TokenIn == "" {
		t.Revocation.TokenIn = TokenInBody
	}
	if t.Refresh.ExpiresInUnit == "" {
		t.Refresh.ExpiresInUnit = Seconds
	}
	if len(t.Errors.CodeFields) == 0 {
		t.Errors.CodeFields = []string{"error"}
	}
	if len(t.Endpoints.IssuerSpellings) == 0 {
		t.Endpoints.IssuerSpellings = []IssuerSpelling{SpelledAsIs}
	}
	if t.Verification.By == "" {
		t.Verification.By = VerifyNone
	}
	if t.Organizations != nil {
		set(&t.Organizations.Method, "GET")
	}
	if t.TestCall != nil {
		set(&t.TestCall.Method, "GET")
	}
}

// validator finds what is wrong with the meaning of a type; schema has checked
// its shape.
type validator struct {
	t     *Type
	found []finding
}

type finding struct {
	path   []string
	detail string
}

func (v *validator) fault(path, format string, args ...any) {
	v.found = append(v.found, finding{strings.Split(path, "."), fmt.Sprintf(format, args...)})
}

func (v *validator) validate() {
	v.identity()
	v.words()
	v.dataCentres()
	v.hostTable("hosts", v.t.HostTable)
	v.address()
	v.parameters()
	v.settings()
	v.templates()
	v.oauth()
	v.params("authorize.params", v.t.Authorize.Params)
	v.params("authorize.sign_in_params", v.t.Authorize.SignInParams)
	v.scopes()
	v.proofs()
	v.limits()
	v.errors()
	v.verification()
	v.answers()
}

func (v *validator) identity() {
	t := v.t
	if t.Name == "" {
		v.fault("name", "is missing")
	}
	if len(t.Modes) == 0 {
		v.fault("modes", "is missing; it lists some of %s", join(authmethods.Modes[:]))
	}
	for i, mode := range t.Modes {
		v.oneOf("modes."+strconv.Itoa(i), string(mode), words(authmethods.Modes[:]))
	}
	if len(t.Environments) == 0 {
		v.fault("environments", "is missing; it holds some of %s", join(authmethods.Environments[:]))
	}
	for _, e := range keys(t.Environments) {
		v.environmentKey("environments."+string(e), e)
		if t.Environments[e].Differs == "" {
			v.fault("environments."+string(e), "needs a sentence in \"differs\"")
		}
	}
}

func words[S ~string](list []S) []string {
	var all []string
	for _, word := range list {
		all = append(all, string(word))
	}
	return all
}

// oneOf checks a word that has a closed list.
func (v *validator) oneOf(path, got string, known []string) {
	if slices.Contains(known, got) {
		return
	}
	if got == "" {
		v.fault(path, "is missing; it is one of %s", strings.Join(known, ", "))
		return
	}
	v.fault(path, "%q is not one of %s", got, strings.Join(known, ", "))
}

func (v *validator) environmentKey(path string, e authmethods.Environment) {
	if !e.Valid() {
		v.oneOf(path, string(e), words(authmethods.Environments[:]))
	}
}

func (v *validator) words() {
	t := v.t
	v.oneOf("protocol", string(t.Protocol), []string{"oauth2", "oidc"})
	v.oneOf("refresh.expires_in_unit", string(t.Refresh.ExpiresInUnit), []string{"seconds", "milliseconds"})
	v.oneOf("revocation.method", t.Revocation.Method, []string{"POST", "DELETE"})
	v.oneOf("revocation.token_in", string(t.Revocation.TokenIn), []string{"body", "query", "header"})
	v.oneOf("verification.by", string(t.Verification.By), []string{"none", "organization_flag", "api_domain", "host"})
	if t.Organizations != nil {
		v.oneOf("organizations.method", t.Organizations.Method, []string{"GET", "POST"})
	}
	if t.TestCall != nil {
		v.oneOf("test_call.method", t.TestCall.Method, []string{"GET", "POST"})
	}
	if !slices.Contains(separators, t.Scopes.Separator) {
		v.fault("scopes.separator", "%q is not a space or one of , ; | +", t.Scopes.Separator)
	}
	for i, spelling := range t.Endpoints.IssuerSpellings {
		v.oneOf("endpoints.issuer_spellings."+strconv.Itoa(i), string(spelling), []string{"as_is", "without_scheme"})
	}
	for path, name := range map[string]string{"api.token_header": t.API.TokenHeader, "api.token_prefix": t.API.TokenPrefix} {
		if !wordPattern.MatchString(name) {
			v.fault(path, "%q is not a word of a header", name)
		}
	}
	for _, name := range keys(t.API.Headers) {
		if !wordPattern.MatchString(name) || strings.ContainsAny(t.API.Headers[name], "\r\n\x00") {
			v.fault("api.headers."+name, "is not a header")
		}
	}
}

func (v *validator) dataCentres() {
	t := v.t
	if len(t.DataCentres) == 0 {
		if t.DefaultDataCentre != "" {
			v.fault("default_data_centre", "there are no data centres")
		}
		return
	}
	if _, ok := t.DataCentre(t.DefaultDataCentre); !ok {
		v.fault("default_data_centre", "%q is not one of the data centres", t.DefaultDataCentre)
	}
	owner := map[string]string{}
	for _, dc := range t.DataCentres {
		path := "data_centres." + dc.Code
		if dc.Code == authmethods.DataCentreAuto || !idPattern.MatchString(dc.Code) {
			v.fault(path, "%q cannot be the code of a data centre", dc.Code)
		}
		if dc.Name == "" {
			v.fault(path+".name", "is missing")
		}
		v.base(path+".authorization_server", dc.AuthorizationServer)
		if other := owner[dc.AuthorizationServer]; other != "" && t.Region != (RegionParams{}) {
			v.fault(path+".authorization_server", "is that of %s too; a callback could not tell them apart", other)
		}
		owner[dc.AuthorizationServer] = dc.Code
		if dc.Console != "" {
			v.url(path+".console", dc.Console)
		}
		v.hostTable(path+".hosts", dc.Hosts)
	}
}

func (v *validator) hostTable(path string, hosts map[string]PerEnvironment) {
	for _, name := range keys(hosts) {
		if later(name) || slices.Contains([]string{"authorization_server", "instance", "environment_url", "api_base_url"}, name) {
			v.fault(path+"."+name, "is the name of a placeholder that means something else")
		}
		for _, e := range keys(hosts[name]) {
			at := path + "." + name + "." + string(e)
			v.environmentKey(at, e)
			v.base(at, hosts[name][e])
		}
	}
}

// base checks an address to which paths are appended.
func (v *validator) base(path, address string) {
	if address == "" {
		v.fault(path, "is missing")
		return
	}
	if strings.HasSuffix(address, "/") || strings.Contains(address, "?") {
		v.fault(path, "must not end in a slash nor hold a query, because paths are appended to it")
	}
	v.url(path, address)
}

func (v *validator) url(path, address string) {
	u, wrong := parseAddress(address, v.t.mayHTTP)
	if wrong != "" {
		v.fault(path, "%q %s", address, wrong)
		return
	}
	if !strings.HasPrefix(address, origin(u)) {
		v.fault(path, "%q must be written as %s, in lower case and without a default port", address, origin(u))
	}
	if strings.ContainsAny(address, "{}") {
		v.fault(path, "%q must not hold placeholders", address)
	}
}

func (v *validator) address() {
	a := v.t.Address
	if a.Use == "" {
		if a.Required || len(a.Hosts) > 0 || a.Replaces != "" {
			v.fault("environment_url.use", "is missing; it is one of instance, data_centre")
		}
		return
	}
	v.oneOf("environment_url.use", string(a.Use), []string{"instance", "data_centre"})
	if a.Example == "" {
		v.fault("environment_url.example", "is missing")
	} else if detail := v.t.checkAddress(a.Example); detail != "" {
		v.fault("environment_url.example", "%q is not acceptable itself: %s", a.Example, detail)
	}
	for i, host := range a.Hosts {
		if !hostPattern.MatchString(strings.TrimPrefix(host, ".")) || !strings.Contains(strings.TrimPrefix(host, "."), ".") {
			v.fault("environment_url.hosts."+strconv.Itoa(i), "%q is not a host nor a suffix such as .example.com", host)
		}
	}
	if a.Replaces != "" && v.t.HostTable[a.Replaces] == nil {
		v.fault("environment_url.replaces", "%q is not in hosts", a.Replaces)
	}
}

func (v *validator) parameters() {
	for _, name := range keys(v.t.Parameters) {
		path, p := "parameters."+name, v.t.Parameters[name]
		if !idPattern.MatchString(name) {
			v.fault(path, "%q cannot be the name of a parameter", name)
		}
		if p.Name == "" {
			v.fault(path+".name", "is missing")
		}
		pattern := v.pattern(path+".pattern", p.Pattern)
		if p.Pattern == "" {
			v.fault(path+".pattern", "is missing")
		} else if p.Default != "" && pattern != nil && !pattern.MatchString(p.Default) {
			v.fault(path+".default", "%q does not match the pattern", p.Default)
		}
		if p.Default == "" && !p.Required {
			v.fault(path, "needs a default or \"required: true\"")
		}
	}
}

func (v *validator) pattern(path, expression string) *regexp.Regexp {
	if expression == "" {
		return nil
	}
	pattern, err := wholly(expression)
	if err != nil {
		v.fault(path, "%q is not a regular expression", expression)
		return nil
	}
	return pattern
}

func (v *validator) settings() {
	known := []string{"authorize_url", "token_url", "userinfo_url", "revoke_url", "issuer",
		"scope_separator", "token_header_prefix", "client_auth", "authorize_params"}
	for _, name := range keys(v.t.Settings) {
		if !slices.Contains(known, name) {
			v.fault("settings."+name, "is not a setting; known are %s", strings.Join(known, ", "))
			continue
		}
		v.oneOf("settings."+name, string(v.t.Settings[name]), []string{"optional", "required"})
	}
}

// oauth checks what every type with an authorization code grant must say.
func (v *validator) oauth() {
	t := v.t
	if t.Client.IDPattern != "" && t.Client.IDHint == "" {
		v.fault("client.id_hint", "is missing beside id_pattern")
	}
	v.pattern("client.id_pattern", t.Client.IDPattern)
	if !t.HasMode(authmethods.ModeOAuth) {
		return
	}
	v.oneOf("authorize.pkce", string(t.Authorize.PKCE), []string{"S256", "none"})
	v.oneOf("client.authentication", string(t.Client.Authentication), []string{"post", "basic", "none"})
	v.oneOf("refresh.rotates_refresh_token", string(t.Refresh.Rotation), []string{"never", "always", "maybe"})
	if t.Endpoints.Discover {
		if t.Endpoints.Issuer == "" && t.Settings["issuer"] != Required {
			v.fault("endpoints.discover", "needs an issuer, here or as a required setting")
		}
		return
	}
	for path, setting := range map[string]string{"authorization": "authorize_url", "token": "token_url"} {
		template := t.Endpoints.Authorization
		if path == "token" {
			template = t.Endpoints.Token
		}
		if template == "" && t.Settings[setting] != Required {
			v.fault("endpoints."+path, "is missing")
		}
	}
	if t.Protocol == OIDC && t.Endpoints.Issuer == "" {
		v.fault("endpoints.issuer", "is missing, which oidc needs")
	}
	if t.Protocol == OIDC && t.Endpoints.JWKS == "" {
		v.fault("endpoints.jwks", "is missing, which oidc needs")
	}
}

func (v *validator) params(path string, params map[string]string) {
	for _, name := range keys(params) {
		if wrong := wrongParam(name, params[name]); wrong != "" {
			v.fault(path+"."+name, "%s", wrong)
		}
	}
}

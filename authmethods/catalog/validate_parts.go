package catalog

import (
	"slices"
	"strconv"
	"strings"
)

// template is a string with placeholders and the path where it stands.
type template struct{ path, text string }

// urlTemplates lists every template that must become an address.
func (t *Type) urlTemplates() []template {
	list := []template{
		{"endpoints.issuer", t.Endpoints.Issuer},
		{"endpoints.authorization", t.Endpoints.Authorization},
		{"endpoints.token", t.Endpoints.Token},
		{"endpoints.revocation", t.Endpoints.Revocation},
		{"endpoints.userinfo", t.Endpoints.Userinfo},
		{"endpoints.jwks", t.Endpoints.JWKS},
		{"endpoints.end_session", t.Endpoints.EndSession},
		{"api.base_url", t.API.BaseURL},
		{"api.domain", t.API.Domain},
		{"console.url", t.Console.URL},
	}
	if t.IssuerByClaim != nil {
		list = append(list, template{"issuer_by_claim.template", t.IssuerByClaim.Template})
	}
	if t.Organizations != nil {
		list = append(list, template{"organizations.url", t.Organizations.URL}, template{"organizations.proof", t.Organizations.Proof})
	}
	if t.People != nil {
		list = append(list, template{"people.url", t.People.URL})
	}
	if t.Account != nil {
		list = append(list, template{"account.url", t.Account.URL})
	}
	if t.Profile != nil {
		list = append(list, template{"profile.url", t.Profile.URL})
	}
	if t.TestCall != nil {
		list = append(list, template{"test_call.url", t.TestCall.URL})
	}
	return slices.DeleteFunc(list, func(x template) bool { return x.text == "" })
}

// templates checks that placeholders exist and that each address either begins
// with one or is an address itself.
func (v *validator) templates() {
	known := v.placeholders()
	for _, x := range v.t.urlTemplates() {
		allowed := known
		if x.path == "issuer_by_claim.template" {
			allowed = append(slices.Clone(known), v.t.IssuerByClaim.Claim)
		}
		names := placeholders(x.text)
		for _, name := range names {
			calls := strings.HasPrefix(x.path, "api.") || strings.HasPrefix(x.path, "organizations.") ||
				strings.HasPrefix(x.path, "account.") || strings.HasPrefix(x.path, "test_call.")
			if !slices.Contains(allowed, name) && !(later(name) && calls) {
				v.fault(x.path, "there is no {%s}; known are %s", name, braced(allowed))
			}
		}
		bare := placeholder.ReplaceAllString(x.text, "x")
		if strings.ContainsAny(bare, "{}") {
			v.fault(x.path, "%q has a brace without its partner", x.text)
		} else if !strings.HasPrefix(x.text, "{") {
			v.literal(x)
		} else if _, isParameter := v.t.Parameters[names[0]]; isParameter || !wholeAddress(x.text) {
			v.fault(x.path, "%q must begin with the placeholder of an address, followed by a slash", x.text)
		}
	}
	for _, list := range []struct {
		path   string
		values map[string]string
	}{
		{"api.headers", v.t.API.Headers}, {"authorize.params", v.t.Authorize.Params},
		{"authorize.sign_in_params", v.t.Authorize.SignInParams}, {"client_credentials.params", v.t.ClientCredentials.Params},
	} {
		for _, key := range keys(list.values) {
			for _, name := range placeholders(list.values[key]) {
				if !later(name) && !slices.Contains(known, name) {
					v.fault(list.path+"."+key, "there is no {%s}; known are %s", name, braced(known))
				}
			}
		}
	}
}

// wholeAddress reports whether nothing is glued to the address that the leading
// placeholder stands for, which would make it another host.
func wholeAddress(text string) bool {
	first, rest, _ := strings.Cut(text, "}")
	return first+"}" != PlaceholderOrganization && (rest == "" || rest[0] == '/' || rest[0] == '?')
}

// literal checks an address that is written out; placeholders may stand in its
// path, never in its host.
func (v *validator) literal(x template) {
	u, wrong := parseAddress(placeholder.ReplaceAllString(x.text, "x"), v.t.mayHTTP)
	if wrong != "" {
		v.fault(x.path, "%q %s", x.text, wrong)
		return
	}
	if !strings.HasPrefix(x.text, origin(u)) {
		v.fault(x.path, "%q must have its host written out, in lower case and without a default port", x.text)
	}
}

func (v *validator) placeholders() []string {
	names := keys(v.t.HostTable)
	if len(v.t.DataCentres) > 0 {
		names = append(names, "authorization_server")
	}
	for _, dc := range v.t.DataCentres {
		names = append(names, keys(dc.Hosts)...)
	}
	if v.t.Address.Use == UseInstance {
		names = append(names, "instance", "environment_url")
	}
	if v.t.API.BaseURL != "" {
		names = append(names, "api_base_url")
	}
	names = append(names, keys(v.t.Parameters)...)
	slices.Sort(names)
	return slices.Compact(names)
}

func braced(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return "{" + strings.Join(names, "}, {") + "}"
}

func (v *validator) scopes() {
	s := v.t.Scopes
	for i, scope := range s.Catalogue {
		path := "scopes.catalogue." + strconv.Itoa(i)
		v.scope(path+".scope", scope.Scope)
		if scope.Lets == "" {
			v.fault(path+".lets", "is missing; it says what %s lets you do", scope.Scope)
		}
	}
	for i, preset := range s.Presets {
		path := "scopes.presets." + strconv.Itoa(i)
		if preset.ID == "" || preset.Name == "" || len(preset.Scopes) == 0 {
			v.fault(path, "needs id, name and scopes")
		}
		for j, scope := range preset.Scopes {
			v.scope(path+".scopes."+strconv.Itoa(j), scope)
			if scope != "" && !v.t.knowsScope(scope) {
				v.fault(path+".scopes."+strconv.Itoa(j), "%s is not in the catalogue", scope)
			}
		}
	}
	for i, scope := range s.Identity {
		v.scope("scopes.identity."+strconv.Itoa(i), scope)
	}
	for i, expression := range s.Patterns {
		v.pattern("scopes.patterns."+strconv.Itoa(i), expression)
	}
}

func (v *validator) scope(path, scope string) {
	if !scopePattern.MatchString(scope) {
		v.fault(path, "%q is not a scope", scope)
	} else if strings.Contains(scope, v.t.Scopes.Separator) {
		v.fault(path, "%q holds the separator", scope)
	}
}

func (v *validator) limits() {
	if r := v.t.Limits.Refreshes; r != (RefreshLimit{}) {
		if r.Allowed == 0 || r.Window == 0 || r.Budget == 0 {
			v.fault("limits.refreshes", "needs allowed, budget and window")
		} else if r.Budget > r.Allowed {
			v.fault("limits.refreshes.budget", "is more than the provider allows (%d)", r.Allowed)
		}
	}
	for name, r := range map[string]RequestLimit{
		"token_requests_per_client": v.t.Limits.PerClient, "token_requests_per_host": v.t.Limits.PerHost,
	} {
		if (r.Allowed <= 0) != (r.Window <= 0) {
			v.fault("limits."+name, "needs allowed and window")
		}
	}
	r := v.t.Refresh
	if r.AccessTokenMaxLifetime > 0 && r.AccessTokenDefaultLifetime > r.AccessTokenMaxLifetime {
		v.fault("refresh.access_token_default_lifetime", "is longer than access_token_max_lifetime")
	}
}

// errors refuses a code with two meanings.
func (v *validator) errors() {
	e, meaning := v.t.Errors, map[string]string{}
	for _, list := range []struct {
		name  string
		codes []string
	}{
		{"grant_lost", e.GrantLost}, {"client_rejected", e.ClientRejected}, {"scope_invalid", e.ScopeInvalid},
		{"throttled", e.Throttled}, {"temporary", e.Temporary},
	} {
		for i, code := range list.codes {
			path := "errors." + list.name + "." + strconv.Itoa(i)
			if code == "" {
				v.fault(path, "is empty")
			} else if other := meaning[code]; other != "" {
				v.fault(path, "%q means %s already", code, other)
			}
			meaning[code] = list.name
		}
	}
}

func (v *validator) verification() {
	x := v.t.Verification
	switch x.By {
	case VerifyOrganizationFlag:
		if v.t.Organizations == nil || x.Path == "" || len(x.Values) == 0 {
			v.fault("verification", "by organization_flag needs path, values and organizations")
		}
	case VerifyAPIDomain:
		if v.t.API.Domain == "" {
			v.fault("verification", "by api_domain needs api.domain")
		}
	case VerifyHost:
		if len(x.Values) == 0 {
			v.fault("verification", "by host needs values")
		}
	}
	for _, e := range keys(x.Values) {
		if _, ok := v.t.Environments[e]; !ok {
			v.fault("verification.values."+string(e), "is not one of the type's environments")
		}
	}
}

// answers checks the sections that say how answers are read.
func (v *validator) answers() {
	if o := v.t.Organizations; o != nil {
		if o.URL == "" || o.ID == "" {
			v.fault("organizations", "needs url and id")
		}
		if o.Header != "" && v.t.API.Headers[o.Header] != PlaceholderOrganization {
			v.fault("organizations.header", "api.headers must hold \"%s: %s\"", o.Header, PlaceholderOrganization)
		}
	}
	if p := v.t.People; p != nil && (p.URL == "" || p.List == "" || p.ID == "" || p.Offset == "" || p.Limit == "" || p.Size < 1) {
		v.fault("people", "needs url, list, id, offset, limit and size")
	}
	if a := v.t.Account; a != nil && (a.URL == "" || a.ID == "") {
		v.fault("account", "needs url and id")
	}
	if c := v.t.TestCall; c != nil && c.URL == "" {
		v.fault("test_call", "needs url")
	}
	if by := v.t.IssuerByClaim; by != nil {
		if by.Claim == "" || by.Template == "" || by.Pattern == "" || v.t.Parameters[by.Parameter].Name == "" {
			v.fault("issuer_by_claim", "needs claim, pattern, template and a parameter of the type")
		}
		v.pattern("issuer_by_claim.pattern", by.Pattern)
	}
	for i, status := range v.t.Revocation.GoneStatuses {
		if status < 400 || status > 499 {
			v.fault("revocation.gone_statuses."+strconv.Itoa(i), "must be from 400 to 499")
		}
	}
}

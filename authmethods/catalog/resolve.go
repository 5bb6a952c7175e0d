package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"latchkey/authmethods"
)

// Choice is what a method and its environment decide about a type.
type Choice struct {
	Environment    authmethods.Environment
	DataCentre     string // a code, or "" or authmethods.DataCentreAuto
	EnvironmentURL string
	Settings       authmethods.Settings
	// Mode, if given, makes the settings which that mode needs required.
	Mode authmethods.Mode
}

// Provider is a type resolved for one choice: plain values, all addresses
// absolute. Only APIBaseURL and what derives from it may hold
// [PlaceholderInstanceURL], and headers and parameters [PlaceholderOrganization].
type Provider struct {
	Type        string
	Protocol    Protocol
	Environment authmethods.Environment
	DataCentre  string // a code, or "" where the type has none

	Issuer          string // "" where IssuerByClaim decides
	IssuerSpellings []string
	IssuerByClaim   *IssuerByClaim // its template holds {claim}
	Discover        bool           // the endpoints come by discovery from Issuer
	// NamesIssuer says that callbacks always carry iss (RFC 9207); told by discovery.
	NamesIssuer bool

	AuthorizationServer   string
	AuthorizationEndpoint string
	TokenEndpoint         string
	RevocationEndpoint    string
	UserinfoEndpoint      string
	JWKSURI               string
	// EndSessionEndpoint is where the browser ends the provider's own session (OpenID
	// Connect RP-Initiated Logout 1.0); empty: the provider offers none.
	EndSessionEndpoint string
	IDTokens           IDTokens
	Profile            *Profile

	Instance          string // origin of the environment URL
	APIBaseURL        string
	APIDomains        []string // the only api_domain values to believe, no final slash
	TokenHeader       string
	TokenHeaderPrefix string
	APIHeaders        map[string]string
	APIErrors         APIErrors
	instanceHosts     []string
	mayHTTP           func(host string) bool

	ScopeSeparator          string
	IdentityScopes          []string
	AuthorizeParams         map[string]string // for consents
	SignInParams            map[string]string // for signing in
	ClientCredentialsParams map[string]string
	ClientAuth              ClientAuth
	PKCE                    PKCE

	Refresh       Refresh
	Limits        Limits
	Errors        Errors
	Revocation    Revocation
	RegionParams  RegionParams
	Verify        Verification
	Organizations *Organizations
	People        *People
	Account       *Account
	TestCall      *TestCall
	ConsoleURL    string
}

// Resolve fills the type's templates. Its errors are *authmethods.Problem of kind
// Invalid that point at the field of the method to mend.
func (t *Type) Resolve(in Choice) (Provider, error) {
	r := resolver{t: t, in: in, values: map[string]string{}}
	r.environment()
	r.dataCentre()
	r.address()
	r.parameters()
	r.settings()
	if r.problem == nil {
		r.fill()
	}
	if r.problem != nil {
		return Provider{}, r.problem
	}
	return r.p, nil
}

type resolver struct {
	t       *Type
	in      Choice
	dc      DataCentre
	values  map[string]string // of placeholders
	p       Provider
	problem *authmethods.Problem
}

func (r *resolver) fault(pointer, format string, args ...any) {
	found := authmethods.InvalidField(pointer, fmt.Sprintf(format, args...))
	if r.problem == nil {
		r.problem = found
		return
	}
	if !slices.Contains(r.problem.Fields, found.Fields[0]) { // several templates may lack one host
		r.problem.Fields = append(r.problem.Fields, found.Fields...)
	}
}

func (r *resolver) environment() {
	if _, ok := r.t.Environments[r.in.Environment]; !ok {
		r.fault("/environment", "%s", r.t.noEnvironment(r.in.Environment))
	}
	for name, host := range r.t.HostTable {
		r.values[name] = host[r.in.Environment]
	}
}

func (t *Type) noEnvironment(e authmethods.Environment) string {
	var known []string
	for _, k := range t.EnvironmentsInOrder() {
		known = append(known, string(k))
	}
	return fmt.Sprintf("%s has no environment %q; it has %s.", t.Name, e, strings.Join(known, ", "))
}

// dataCentre takes the chosen one; for "auto" the one the environment URL lies
// in, else the type's default.
func (r *resolver) dataCentre() {
	code := r.in.DataCentre
	auto := code == "" || code == authmethods.DataCentreAuto
	if detail := r.t.checkDataCentre(code); detail != "" {
		r.fault("/data_centre", "%s", detail)
		return
	}
	if len(r.t.DataCentres) == 0 {
		return
	}
	if auto {
		code = r.t.DefaultDataCentre
		if typed, ok := r.t.DataCentreFor(r.in.EnvironmentURL); ok {
			code = typed
		}
	}
	r.dc, _ = r.t.DataCentre(code)
	r.values["authorization_server"] = r.dc.AuthorizationServer
	for name, host := range r.dc.Hosts {
		r.values[name] = host[r.in.Environment]
	}
}

func (t *Type) checkDataCentre(code string) string {
	if code == "" || code == authmethods.DataCentreAuto {
		return ""
	}
	if len(t.DataCentres) == 0 {
		return fmt.Sprintf("%s has no data centres to choose from; leave it on auto.", t.Name)
	}
	if _, ok := t.DataCentre(code); ok {
		return ""
	}
	var known []string
	for _, dc := range t.DataCentres {
		known = append(known, dc.Code)
	}
	return fmt.Sprintf("%s has no data centre %q; it has auto, %s.", t.Name, code, strings.Join(known, ", "))
}

func (r *resolver) address() {
	raw := r.in.EnvironmentURL
	if detail := r.t.checkAddress(raw); detail != "" {
		r.fault("/environment_url", "%s", detail)
		return
	}
	if raw == "" || r.t.Address.Use != UseInstance {
		return
	}
	u, _ := parseAddress(raw, r.t.mayHTTP)
	r.p.Instance = origin(u)
	r.values["instance"] = r.p.Instance
	r.values["environment_url"] = strings.TrimRight(r.p.Instance+u.EscapedPath(), "/")
	if name := r.t.Address.Replaces; name != "" {
		r.values[name] = r.p.Instance
	}
}

// checkAddress says what is wrong with an environment URL, or "".
func (t *Type) checkAddress(raw string) string {
	a := t.Address
	switch {
	case raw == "" && a.Required:
		return fmt.Sprintf("%s needs its address, for example %s.", t.Name, a.Example)
	case raw == "":
		return ""
	case a.Use == "":
		return fmt.Sprintf("%s has one address for everybody; leave this empty.", t.Name)
	}
	u, wrong := parseAddress(raw, t.mayHTTP)
	if wrong != "" {
		return "This address " + wrong + "."
	}
	if !hostAllowed(u.Hostname(), a.Hosts) {
		return fmt.Sprintf("This is not an address of %s, whose hosts are %s; an example is %s.",
			t.Name, describeHosts(a.Hosts), a.Example)
	}
	if port := u.Port(); len(a.Hosts) > 0 && port != "" && port != "443" && !t.mayHTTP(u.Hostname()) {
		return "This address must not name a port."
	}
	return ""
}

func describeHosts(hosts []string) string {
	var words []string
	for _, h := range hosts {
		if strings.HasPrefix(h, ".") {
			h = "*" + h
		}
		words = append(words, h)
	}
	return strings.Join(words, ", ")
}

func (r *resolver) parameters() {
	given := r.in.Settings.Parameters
	for _, f := range r.t.checkParameters(given) {
		r.fault(f.Pointer, "%s", f.Detail)
	}
	for name, parameter := range r.t.Parameters {
		r.values[name] = parameter.Default
		if value := given[name]; value != "" {
			r.values[name] = value
		}
	}
}

func (t *Type) checkParameters(given map[string]string) []authmethods.FieldError {
	var faults []authmethods.FieldError
	add := func(name, detail string) {
		faults = append(faults, authmethods.FieldError{Pointer: "/parameters/" + pointerPart(name), Detail: detail})
	}
	for _, name := range keys(given) {
		if _, ok := t.Parameters[name]; !ok {
			add(name, fmt.Sprintf("%s has no parameter %q.", t.Name, name))
		}
	}
	for _, name := range keys(t.Parameters) {
		parameter, value := t.Parameters[name], given[name]
		if value == "" {
			if parameter.Required && parameter.Default == "" {
				add(name, parameter.Name+" is needed. "+parameter.Help)
			}
			continue
		}
		if pattern, err := wholly(parameter.Pattern); err != nil || !pattern.MatchString(value) {
			add(name, strings.TrimSpace("This is not a valid "+parameter.Name+". "+parameter.Help))
		}
	}
	return faults
}

func (r *resolver) settings() {
	for _, f := range r.t.checkSettings(r.in.Settings, r.in.Mode) {
		r.fault(f.Pointer, "%s", f.Detail)
	}
}

// fill computes every field once the choice is known to be sound.
func (r *resolver) fill() {
	t, p, s := r.t, &r.p, r.in.Settings
	p.Type, p.Protocol, p.Environment, p.DataCentre = t.ID, t.Protocol, r.in.Environment, r.dc.Code
	p.AuthorizationServer = r.dc.AuthorizationServer
	p.Discover = t.Endpoints.Discover
	p.AuthorizationEndpoint = or(s.AuthorizeURL, r.text(t.Endpoints.Authorization))
	p.TokenEndpoint = or(s.TokenURL, r.text(t.Endpoints.Token))
	p.RevocationEndpoint = or(s.RevokeURL, r.text(t.Endpoints.Revocation))
	p.UserinfoEndpoint = or(s.UserinfoURL, r.text(t.Endpoints.Userinfo))
	p.JWKSURI = r.text(t.Endpoints.JWKS)
	r.issuer()
	p.APIBaseURL = r.text(t.API.BaseURL)
	r.values["api_base_url"] = p.APIBaseURL
	p.TokenHeader, p.TokenHeaderPrefix = t.API.TokenHeader, or(s.TokenHeaderPrefix, t.API.TokenPrefix)
	p.APIHeaders = r.texts(t.API.Headers)
	p.APIErrors, p.instanceHosts, p.mayHTTP = t.API.Errors, t.API.InstanceHosts, t.mayHTTP
	p.ScopeSeparator, p.IdentityScopes = or(s.ScopeSeparator, t.Scopes.Separator), slices.Clone(t.Scopes.Identity)
	p.AuthorizeParams = r.texts(t.Authorize.Params)
	maps.Copy(p.AuthorizeParams, s.AuthorizeParams)
	p.ClientCredentialsParams = r.texts(t.ClientCredentials.Params)
	p.ClientAuth, p.PKCE = ClientAuth(or(s.ClientAuth, string(t.Client.Authentication))), t.Authorize.PKCE
	p.Refresh, p.Limits, p.Errors = t.Refresh, t.Limits, t.Errors
	p.Revocation, p.RegionParams = t.Revocation, t.Region
	p.ConsoleURL = or(r.dc.Console, r.text(t.Console.URL))
	r.apiDomains()
	r.calls()
	r.signIn()
}

func (r *resolver) issuer() {
	t, p := r.t, &r.p
	p.Issuer = or(r.in.Settings.Issuer, r.text(t.Endpoints.Issuer))
	if by := t.IssuerByClaim; by != nil {
		pattern, err := wholly(by.Pattern)
		if err != nil || !pattern.MatchString(r.values[by.Parameter]) {
			resolved := *by
			resolved.Template = r.text(by.Template)
			p.Issuer, p.IssuerByClaim = "", &resolved
			return
		}
	}
	if p.Issuer == "" {
		return
	}
	for _, spelling := range t.Endpoints.IssuerSpellings {
		switch spelling {
		case SpelledAsIs:
			p.IssuerSpellings = append(p.IssuerSpellings, p.Issuer)
		case SpelledWithoutScheme:
			_, bare, _ := strings.Cut(p.Issuer, "://")
			p.IssuerSpellings = append(p.IssuerSpellings, bare)
		}
	}
}

// apiDomains believes the data centre's domains of every environment: that of
// another environment is a finding for the verification, not a stranger.
func (r *resolver) apiDomains() {
	for _, name := range placeholders(r.t.API.Domain) {
		for _, e := range authmethods.Environments {
			if domain := r.dc.Hosts[name][e]; domain != "" && !slices.Contains(r.p.APIDomains, domain) {
				r.p.APIDomains = append(r.p.APIDomains, domain)
			}
		}
	}
	r.p.Verify = r.t.Verification
	if r.p.Verify.By == VerifyAPIDomain {
		r.p.Verify.APIDomain = r.text(r.t.API.Domain)
	}
}

// text fills one template. What depends on an environment URL that need not be
// given is empty without it; an address that the table lacks is a fault.
func (r *resolver) text(template string) string {
	text, missing := expand(template, r.values)
	switch {
	case missing == "":
		return text
	case missing == "instance" || missing == "environment_url" || missing == "api_base_url":
		return ""
	case r.t.IssuerByClaim != nil && missing == r.t.IssuerByClaim.Claim && template == r.t.IssuerByClaim.Template:
		return text
	case r.p.DataCentre != "":
		r.fault("/data_centre", "The address of %s in the %s of the data centre %s (%s) is not known. "+
			"An operator can add it in a file that extends the type.", r.t.Name, r.in.Environment, r.dc.Name, r.dc.Code)
	default:
		r.fault("/environment", "The address of %s in %s is not known.", r.t.Name, r.in.Environment)
	}
	return ""
}

func (r *resolver) texts(templates map[string]string) map[string]string {
	texts := map[string]string{}
	for name, template := range templates {
		texts[name] = r.text(template)
	}
	return texts
}

func or(first, second string) string {
	if first != "" {
		return first
	}
	return second
}

package catalog

import "slices"

// Class is what an error of the token endpoint means for a grant.
type Class string

// The classes. ClassOK is for the classifier of whole answers; [Errors.Class]
// never returns it.
const (
	ClassOK             Class = "ok"
	ClassGrantLost      Class = "grant_lost"      // this grant is dead: consent again
	ClassClientRejected Class = "client_rejected" // the client is refused, the grants live
	ClassScopeInvalid   Class = "scope_invalid"
	// ClassRedirectURI means that the redirect URI is not the registered one.
	ClassRedirectURI Class = "redirect_uri"
	// ClassOrganizationMissing means that the request must name an organisation.
	ClassOrganizationMissing Class = "organization_missing"
	ClassThrottled           Class = "throttled"
	ClassTemporary           Class = "temporary"
)

// Errors describes how a provider's token endpoint fails. The codes of RFC 6749
// and RFC 8628 hold beside the listed ones, which go first.
type Errors struct {
	// In200 means that errors come with HTTP status 200.
	In200 bool `yaml:"errors_in_200"`
	// CodeFields are the fields that may hold the code, best first.
	CodeFields     []string `yaml:"code_fields"`
	GrantLost      []string `yaml:"grant_lost"`
	ClientRejected []string `yaml:"client_rejected"`
	ScopeInvalid   []string `yaml:"scope_invalid"`
	RedirectURI    []string `yaml:"redirect_uri"`
	// OrganizationMissing are codes for a request that must name an organisation.
	OrganizationMissing []string `yaml:"organization_missing"`
	Throttled           []string `yaml:"throttled"`
	Temporary           []string `yaml:"temporary"`
	// ThrottledWhen are fields whose values show a throttle whatever the code,
	// for providers that translate their codes.
	ThrottledWhen map[string]string `yaml:"throttled_when"`
}

// Class maps an error code, compared exactly. An unknown code is temporary: a
// grant is never given up for a word nobody has explained.
func (e Errors) Class(code string) Class {
	for _, own := range []struct {
		codes []string
		class Class
	}{
		{e.Temporary, ClassTemporary}, {e.Throttled, ClassThrottled},
		{e.GrantLost, ClassGrantLost}, {e.ClientRejected, ClassClientRejected},
		{e.ScopeInvalid, ClassScopeInvalid}, {e.RedirectURI, ClassRedirectURI},
		{e.OrganizationMissing, ClassOrganizationMissing},
	} {
		if slices.Contains(own.codes, code) {
			return own.class
		}
	}
	switch code {
	case "invalid_grant":
		return ClassGrantLost
	case "invalid_client", "unauthorized_client":
		return ClassClientRejected
	case "invalid_scope":
		return ClassScopeInvalid
	case "slow_down":
		return ClassThrottled
	}
	return ClassTemporary
}

// Knows reports whether the provider's file or an RFC explains code; an unknown
// code leaves room for [Errors.ThrottleShape].
func (e Errors) Knows(code string) bool {
	return e.Class(code) != ClassTemporary || slices.Contains(e.Temporary, code)
}

// Believes reports whether a final class (grant lost, client rejected, scope
// invalid) counts when it comes with this HTTP status: what a failing server says
// of a grant is not final.
func (e Errors) Believes(status int) bool {
	if status == 200 {
		return e.In200
	}
	return status >= 400 && status < 500 && status != 408 && status != 425 && status != 429
}

// ThrottleShape reports whether the fields of an error body show a throttle.
// Ask it only for a code that is not known.
func (e Errors) ThrottleShape(body map[string]any) bool {
	for field, want := range e.ThrottledWhen {
		if got, _ := body[field].(string); got != want {
			return false
		}
	}
	return len(e.ThrottledWhen) > 0
}

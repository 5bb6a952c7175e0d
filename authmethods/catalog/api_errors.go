package catalog

import (
	"slices"
	"strings"
)

// APIErrors describes how a provider's API, as opposed to its token endpoint,
// refuses a token. A status alone does not tell: some report a missing scope
// with 401, where a new token would not help.
type APIErrors struct {
	Permission    []string `yaml:"permission"`
	Organization  []string `yaml:"organization"` // the wrong one was named
	Account       []string `yaml:"account"`      // role or licence is too low
	Quota         []string `yaml:"quota"`        // of calls, whichever token they bear
	TokenRejected []string `yaml:"token_rejected"`
}

// APIClass is what a refusal by the API means for the token.
type APIClass string

// The classes.
const (
	APITokenRejected APIClass = "token_rejected" // another token may work
	APIPermission    APIClass = "permission"     // no token of this grant will
	APIOrganization  APIClass = "organization"   // nor here: the organisation is another one
	APIAccount       APIClass = "account"        // nor here: the account itself may not
	APIQuota         APIClass = "quota"          // nor here, for a while
	APIOther         APIClass = "other"          // it was not about the token
)

// Class judges a refusal by HTTP status and error code, which may be empty.
// Codes are compared without case. A 403 is never about the token itself.
func (e APIErrors) Class(status int, code string) APIClass {
	is := func(known string) bool { return strings.EqualFold(known, code) }
	switch {
	case slices.ContainsFunc(e.Organization, is):
		return APIOrganization
	case slices.ContainsFunc(e.Account, is):
		return APIAccount
	case slices.ContainsFunc(e.Quota, is):
		return APIQuota
	case status == 403 || slices.ContainsFunc(e.Permission, is) || strings.EqualFold(code, "insufficient_scope"):
		return APIPermission
	case status == 401 || slices.ContainsFunc(e.TokenRejected, is):
		return APITokenRejected
	}
	return APIOther
}

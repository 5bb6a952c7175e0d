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
	TokenRejected []string `yaml:"token_rejected"`
}

// APIClass is what a refusal by the API means for the token.
type APIClass string

// The classes.
const (
	APITokenRejected APIClass = "token_rejected" // another token may work
	APIPermission    APIClass = "permission"     // no token of this grant will
	APIOther         APIClass = "other"          // it was not about the token
)

// Class judges a refusal by HTTP status and error code, which may be empty.
// Codes are compared without case. A 403 is never about the token itself.
func (e APIErrors) Class(status int, code string) APIClass {
	is := func(known string) bool { return strings.EqualFold(known, code) }
	switch {
	case status == 403 || slices.ContainsFunc(e.Permission, is) || strings.EqualFold(code, "insufficient_scope"):
		return APIPermission
	case status == 401 || slices.ContainsFunc(e.TokenRejected, is):
		return APITokenRejected
	}
	return APIOther
}

package main

import (
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// authRequest is an authorization request between its arrival and the exchange
// of its code.
type authRequest struct {
	id       string
	asked    oidc.AuthRequest
	subject  string
	authTime time.Time
	approved bool
	grant    *grant // what its code was exchanged for
}

func (a *authRequest) GetID() string          { return a.id }
func (a *authRequest) GetACR() string         { return "" }
func (a *authRequest) GetAMR() []string       { return []string{"pwd"} }
func (a *authRequest) GetAudience() []string  { return []string{a.asked.ClientID} }
func (a *authRequest) GetAuthTime() time.Time { return a.authTime }
func (a *authRequest) GetClientID() string    { return a.asked.ClientID }
func (a *authRequest) GetNonce() string       { return a.asked.Nonce }
func (a *authRequest) GetRedirectURI() string { return a.asked.RedirectURI }
func (a *authRequest) GetScopes() []string    { return slices.Clone(a.asked.Scopes) }
func (a *authRequest) GetState() string       { return a.asked.State }
func (a *authRequest) GetSubject() string     { return a.subject }
func (a *authRequest) Done() bool             { return a.approved }

func (a *authRequest) GetResponseType() oidc.ResponseType { return a.asked.ResponseType }
func (a *authRequest) GetResponseMode() oidc.ResponseMode { return a.asked.ResponseMode }

func (a *authRequest) GetCodeChallenge() *oidc.CodeChallenge {
	return &oidc.CodeChallenge{Challenge: a.asked.CodeChallenge, Method: a.asked.CodeChallengeMethod}
}

// refreshRequest is a refresh in progress: the grant, with the scopes asked for now.
type refreshRequest struct {
	grant  *grant
	scopes []string
}

func (r *refreshRequest) GetAMR() []string              { return []string{"pwd"} }
func (r *refreshRequest) GetAudience() []string         { return []string{r.grant.clientID} }
func (r *refreshRequest) GetAuthTime() time.Time        { return r.grant.authTime }
func (r *refreshRequest) GetClientID() string           { return r.grant.clientID }
func (r *refreshRequest) GetScopes() []string           { return r.scopes }
func (r *refreshRequest) GetSubject() string            { return r.grant.subject }
func (r *refreshRequest) SetCurrentScopes(now []string) { r.scopes = now }

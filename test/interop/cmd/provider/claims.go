package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// errNoAssertions answers the parts of the library that serve JWT assertions,
// which this provider has no keys for.
var errNoAssertions = errors.New("JWT assertions are not supported")

func (s *storage) SetUserinfoFromToken(_ context.Context, info *oidc.UserInfo, tokenID, _, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, ok := s.access[tokenID]
	if !ok || !token.valid(time.Now()) {
		return errors.New("access token expired or revoked")
	}
	fillClaims(info, token.grant.subject, token.scopes)
	return nil
}

// SetUserinfoFromScopes stays empty, as the library asks: the request knows more.
func (s *storage) SetUserinfoFromScopes(context.Context, *oidc.UserInfo, string, string, []string) error {
	return nil
}

func (s *storage) SetUserinfoFromRequest(_ context.Context, info *oidc.UserInfo, request op.IDTokenRequest, scopes []string) error {
	fillClaims(info, request.GetSubject(), scopes)
	return nil
}

func fillClaims(info *oidc.UserInfo, subject string, scopes []string) {
	info.Subject = subject
	if slices.Contains(scopes, oidc.ScopeProfile) {
		info.Name = subject
		info.PreferredUsername = subject
	}
	if slices.Contains(scopes, oidc.ScopeEmail) {
		info.Email = subject + "@example.test"
		info.EmailVerified = true
	}
}

func (s *storage) SetIntrospectionFromToken(_ context.Context, answer *oidc.IntrospectionResponse, tokenID, subject, clientID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, ok := s.access[tokenID]
	if !ok || !token.valid(time.Now()) || token.grant.clientID != clientID {
		return errors.New("access token expired or revoked")
	}
	answer.Active = true
	answer.Subject = subject
	answer.ClientID = clientID
	answer.Scope = token.scopes
	answer.Expiration = oidc.FromTime(token.expires)
	return nil
}

func (s *storage) GetPrivateClaimsFromScopes(context.Context, string, string, []string) (map[string]any, error) {
	return nil, nil
}

func (s *storage) GetKeyByIDAndClientID(context.Context, string, string) (*jose.JSONWebKey, error) {
	return nil, errNoAssertions
}

func (s *storage) ValidateJWTProfileScopes(context.Context, string, []string) ([]string, error) {
	return nil, errNoAssertions
}

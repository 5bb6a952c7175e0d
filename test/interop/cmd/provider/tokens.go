package main

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// roundingMargin keeps expires_in at the whole number of seconds asked for: the
// library computes it a moment after the issue and cuts off the fraction.
const roundingMargin = 100 * time.Millisecond

func (s *storage) CreateAccessToken(_ context.Context, request op.TokenRequest) (string, time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	granted, err := s.grantOf(request)
	if err != nil {
		return "", time.Time{}, err
	}
	id, expires := s.issueAccess(granted, request.GetScopes())
	return id, expires, nil
}

func (s *storage) CreateAccessAndRefreshTokens(_ context.Context, request op.TokenRequest, current string) (string, string, time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	granted, err := s.grantOf(request)
	if err != nil {
		return "", "", time.Time{}, err
	}
	if current != "" {
		// Checked again under the lock that spends it: two requests with the
		// same token may both have passed the first check.
		if _, err := s.living(current); err != nil {
			return "", "", time.Time{}, oidc.ErrInvalidGrant().WithParent(err)
		}
		s.refresh[current].spent = true
	}
	next := "rt_" + rand.Text()
	s.refresh[next] = &refreshToken{grant: granted, expires: time.Now().Add(s.refreshLife)}
	id, expires := s.issueAccess(granted, request.GetScopes())
	return id, next, expires, nil
}

// grantOf finds the grant of a refresh, or makes the grant of a code on its first use.
func (s *storage) grantOf(request op.TokenRequest) (*grant, error) {
	switch request := request.(type) {
	case *refreshRequest:
		return request.grant, nil
	case *authRequest:
		kept, ok := s.requests[request.id]
		if !ok || kept.grant != nil {
			return nil, oidc.ErrInvalidGrant().WithDescription("code already used")
		}
		kept.grant = &grant{
			id:       rand.Text()[:8],
			clientID: kept.asked.ClientID,
			subject:  kept.subject,
			scopes:   kept.GetScopes(),
			authTime: kept.authTime,
		}
		s.grants = append(s.grants, kept.grant)
		return kept.grant, nil
	default:
		return nil, oidc.ErrServerError().WithDescription("no grant for a %T", request)
	}
}

func (s *storage) issueAccess(granted *grant, scopes []string) (string, time.Time) {
	id := rand.Text()
	expires := time.Now().Add(s.accessLife + roundingMargin)
	s.access[id] = &accessToken{grant: granted, scopes: scopes, expires: expires}
	return id, expires
}

func (s *storage) TokenRequestByRefreshToken(_ context.Context, token string) (op.RefreshTokenRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept, err := s.living(token)
	if err != nil {
		return nil, err
	}
	return &refreshRequest{grant: kept.grant, scopes: kept.grant.scopes}, nil
}

// living returns a refresh token that may be used now. A spent one that comes
// back means that two parties hold it, so its whole grant ends.
func (s *storage) living(token string) (*refreshToken, error) {
	kept, ok := s.refresh[token]
	if !ok {
		return nil, op.ErrInvalidRefreshToken
	}
	if kept.spent {
		kept.grant.end(endedByReuse)
		return nil, errors.New("refresh token already used")
	}
	if kept.grant.ended != "" {
		return nil, errors.New("grant ended")
	}
	if !time.Now().Before(kept.expires) {
		return nil, errors.New("refresh token expired")
	}
	return kept, nil
}

func (s *storage) GetRefreshTokenInfo(_ context.Context, _, token string) (string, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept, ok := s.refresh[token]
	if !ok {
		return "", "", op.ErrInvalidRefreshToken
	}
	return kept.grant.subject, token, nil
}

// RevokeToken ends the grant of a refresh token, spent or not, or one access
// token. A token it does not know is already as dead as the client wants it.
func (s *storage) RevokeToken(_ context.Context, token, _, clientID string) *oidc.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if kept, ok := s.refresh[token]; ok && kept.grant.clientID == clientID {
		kept.grant.end(endedByRevocation)
	}
	if kept, ok := s.access[token]; ok && kept.grant.clientID == clientID {
		kept.revoked = true
	}
	return nil
}

func (s *storage) TerminateSession(_ context.Context, subject, clientID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, granted := range s.grants {
		if granted.subject == subject && granted.clientID == clientID {
			granted.end(endedByLogout)
		}
	}
	return nil
}

// endAll ends every living grant and unfinished request, and counts the grants.
func (s *storage) endAll() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	ended := 0
	for _, granted := range s.grants {
		if granted.ended == "" {
			granted.end(endedByUser)
			ended++
		}
	}
	for code, request := range s.codes {
		if request.grant == nil {
			delete(s.codes, code)
		}
	}
	clear(s.requests)
	return ended
}

func (s *storage) states() []grantState {
	s.mu.Lock()
	defer s.mu.Unlock()
	states := make([]grantState, 0, len(s.grants))
	for _, g := range s.grants {
		states = append(states, grantState{ID: g.id, User: g.subject, Scopes: g.scopes, Alive: g.ended == "", Ended: g.ended})
	}
	return states
}

// grantID names the grant a refresh token belongs to, or nothing.
func (s *storage) grantID(token string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if kept, ok := s.refresh[token]; ok {
		return kept.grant.id
	}
	return ""
}

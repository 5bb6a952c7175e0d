package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"sync"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// storage keeps everything the library asks for, in memory, behind one lock.
type storage struct {
	client       *client
	clientSecret string
	user         string
	accessLife   time.Duration
	refreshLife  time.Duration

	mu       sync.Mutex
	keys     []signingKey // all that are published; the last one signs
	keysMade int
	requests map[string]*authRequest // by id
	codes    map[string]*authRequest // by code, spent codes included
	grants   []*grant
	refresh  map[string]*refreshToken // by value, spent ones included
	access   map[string]*accessToken  // by id
}

func newStorage(chosen settings, key signingKey) *storage {
	return &storage{
		client:       &client{id: chosen.clientID, redirectURIs: chosen.redirectURIs, logoutURIs: chosen.logoutURIs},
		clientSecret: chosen.clientSecret,
		user:         chosen.user,
		accessLife:   chosen.accessTokenLife,
		refreshLife:  chosen.refreshTokenLife,
		keys:         []signingKey{key},
		keysMade:     1,
		requests:     make(map[string]*authRequest),
		codes:        make(map[string]*authRequest),
		refresh:      make(map[string]*refreshToken),
		access:       make(map[string]*accessToken),
	}
}

func (s *storage) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	if id != s.client.id {
		return nil, oidc.ErrInvalidClient().WithDescription("unknown client")
	}
	return s.client, nil
}

func (s *storage) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	if id != s.client.id || subtle.ConstantTimeCompare([]byte(secret), []byte(s.clientSecret)) != 1 {
		return errors.New("unknown client or wrong secret")
	}
	return nil
}

// CreateAuthRequest refuses a request without PKCE here, after the library has
// checked the redirect URI, so that the refusal travels back to the client.
func (s *storage) CreateAuthRequest(_ context.Context, asked *oidc.AuthRequest, _ string) (op.AuthRequest, error) {
	switch {
	case asked.CodeChallenge == "":
		return nil, oidc.ErrInvalidRequest().WithDescription("code_challenge required")
	case asked.CodeChallengeMethod != oidc.CodeChallengeMethodS256:
		return nil, oidc.ErrInvalidRequest().WithDescription("code_challenge_method must be S256")
	}
	request := &authRequest{id: rand.Text(), asked: *asked}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests[request.id] = request
	return request, nil
}

// approve marks the request as allowed by the only user.
func (s *storage) approve(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if request, ok := s.requests[id]; ok {
		request.approved = true
		request.subject = s.user
		request.authTime = time.Now()
	}
}

func (s *storage) AuthRequestByID(_ context.Context, id string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	request, ok := s.requests[id]
	if !ok {
		return nil, errors.New("unknown authorization request")
	}
	// A copy, because the library reads it after the lock is released.
	snapshot := *request
	return &snapshot, nil
}

func (s *storage) SaveAuthCode(_ context.Context, id, code string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	request, ok := s.requests[id]
	if !ok {
		return errors.New("unknown authorization request")
	}
	s.codes[code] = request
	return nil
}

func (s *storage) AuthRequestByCode(_ context.Context, code string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	request, ok := s.codes[code]
	if !ok {
		return nil, errors.New("unknown code")
	}
	if request.grant != nil {
		request.grant.end(endedByReuse)
		return nil, errors.New("code already used")
	}
	snapshot := *request
	return &snapshot, nil
}

// DeleteAuthRequest forgets the request but not its code, so that a second use
// of the code is still recognised.
func (s *storage) DeleteAuthRequest(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.requests, id)
	return nil
}

func (s *storage) Health(context.Context) error { return nil }

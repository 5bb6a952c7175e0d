package forcesim

import (
	"crypto/rand"
	"slices"
	"strings"
)

// grant is one consent: the tokens of one code.
type grant struct {
	host     Host
	clientID string
	scopes   []string
	ended    bool
}

// code is an authorization code waiting for its exchange.
type code struct {
	grant       *grant
	redirectURI string
	challenge   string
}

type refreshToken struct {
	grant *grant
	spent bool
}

type accessToken struct{ grant *grant }

// defaultScopes are granted when a request names none.
const defaultScopes = "refresh_token api id"

func (g *grant) scope() string { return strings.Join(g.scopes, " ") }

// renewable says whether the grant may have a refresh token at all.
func (g *grant) renewable() bool {
	return slices.Contains(g.scopes, "refresh_token") || slices.Contains(g.scopes, "offline_access")
}

// issueAccess and issueRefresh are called under the lock.
func (s *Server) issueAccess(g *grant, org organisation) string {
	token := org.id[:15] + "!" + rand.Text()
	s.access[token] = &accessToken{grant: g}
	return token
}

func (s *Server) issueRefresh(g *grant) string {
	token := "5Aep" + rand.Text() + rand.Text()
	s.refresh[token] = &refreshToken{grant: g}
	return token
}

// accepts says whether an access token is good at a host.
func (s *Server) accepts(token string, host Host) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept, ok := s.access[token]
	return ok && !kept.grant.ended && kept.grant.host == host
}

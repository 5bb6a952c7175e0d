package forcesim

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
)

// Client is an application registered at one host.
type Client struct {
	ID           string
	Secret       string
	RedirectURIs []string
	RequirePKCE  bool
	// Scopes are all that it is ever granted, whatever it asks for, as the settings of a
	// connected app have it; nil: what it asks for.
	Scopes []string
}

// Server is a running simulator.
type Server struct {
	URL string

	http *httptest.Server

	mu       sync.Mutex
	clients  map[Host]map[string]Client
	codes    map[string]*code
	refresh  map[string]*refreshToken
	access   map[string]*accessToken
	grants   []*grant
	denied   bool
	rotating bool
	log      []TokenRequest
	inFlight int
}

// Start serves on a free loopback port until Close.
func Start() *Server {
	s := &Server{
		clients: map[Host]map[string]Client{Production: {}, Sandbox: {}},
		codes:   make(map[string]*code),
		refresh: make(map[string]*refreshToken),
		access:  make(map[string]*accessToken),
	}
	mux := http.NewServeMux()
	for _, org := range organisations() {
		oauth := "/" + string(org.host) + "/services/oauth2/"
		mux.HandleFunc("GET "+oauth+"authorize", s.authorize(org))
		mux.HandleFunc(oauth+"token", s.token(org))
		mux.HandleFunc(oauth+"revoke", s.revoke)
		mux.HandleFunc(oauth+"userinfo", s.userinfo(org))
		mux.HandleFunc("/"+string(org.host)+"/id/"+org.id+"/"+org.userID, s.userinfo(org))
		mux.HandleFunc("GET /"+org.instance+"/services/data/", s.data(org))
	}
	s.http = httptest.NewServer(mux)
	s.URL = s.http.URL
	return s
}

// Close stops the server.
func (s *Server) Close() { s.http.Close() }

// Endpoint is the address of "authorize", "token", "revoke" or "userinfo" at a host.
func (s *Server) Endpoint(host Host, name string) string {
	return s.URL + "/" + string(host) + "/services/oauth2/" + name
}

// InstanceURL is the API base that tokens of a host are good for.
func (s *Server) InstanceURL(host Host) string {
	orgs := organisations()
	i := slices.IndexFunc(orgs, func(o organisation) bool { return o.host == host })
	return s.URL + "/" + orgs[i].instance
}

// Register makes a client known at one host, and only there.
func (s *Server) Register(host Host, client Client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients[host][client.ID] = client
}

// Deny decides whether the user refuses the authorizations that follow.
func (s *Server) Deny(deny bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied = deny
}

// RotateRefreshTokens decides whether a refresh gives a new refresh token and
// spends the old one. It starts switched off.
func (s *Server) RotateRefreshTokens(rotate bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rotating = rotate
}

// ExpireAccessTokens ends every session, as the session timeout does; refresh
// tokens stay good.
func (s *Server) ExpireAccessTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.access)
}

// ExpireCodes ends every code that was not exchanged yet.
func (s *Server) ExpireCodes() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.codes)
}

// RevokeAll ends every grant, as a user does who removes the application.
func (s *Server) RevokeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.grants {
		g.ended = true
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.Header().Set("Cache-Control", "no-cache, no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// oauthError is an error answer of an OAuth endpoint.
type oauthError struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

package forcesim

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// authorize answers for the user at once: yes, or no after Deny(true).
func (s *Server) authorize(org organisation) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		s.mu.Lock()
		client, known := s.clients[org.host][query.Get("client_id")]
		s.mu.Unlock()
		// Neither of these may be redirected: nobody vouches for the address.
		if !known {
			errorPage(w, oauthError{"invalid_client_id", "client identifier invalid"})
			return
		}
		if !slices.Contains(client.RedirectURIs, query.Get("redirect_uri")) {
			errorPage(w, oauthError{"redirect_uri_mismatch", "redirect_uri must match configuration"})
			return
		}
		back := s.decide(org, client, query)
		if state := query.Get("state"); state != "" {
			back.Set("state", state)
		}
		target, err := url.Parse(query.Get("redirect_uri"))
		if err != nil {
			errorPage(w, oauthError{"redirect_uri_mismatch", "redirect_uri must match configuration"})
			return
		}
		all := target.Query()
		for name := range back {
			all.Set(name, back.Get(name))
		}
		target.RawQuery = all.Encode()
		http.Redirect(w, r, target.String(), http.StatusFound)
	}
}

// decide returns the parameters that travel back to the client.
func (s *Server) decide(org organisation, client Client, query url.Values) url.Values {
	refuse := func(code, description string) url.Values {
		return url.Values{"error": {code}, "error_description": {description}}
	}
	challenge := query.Get("code_challenge")
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case query.Get("response_type") != "code":
		return refuse("unsupported_response_type", "response type is not supported")
	case client.RequirePKCE && challenge == "":
		return refuse("invalid_request", "missing required code challenge")
	case challenge != "" && query.Get("code_challenge_method") == "plain":
		return refuse("invalid_request", "code challenge method is not supported")
	case s.denied:
		return refuse("access_denied", "end-user denied authorization")
	}
	scopes := strings.Fields(query.Get("scope"))
	if len(scopes) == 0 {
		scopes = strings.Fields(defaultScopes)
	}
	if client.Scopes != nil {
		scopes = slices.DeleteFunc(scopes, func(s string) bool { return !slices.Contains(client.Scopes, s) })
	}
	value := "aPrx" + rand.Text() + "=="
	s.codes[value] = &code{
		grant:       &grant{host: org.host, clientID: client.ID, scopes: scopes},
		redirectURI: query.Get("redirect_uri"),
		challenge:   challenge,
	}
	return url.Values{"code": {value}}
}

// errorPage shows an error to the person, as the original does: in the form of
// a query string.
func errorPage(w http.ResponseWriter, e oauthError) {
	text := "error=" + e.Code + "&error_description=" + url.PathEscape(e.Description)
	http.Error(w, text, http.StatusBadRequest)
}

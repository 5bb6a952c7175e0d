package forcesim

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// tokenAnswer is a good answer of the token endpoint. There is no expires_in.
type tokenAnswer struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token,omitempty"`
	Signature    string `json:"signature"`
	Scope        string `json:"scope"`
	InstanceURL  string `json:"instance_url"`
	ID           string `json:"id"`
	TokenType    string `json:"token_type"`
	IssuedAt     string `json:"issued_at"`
}

func (s *Server) token(org organisation) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		record := s.arrived(org.host, r)
		answer, refusal := s.answerToken(org, r)
		// Recorded before the answer leaves, so that whoever has the answer
		// also finds the record.
		s.answered(record, answer, refusal)
		if refusal != nil {
			writeJSON(w, http.StatusBadRequest, refusal)
			return
		}
		writeJSON(w, http.StatusOK, answer)
	}
}

func (s *Server) answerToken(org organisation, r *http.Request) (*tokenAnswer, *oauthError) {
	if r.Method != http.MethodPost {
		return nil, &oauthError{"invalid_request", "must use HTTP POST"}
	}
	id, secret, _ := credentials(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	client, known := s.clients[org.host][id]
	if !known {
		return nil, &oauthError{"invalid_client_id", "client identifier invalid"}
	}
	if subtle.ConstantTimeCompare([]byte(secret), []byte(client.Secret)) != 1 {
		return nil, &oauthError{"invalid_client", "invalid client credentials"}
	}
	switch r.PostForm.Get("grant_type") {
	case "authorization_code":
		return s.exchange(org, client, r.PostForm)
	case "refresh_token":
		return s.renew(org, client, r.PostForm.Get("refresh_token"))
	default:
		return nil, &oauthError{"unsupported_grant_type", "grant type not supported"}
	}
}

func (s *Server) exchange(org organisation, client Client, form url.Values) (*tokenAnswer, *oauthError) {
	kept, ok := s.codes[form.Get("code")]
	if !ok {
		return nil, &oauthError{"invalid_grant", "expired authorization code"}
	}
	if kept.grant.host != org.host || kept.grant.clientID != client.ID {
		return nil, &oauthError{"invalid_grant", "invalid authorization code"}
	}
	if kept.redirectURI != form.Get("redirect_uri") {
		return nil, &oauthError{"redirect_uri_mismatch", "redirect_uri must match configuration"}
	}
	if kept.challenge != "" && challengeOf(form.Get("code_verifier")) != kept.challenge {
		return nil, &oauthError{"invalid_grant", "invalid code verifier"}
	}
	delete(s.codes, form.Get("code"))
	s.grants = append(s.grants, kept.grant)
	answer := s.answerFor(org, client, kept.grant)
	if kept.grant.renewable() {
		answer.RefreshToken = s.issueRefresh(kept.grant)
	}
	return answer, nil
}

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (s *Server) renew(org organisation, client Client, token string) (*tokenAnswer, *oauthError) {
	expired := &oauthError{"invalid_grant", "expired access/refresh token"}
	kept, ok := s.refresh[token]
	if !ok || kept.grant.ended || kept.grant.host != org.host || kept.grant.clientID != client.ID {
		return nil, expired
	}
	if kept.spent {
		// Two parties hold it, so neither may go on.
		kept.grant.ended = true
		return nil, expired
	}
	answer := s.answerFor(org, client, kept.grant)
	if s.rotating {
		kept.spent = true
		answer.RefreshToken = s.issueRefresh(kept.grant)
	}
	return answer, nil
}

func (s *Server) answerFor(org organisation, client Client, g *grant) *tokenAnswer {
	id := s.identityURL(org)
	issued := strconv.FormatInt(time.Now().UnixMilli(), 10)
	mac := hmac.New(sha256.New, []byte(client.Secret))
	mac.Write([]byte(id + issued))
	return &tokenAnswer{
		AccessToken: s.issueAccess(g, org),
		Signature:   base64.StdEncoding.EncodeToString(mac.Sum(nil)),
		Scope:       g.scope(),
		InstanceURL: s.URL + "/" + org.instance,
		ID:          id,
		TokenType:   "Bearer",
		IssuedAt:    issued,
	}
}

func (s *Server) identityURL(org organisation) string {
	return s.URL + "/" + string(org.host) + "/id/" + org.id + "/" + org.userID
}

// credentials reads the client's name and secret from the header or the body,
// and says which of the two it was.
func credentials(r *http.Request) (id, secret, method string) {
	if id, secret, ok := r.BasicAuth(); ok {
		// RFC 6749 section 2.3.1 has both encoded as in a form.
		plainID, errID := url.QueryUnescape(id)
		plainSecret, errSecret := url.QueryUnescape(secret)
		if errID != nil || errSecret != nil {
			return id, secret, "client_secret_basic"
		}
		return plainID, plainSecret, "client_secret_basic"
	}
	id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	if secret == "" {
		return id, secret, "none"
	}
	return id, secret, "client_secret_post"
}

// revoke takes any token of either host and asks for no client, as the original does.
func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	token := r.FormValue("token")
	s.mu.Lock()
	refresh, isRefresh := s.refresh[token]
	_, isAccess := s.access[token]
	if isRefresh {
		refresh.grant.ended = true
	}
	delete(s.access, token)
	s.mu.Unlock()
	if !isRefresh && !isAccess {
		writeJSON(w, http.StatusBadRequest, oauthError{"invalid_token", "invalid token"})
		return
	}
	w.WriteHeader(http.StatusOK)
}

package forcesim

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"time"
)

// TokenRequest is one request to a token endpoint, as a test sees it afterwards.
type TokenRequest struct {
	Time         time.Time
	Host         Host
	GrantType    string
	ClientID     string
	ClientAuth   string // client_secret_basic, client_secret_post or none
	RefreshToken string // Fingerprint of the one presented
	Issued       string // Fingerprint of the refresh token given out
	Outcome      string // "ok" or the error code
	InFlight     int    // token requests open at its arrival, itself included
}

// TokenRequests lists the token requests answered so far, oldest first.
func (s *Server) TokenRequests() []TokenRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

// Fingerprint tells tokens apart without showing them; an empty token has an
// empty one.
func Fingerprint(token string) string {
	if token == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:6])
}

func (s *Server) arrived(host Host, r *http.Request) TokenRequest {
	id, _, method := credentials(r)
	record := TokenRequest{
		Time:         time.Now(),
		Host:         host,
		GrantType:    r.PostFormValue("grant_type"),
		ClientID:     id,
		ClientAuth:   method,
		RefreshToken: Fingerprint(r.PostFormValue("refresh_token")),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight++
	record.InFlight = s.inFlight
	return record
}

func (s *Server) answered(record TokenRequest, answer *tokenAnswer, refusal *oauthError) {
	if refusal != nil {
		record.Outcome = refusal.Code
	} else {
		record.Outcome = "ok"
		record.Issued = Fingerprint(answer.RefreshToken)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight--
	s.log = append(s.log, record)
}

package forcesim

import (
	"net/http"
	"strings"
)

// userinfo serves the profile of the person, at the OpenID endpoint and at the
// identity URL of the token answer.
func (s *Server) userinfo(org organisation) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, ok := bearer(r)
		if !ok {
			http.Error(w, "Missing_OAuth_Token", http.StatusForbidden)
			return
		}
		if !s.accepts(token, org.host) {
			http.Error(w, "Bad_OAuth_Token", http.StatusForbidden)
			return
		}
		writeJSON(w, http.StatusOK, map[string]any{
			"sub":                s.identityURL(org),
			"user_id":            org.userID,
			"organization_id":    org.id,
			"preferred_username": org.username,
			"email":              org.email,
			"email_verified":     true,
			"name":               "Alice Example",
			"urls":               map[string]string{"custom_domain": s.URL + "/" + org.instance},
		})
	}
}

// data serves the list of API versions, the cheapest call that needs a session,
// and the query for the organisation.
func (s *Server) data(org organisation) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, _ := bearer(r)
		if !s.accepts(token, org.host) {
			w.Header().Set("WWW-Authenticate", "Token")
			writeJSON(w, http.StatusUnauthorized, []map[string]string{{
				"message":   "Session expired or invalid",
				"errorCode": "INVALID_SESSION_ID",
			}})
			return
		}
		if strings.HasSuffix(r.URL.Path, "/query") {
			// Whatever is asked, the one organisation is the answer.
			writeJSON(w, http.StatusOK, map[string]any{"done": true, "totalSize": 1, "records": []map[string]any{
				{"Id": org.id, "Name": "Acme", "IsSandbox": org.host == Sandbox},
			}})
			return
		}
		writeJSON(w, http.StatusOK, []map[string]string{
			{"label": "Spring '26", "url": "/services/data/v66.0", "version": "66.0"},
		})
	}
}

func bearer(r *http.Request) (string, bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return token, ok && strings.EqualFold(scheme, "Bearer")
}

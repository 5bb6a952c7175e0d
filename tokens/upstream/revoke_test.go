package upstream

import (
	"errors"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
	"latchkey/tokens"
)

func TestRevocationGoesWhereTheProviderWantsIt(t *testing.T) {
	for _, test := range []struct {
		name                       string
		how                        catalog.Revocation
		auth                       catalog.ClientAuth
		method, uri, authorization string
		form                       url.Values
	}{
		{"in the body", catalog.Revocation{Method: "POST", TokenIn: catalog.TokenInBody}, catalog.ClientAuthPost,
			"POST", "/revoke", "", url.Values{"token": {plantedRefresh}}},
		{"by default in the body of a POST", catalog.Revocation{}, catalog.ClientAuthPost,
			"POST", "/revoke", "", url.Values{"token": {plantedRefresh}}},
		{"with the client in the body", catalog.Revocation{Method: "POST", TokenIn: catalog.TokenInBody, ClientAuthentication: true}, catalog.ClientAuthPost,
			"POST", "/revoke", "", url.Values{"token": {plantedRefresh}, "client_id": {"client"}, "client_secret": {plantedSecret}}},
		{"with the client in the header", catalog.Revocation{Method: "POST", TokenIn: catalog.TokenInBody, ClientAuthentication: true}, catalog.ClientAuthBasic,
			"POST", "/revoke", "Basic Y2xpZW50OkNBTkFSWS1jbGllbnQtc2VjcmV0", url.Values{"token": {plantedRefresh}}},
		{"in the query, with the client in the body all the same", catalog.Revocation{Method: "POST", TokenIn: catalog.TokenInQuery, ClientAuthentication: true}, catalog.ClientAuthPost,
			"POST", "/revoke?token=" + plantedRefresh, "", url.Values{"client_id": {"client"}, "client_secret": {plantedSecret}}},
		{"as the access token that a DELETE carries", catalog.Revocation{Method: "DELETE", TokenIn: catalog.TokenInHeader}, catalog.ClientAuthPost,
			"DELETE", "/revoke", "Bearer " + plantedAccess, url.Values{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := serve(t, reply(200, "application/json", `{"status":"success"}`))
			r := registration("")
			r.Provider.RevocationEndpoint, r.Provider.Revocation, r.Provider.ClientAuth = p.URL+"/revoke", test.how, test.auth
			if err := newClient(t).Revoke(t.Context(), r, secret.New(plantedRefresh), secret.New(plantedAccess)); err != nil {
				t.Fatal(err)
			}
			got := p.only(t)
			want := []any{test.method, test.uri, test.authorization, test.form}
			if diff := cmp.Diff(want, []any{got.method, got.uri, got.header.Get("Authorization"), got.form}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatAnswersToARevocationMean(t *testing.T) {
	for _, test := range []struct {
		name    string
		handler http.HandlerFunc
		code    authmethods.Code // "": revoked
		verdict tokens.Verdict
		maybe   bool
	}{
		{"no content", reply(204, "", ""), "", 0, false},
		{"a status that means gone", reply(400, "application/json", `{}`), "", 0, false},
		{"a token nobody knows", reply(401, "application/json", `{"error":"invalid_grant"}`), "", 0, false},
		{"an error with status 200", reply(200, "application/json", `{"error":"general_error"}`), authmethods.CodeProviderDown, 0, false},
		{"a refused client", reply(401, "application/json", `{"error":"invalid_client"}`), authmethods.CodeClientRejected, tokens.ClientRejected, false},
		{"a provider that is down", reply(503, "text/html", "<html>"+plantedAnswer), authmethods.CodeProviderDown, 0, false},
		{"a redirect", reply(307, "text/html", ""), authmethods.CodeUnexpectedReply, 0, false},
		{"no answer", raw(""), authmethods.CodeProviderDown, 0, true},
	} {
		for _, place := range []catalog.TokenPlace{catalog.TokenInBody, catalog.TokenInQuery, catalog.TokenInHeader} {
			t.Run(test.name+" with the token in the "+string(place), func(t *testing.T) {
				p := serve(t, test.handler)
				r := registration("")
				r.Provider.RevocationEndpoint = p.URL
				r.Provider.Revocation = catalog.Revocation{Method: "POST", TokenIn: place, GoneStatuses: []int{400}}
				err := newClient(t).Revoke(t.Context(), r, secret.New(plantedRefresh), secret.New(plantedAccess))
				p.only(t)
				if test.code == "" {
					if err != nil {
						t.Error(err)
					}
					return
				}
				if f := failureOf(t, err); f.Code != test.code || f.Verdict != test.verdict || f.Unanswered != test.maybe {
					t.Errorf("%+v", f)
				}
			})
		}
	}
}

func TestNothingToRevoke(t *testing.T) {
	c, r := newClient(t), registration("")
	if err := c.Revoke(t.Context(), r, secret.New("x"), secret.Text{}); !errors.Is(err, ErrNoRevocation) {
		t.Errorf("without an endpoint: %v", err)
	}
	p := serve(t, reply(200, "", ""))
	r.Provider.RevocationEndpoint = p.URL
	if err := c.Revoke(t.Context(), r, secret.Text{}, secret.New("x")); !errors.Is(err, ErrNothingToRevoke) {
		t.Errorf("without a token: %v", err)
	}
	r.Provider.Revocation.TokenIn = catalog.TokenInHeader
	if err := c.Revoke(t.Context(), r, secret.New("x"), secret.Text{}); !errors.Is(err, ErrNothingToRevoke) || len(p.all()) != 0 {
		t.Errorf("without an access token: %v", err)
	}
}

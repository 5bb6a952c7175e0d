package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"
)

func TestDiscoveryNamesTheAnnouncedIssuerAndWhatItRequires(t *testing.T) {
	p := start(t)
	if p.endpoints["issuer"] != p.Issuer {
		t.Errorf("discovery says issuer %v, the announcement %s", p.endpoints["issuer"], p.Issuer)
	}
	if !strings.HasPrefix(p.Control, p.Issuer+"/") {
		t.Errorf("control address %q is not below the issuer", p.Control)
	}
	for list, want := range map[string]string{
		"code_challenge_methods_supported":      "S256",
		"token_endpoint_auth_methods_supported": "client_secret_post",
		"grant_types_supported":                 "refresh_token",
		"scopes_supported":                      "offline_access",
	} {
		if values, _ := p.endpoints[list].([]any); !slices.Contains(values, any(want)) {
			t.Errorf("%s is %v, without %s", list, values, want)
		}
	}
	p.endpoint("revocation_endpoint")
}

func TestCodeFlowGivesTokensThatAnswerForTheUser(t *testing.T) {
	p := start(t, "-user", "carol")
	first := p.connect()
	if first.TokenType != "Bearer" || first.ExpiresIn != 5 || first.RefreshToken == "" {
		t.Errorf("token type %q, expires_in %d, refresh token present: %v",
			first.TokenType, first.ExpiresIn, first.RefreshToken != "")
	}
	if first.Scope != "openid profile email offline_access" {
		t.Errorf("granted scope %q, want the known ones only", first.Scope)
	}
	var person map[string]any
	p.get(p.endpoint("userinfo_endpoint"), first.AccessToken, &person)
	if person["sub"] != "carol" || person["email"] != "carol@example.test" || person["preferred_username"] != "carol" {
		t.Errorf("userinfo says %v", person)
	}
	claims := p.verified(first.IDToken)
	if claims["sub"] != "carol" || claims["nonce"] != "the-nonce" || claims["iss"] != p.Issuer {
		t.Errorf("the ID token says %v", claims)
	}
}

// verified checks the signature of an ID token against the JWKS.
func (p *program) verified(idToken string) map[string]any {
	p.t.Helper()
	var keys jose.JSONWebKeySet
	p.get(p.endpoint("jwks_uri"), "", &keys)
	signed, err := jose.ParseSigned(idToken, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		p.t.Fatal(err)
	}
	payload, err := signed.Verify(keys)
	if err != nil {
		p.t.Fatalf("the ID token does not verify: %v", err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		p.t.Fatal(err)
	}
	return claims
}

func TestNoRefreshTokenWithoutOfflineAccess(t *testing.T) {
	p := start(t)
	verifier := oauth2.GenerateVerifier()
	query := p.authorizationQuery(verifier)
	query.Set("scope", "openid")
	_, answer := p.exchange(p.authorize(query).Get("code"), verifier, true)
	if answer.AccessToken == "" || answer.RefreshToken != "" {
		t.Errorf("access token present: %v, refresh token present: %v",
			answer.AccessToken != "", answer.RefreshToken != "")
	}
}

func TestAuthorizationRequestsWithoutS256AreSentBackRefused(t *testing.T) {
	p := start(t)
	for name, change := range map[string]func(url.Values){
		"no challenge": func(q url.Values) { q.Del("code_challenge"); q.Del("code_challenge_method") },
		"plain":        func(q url.Values) { q.Set("code_challenge_method", "plain") },
		"no method":    func(q url.Values) { q.Del("code_challenge_method") },
	} {
		t.Run(name, func(t *testing.T) {
			query := p.authorizationQuery(oauth2.GenerateVerifier())
			change(query)
			back := p.authorize(query)
			if back.Get("error") != "invalid_request" || back.Get("code") != "" || back.Get("state") != "the-state" {
				t.Errorf("came back with %v", back)
			}
		})
	}
}

func TestAnUnregisteredRedirectURIIsNotRedirectedTo(t *testing.T) {
	p := start(t)
	query := p.authorizationQuery(oauth2.GenerateVerifier())
	query.Set("redirect_uri", testRedirect+"/elsewhere")
	response, err := p.http.Get(p.endpoint("authorization_endpoint") + "?" + query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusBadRequest {
		t.Errorf("answers %s", response.Status)
	}
}

func TestTheExchangeRefusesAWrongVerifierAndASecondUse(t *testing.T) {
	p := start(t)
	verifier := oauth2.GenerateVerifier()
	code := p.authorize(p.authorizationQuery(verifier)).Get("code")
	if status, answer := p.exchange(code, oauth2.GenerateVerifier(), true); status != http.StatusBadRequest || answer.Error != "invalid_grant" {
		t.Errorf("a wrong verifier: %d %s", status, answer.Error)
	}
	status, answer := p.exchange(code, verifier, true)
	if status != http.StatusOK {
		t.Fatalf("the right verifier: %d %s", status, answer.Error)
	}
	if status, second := p.exchange(code, verifier, true); status != http.StatusBadRequest || second.Error != "invalid_grant" {
		t.Errorf("the second use of a code: %d %s", status, second.Error)
	}
	if status, after := p.refresh(answer.RefreshToken, true); after.Error != "invalid_grant" {
		t.Errorf("tokens of a code used twice still refresh: %d", status)
	}
}

func TestAWrongClientSecretIsRefused(t *testing.T) {
	p := start(t)
	first := p.connect()
	var answer tokens
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.endpoint("token_endpoint"),
		strings.NewReader(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first.RefreshToken}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(p.ClientID, "wrong")
	if status := p.do(request, &answer); status != http.StatusUnauthorized || answer.Error != "invalid_client" {
		t.Errorf("answers %d %s", status, answer.Error)
	}
	if status, _ := p.refresh(first.RefreshToken, false); status != http.StatusOK {
		t.Errorf("the refresh token was spent by a refused client: %d", status)
	}
}

func TestRefreshTokensRotateAndTheLogShowsEachOnce(t *testing.T) {
	p := start(t)
	answer := p.connect()
	seen := []string{answer.RefreshToken}
	for round := range 5 {
		status, next := p.refresh(answer.RefreshToken, round%2 == 0)
		if status != http.StatusOK {
			t.Fatalf("rotation %d: %d %s", round, status, next.Error)
		}
		if slices.Contains(seen, next.RefreshToken) {
			t.Fatalf("rotation %d gave a refresh token out again", round)
		}
		if p.userinfoStatus(next.AccessToken) != http.StatusOK {
			t.Errorf("rotation %d gave an access token that does not work", round)
		}
		seen = append(seen, next.RefreshToken)
		answer = next
	}
	events := p.log()
	if len(events) != 6 {
		t.Fatalf("the log holds %d events, want the exchange and five refreshes", len(events))
	}
	for i, e := range events[1:] {
		method := []string{"client_secret_post", "client_secret_basic"}[i%2]
		if e.GrantType != "refresh_token" || e.Outcome != "ok" || e.InFlight != 1 || e.GrantInFlight != 1 || e.ClientAuth != method {
			t.Errorf("event %d: %+v", i, e)
		}
		if e.RefreshToken != fingerprint(seen[i]) || e.Issued != fingerprint(seen[i+1]) || e.Grant != events[0].Grant {
			t.Errorf("event %d does not chain: %+v", i, e)
		}
	}
	p.assertNoSecretIn(p.Control+"/log", seen...)
}

func (p *program) assertNoSecretIn(address string, secrets ...string) {
	p.t.Helper()
	response, err := p.http.Get(address)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, secret := range append(secrets, testSecret) {
		if strings.Contains(string(body), secret) {
			p.t.Errorf("%s shows a secret", address)
		}
	}
}

func TestReuseOfASpentRefreshTokenEndsTheGrant(t *testing.T) {
	p := start(t)
	first, other := p.connect(), p.connect()
	_, second := p.refresh(first.RefreshToken, false)
	if status, answer := p.refresh(first.RefreshToken, false); status != http.StatusBadRequest || answer.Error != "invalid_grant" {
		t.Errorf("the spent token: %d %s", status, answer.Error)
	}
	if _, answer := p.refresh(second.RefreshToken, false); answer.Error != "invalid_grant" {
		t.Errorf("its successor still refreshes")
	}
	if p.userinfoStatus(second.AccessToken) == http.StatusOK {
		t.Error("its access token still works")
	}
	if status, _ := p.refresh(other.RefreshToken, false); status != http.StatusOK {
		t.Errorf("another grant was taken along: %d", status)
	}
	if states := p.grants(); len(states) != 2 || states[0].Ended != endedByReuse || !states[1].Alive {
		t.Errorf("grants: %+v", states)
	}
}

func TestOfSeveralRefreshesWithOneTokenAtMostOneWins(t *testing.T) {
	p := start(t)
	first := p.connect()
	statuses := make([]int, 8)
	var all sync.WaitGroup
	for i := range statuses {
		all.Go(func() {
			form := url.Values{
				"grant_type": {"refresh_token"}, "refresh_token": {first.RefreshToken},
				"client_id": {p.ClientID}, "client_secret": {testSecret},
			}
			response, err := p.http.PostForm(p.endpoints["token_endpoint"].(string), form)
			if err != nil {
				t.Error(err)
				return
			}
			response.Body.Close()
			statuses[i] = response.StatusCode
		})
	}
	all.Wait()
	won := 0
	for _, status := range statuses {
		if status == http.StatusOK {
			won++
		}
	}
	if won != 1 {
		t.Errorf("%d of %d won: %v", won, len(statuses), statuses)
	}
	if p.grants()[0].Alive {
		t.Error("the grant outlived the reuse")
	}
}

func TestRevocation(t *testing.T) {
	cases := map[string]struct {
		pick           func(tokens) string
		hint           string
		refreshes      bool
		endedTheAccess bool
	}{
		"of the refresh token ends the grant":            {func(t tokens) string { return t.RefreshToken }, "refresh_token", false, true},
		"of the refresh token without a hint does too":   {func(t tokens) string { return t.RefreshToken }, "", false, true},
		"of the access token leaves the refresh token":   {func(t tokens) string { return t.AccessToken }, "access_token", true, true},
		"of an unknown token is accepted without effect": {func(tokens) string { return "no-such-token" }, "", true, false},
	}
	p := start(t)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			answer := p.connect()
			form := url.Values{"token": {c.pick(answer)}}
			if c.hint != "" {
				form.Set("token_type_hint", c.hint)
			}
			if status := p.post(p.endpoint("revocation_endpoint"), form, true, nil); status != http.StatusOK {
				t.Fatalf("revocation answers %d", status)
			}
			if ended := p.userinfoStatus(answer.AccessToken) != http.StatusOK; ended != c.endedTheAccess {
				t.Errorf("access token ended: %v, want %v", ended, c.endedTheAccess)
			}
			if status, _ := p.refresh(answer.RefreshToken, true); (status == http.StatusOK) != c.refreshes {
				t.Errorf("a refresh afterwards answers %d", status)
			}
		})
	}
}

func TestRevokeAllEndsEveryGrant(t *testing.T) {
	p := start(t)
	first, second := p.connect(), p.connect()
	var answer struct{ Revoked int }
	if status := p.post(p.Control+"/revoke-all", url.Values{}, false, &answer); status != http.StatusOK || answer.Revoked != 2 {
		t.Errorf("answers %d, revoked %d", status, answer.Revoked)
	}
	for _, token := range []string{first.RefreshToken, second.RefreshToken} {
		if status, refused := p.refresh(token, true); status != http.StatusBadRequest || refused.Error != "invalid_grant" {
			t.Errorf("a refresh afterwards: %d %s", status, refused.Error)
		}
	}
	if events := p.log(); events[len(events)-1].Outcome != "invalid_grant" {
		t.Errorf("last event: %+v", events[len(events)-1])
	}
}

func TestWithoutAutoTheUserIsAskedAndMayRefuse(t *testing.T) {
	p := start(t, "-auto=false")
	for answer, want := range map[string]string{"allow": "code", "refuse": "error"} {
		t.Run(answer, func(t *testing.T) {
			query := p.authorizationQuery(oauth2.GenerateVerifier())
			page, err := p.http.Get(p.endpoint("authorization_endpoint") + "?" + query.Encode())
			if err != nil {
				t.Fatal(err)
			}
			page.Body.Close()
			if page.StatusCode != http.StatusOK {
				t.Fatalf("the consent page answers %s", page.Status)
			}
			address := page.Request.URL
			done, err := p.http.PostForm(p.Issuer+loginPath, url.Values{"id": {address.Query().Get("id")}, "answer": {answer}})
			if err != nil {
				t.Fatal(err)
			}
			done.Body.Close()
			location, err := done.Location()
			if err != nil {
				t.Fatalf("answers %s and no redirect", done.Status)
			}
			if back := location.Query(); back.Get(want) == "" || back.Get("state") != "the-state" {
				t.Errorf("came back with %v", back)
			}
		})
	}
}

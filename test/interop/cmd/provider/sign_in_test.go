package main

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

func (p *program) published() []string {
	p.t.Helper()
	var keys jose.JSONWebKeySet
	p.get(p.endpoint("jwks_uri"), "", &keys)
	var ids []string
	for _, key := range keys.Keys {
		ids = append(ids, key.KeyID)
	}
	return ids
}

func TestKeysRotateOnDemand(t *testing.T) {
	p := start(t)
	old := p.connect().IDToken
	var made struct{ Key string }
	if p.post(p.Control+"/rotate-keys", url.Values{}, true, &made); made.Key != "sig-2" {
		t.Errorf("the new key is %q", made.Key)
	}
	p.verified(old)
	p.verified(p.connect().IDToken)
	if ids := p.published(); len(ids) != 2 {
		t.Errorf("published are %v", ids)
	}
	p.post(p.Control+"/rotate-keys", url.Values{"drop": {"1"}}, true, &made)
	if ids := p.published(); len(ids) != 1 || ids[0] != "sig-3" {
		t.Errorf("published are %v", ids)
	}
	p.verified(p.connect().IDToken)
}

func TestALogoutEndsTheGrantAndLeadsBack(t *testing.T) {
	const back = "http://127.0.0.1:1/callback/signed-out"
	p := start(t, "-logout-uri", back)
	first := p.connect()
	leave := func(query url.Values) (int, string) {
		response, err := p.http.Get(p.endpoint("end_session_endpoint") + "?" + query.Encode())
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		return response.StatusCode, response.Header.Get("Location")
	}
	if status, _ := leave(url.Values{"client_id": {p.ClientID}, "post_logout_redirect_uri": {"https://evil.example"}}); status != http.StatusBadRequest {
		t.Errorf("an address that is not registered gets status %d", status)
	}
	if status, _ := leave(url.Values{}); status != http.StatusOK {
		t.Errorf("without an address the page has status %d", status)
	}
	status, location := leave(url.Values{"id_token_hint": {first.IDToken}, "post_logout_redirect_uri": {back}, "state": {"s"}})
	if status != http.StatusFound || location != back+"?state=s" {
		t.Errorf("status %d to %q", status, location)
	}
	if states := p.grants(); len(states) != 1 || states[0].Ended != endedByLogout {
		t.Errorf("grants %+v", states)
	}
}

func TestLogoutTokensAreSignedLikeIDTokens(t *testing.T) {
	p := start(t, "-user", "carol")
	var made struct {
		Token string `json:"logout_token"`
	}
	p.post(p.Control+"/logout-token", url.Values{"sid": {"s-1"}}, true, &made)
	claims := p.verified(made.Token)
	if claims["sub"] != "carol" || claims["sid"] != "s-1" || claims["jti"] == "" || claims["events"] == nil || claims["nonce"] != nil {
		t.Errorf("the logout token says %v", claims)
	}
}

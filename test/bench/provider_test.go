package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"
)

// refresh sends a refresh and returns the access token.
func refresh(t *testing.T, p *provider, token string) string {
	t.Helper()
	answer, err := http.PostForm(p.address+"/oauth/v2/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
	if err != nil {
		t.Error(err)
		return ""
	}
	defer answer.Body.Close()
	var body struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil || body.AccessToken == "" || body.ExpiresIn != 3600 {
		t.Errorf("got %+v, %v", body, err)
	}
	return body.AccessToken
}

func TestTheProviderTellsCallsThatOverlap(t *testing.T) {
	p, err := startProvider(200 * time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer p.stop()
	var wg sync.WaitGroup
	for _, token := range []string{"a", "b", "b"} {
		wg.Go(func() { refresh(t, p, token) })
	}
	wg.Wait()
	if second, third := refresh(t, p, "a"), refresh(t, p, "a"); second == third {
		t.Error("two answers held the same access token")
	}
	got := p.counted()
	if got.tokens != 2 || got.calls != 5 || got.most != 3 || got.overlaps != 1 {
		t.Errorf("counted %+v", got)
	}
	if got.took < 3*200*time.Millisecond {
		t.Errorf("three answers in a row took %s", got.took)
	}
	p.forget()
	if got := p.counted(); got != (count{}) {
		t.Errorf("counted %+v after forgetting", got)
	}
}

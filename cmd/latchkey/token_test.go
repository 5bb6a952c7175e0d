package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestALoanIsPrintedAsAsked(t *testing.T) {
	const answer = `{"access_token":"1000.a'b","token_type":"Zoho-oauthtoken","expires_at":"2026-11-21T10:58:00Z",` +
		`"headers":{"orgId":"2389290","Authorization":"Zoho-oauthtoken 1000.a'b"},"api_base_url":"https://desk.zoho.eu/api/v1"}`
	for output, want := range map[string]string{
		"token":   "1000.a'b",
		"json":    answer,
		"header":  "Authorization: Zoho-oauthtoken 1000.a'b",
		"headers": "Authorization: Zoho-oauthtoken 1000.a'b\norgId: 2389290",
		"env": `ACCESS_TOKEN='1000.a'\''b'` + "\nTOKEN_TYPE='Zoho-oauthtoken'\n" + `AUTHORIZATION='Zoho-oauthtoken 1000.a'\''b'` +
			"\nAPI_BASE_URL='https://desk.zoho.eu/api/v1'\nEXPIRES_AT='2026-11-21T10:58:00Z'",
		"exec-credential": `{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",` +
			`"status":{"expirationTimestamp":"2026-11-21T10:58:00Z","token":"1000.a'b"}}`,
	} {
		t.Run(output, func(t *testing.T) {
			got, err := (&tokenGet{Output: output}).show([]byte(answer + "\n"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestATokenThatNeverExpiresHasNoTime(t *testing.T) {
	got, err := (&tokenGet{Output: "exec-credential"}).show([]byte(`{"access_token":"x","token_type":"Bearer"}`))
	want := `{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"x"}}`
	if err != nil || got != want {
		t.Errorf("%s, %v", got, err)
	}
}

func TestWhatIsNoLoanIsNotPrinted(t *testing.T) {
	for _, answer := range []string{``, `{}`, `<html>`, `{"access_token":""}`} {
		if got, err := (&tokenGet{Output: "json"}).show([]byte(answer)); err == nil {
			t.Errorf("%q is printed as %q", answer, got)
		}
	}
}

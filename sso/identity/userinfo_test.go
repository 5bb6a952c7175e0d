package identity

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
	"latchkey/sso"
)

// byToken is a bench whose provider sends no ID token and has userinfo.
func byToken(t testing.TB, userinfo http.HandlerFunc) *bench {
	b := newBench(t)
	b.answer.Provider.UserinfoEndpoint = b.issuer.URL + "/userinfo"
	b.issuer.on("/userinfo", userinfo)
	return b
}

func (b *bench) withoutIDToken() (Proof, error) {
	b.t.Helper()
	b.answer.IDToken = secret.Text{}
	return b.v.Identify(b.t.Context(), b.answer)
}

func sayJSON(body string) http.HandlerFunc { return says(200, "application/json", body) }

func TestUserinfoStandsInForAnIDTokenThatDidNotCome(t *testing.T) {
	b := byToken(t, sayJSON(`{"sub":"u1","email":"ada@example.eu","email_verified":true,"iss":"x","sid":"y","acr":"high","_claim_sources":{}}`))
	proof, err := b.withoutIDToken()
	want := Proof{
		Subject: sso.Subject{Issuer: b.issuer.URL, ID: "u1"}, Source: FromUserinfo,
		Claims: sso.Claims{"sub": "u1", "email": "ada@example.eu", "email_verified": true},
		Trace: []string{
			"No ID token came, so the person is the one whose access token was received.",
			"Userinfo names the subject to the access token that was received.",
		},
	}
	if diff := cmp.Diff(want, proof); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got := b.issuer.asked[0].Header.Get("Authorization"); got != "Bearer "+accessToken {
		t.Errorf("Authorization %q", got)
	}
	b.answer.Provider.TokenHeaderPrefix = "Zoho-oauthtoken"
	b.withoutIDToken()
	if got := b.issuer.asked[1].Header.Get("Authorization"); got != "Zoho-oauthtoken "+accessToken {
		t.Errorf("Authorization %q", got)
	}
}

func TestAnOAuthConnectorLooksAtNoIDToken(t *testing.T) {
	b := byToken(t, sayJSON(`{"sub":"u1"}`))
	b.answer.Type = sso.OAuth2
	b.key = otherKey() // and would refuse this one
	proof, err := b.identify()
	if err != nil || proof.Subject.ID != "u1" || proof.Source != FromUserinfo {
		t.Errorf("%+v, %v", proof, err)
	}
	b.wantFetches(0)
}

func TestAProviderWithoutIssuerIsKnownByTheAddressThatAnswers(t *testing.T) {
	b := byToken(t, sayJSON(`{"sub":7}`))
	b.answer.Type, b.answer.Provider.Issuer = sso.OAuth2, ""
	proof, err := b.withoutIDToken()
	if err != nil || proof.Subject != (sso.Subject{Issuer: b.issuer.URL + "/userinfo", ID: "7"}) || proof.Claims["sub"] != "7" {
		t.Errorf("%+v, %v", proof, err)
	}
}

func TestAProviderThatNamesItsIssuerByClaimNeedsAnIDToken(t *testing.T) {
	b := byToken(t, sayJSON(`{"sub":"u1"}`))
	b.answer.Provider.Issuer, b.answer.Provider.IssuerByClaim = "", &catalog.IssuerByClaim{Claim: "tid"}
	proof, err := b.withoutIDToken()
	unproved(t, proof, err, "Without an ID token this provider does not say which issuer the person belongs to.")
}

//
func TestUserinfoThatNamesNobody(t *testing.T) {
	const says200 = "The provider does not say whose access token it is: "
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		detail string
	}{
		"no sub":              {sayJSON(`{"email":"a@example.eu"}`), "its sub is missing."},
		"sub null":            {sayJSON(`{"sub":null}`), "its sub is missing."},
		"sub empty":           {sayJSON(`{"sub":""}`), "its sub is not 1 to 255 ASCII characters."},
		"sub true":            {sayJSON(`{"sub":true}`), "its sub is neither a text nor a number."},
		"sub a list":          {sayJSON(`{"sub":["u1"]}`), "its sub is neither a text nor a number."},
		"sub a fraction":      {sayJSON(`{"sub":1.5}`), "its sub is not a whole number."},
		"sub in powers":       {sayJSON(`{"sub":1e3}`), "its sub is not a whole number."},
		"sub negative":        {sayJSON(`{"sub":-1}`), "its sub is not a whole number."},
		"sub too long":        {sayJSON(`{"sub":"` + strings.Repeat("x", 256) + `"}`), "its sub is not 1 to 255 ASCII characters."},
		"sub a long number":   {sayJSON(`{"sub":` + strings.Repeat("1", 256) + `}`), "its sub is not 1 to 255 ASCII characters."},
		"sub twice":           {sayJSON(`{"sub":"u1","sub":"u2"}`), "it answered with something that is not one JSON object."},
		"a page with 400":     {says(400, "text/html;charset=UTF-8", "<html>CANARY"), "it answered with a page for people (status 400)."},
		"a page with 200":     {says(200, "application/json", " <!doctype html>"), "it answered with a page for people (status 200)."},
		"JSON called a page":  {says(200, "text/html", `{"sub":"u1"}`), "it answered with a page for people (status 200)."},
		"a list":              {sayJSON(`["u1"]`), "it answered with something that is not one JSON object."},
		"cut":                 {sayJSON(`{"sub":"u1"`), "it answered with something that is not one JSON object."},
		"nothing":             {sayJSON(``), "it answered with something that is not one JSON object."},
		"refused":             {says(401, "application/json", `{"sub":"u1"}`), "it refused the access token (status 401)."},
		"forbidden":           {says(403, "application/json", `{"error":"CANARY"}`), "it refused the access token (status 403)."},
		"created":             {says(201, "application/json", `{"sub":"u1"}`), "it refused the access token (status 201)."},
		"a signed token":      {says(200, "application/jwt", "eyJ"), "it answered with a signed token, which is not understood here."},
		"longer than 256 KiB": {sayJSON(`{"sub":"u1","x":"` + strings.Repeat("x", 256<<10) + `"}`), "its answer is too long."},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/profile", http.StatusFound) },
			"it answered with a page for people (status 302)."},
	} {
		t.Run(name, func(t *testing.T) {
			b := byToken(t, test.answer)
			proof, err := b.withoutIDToken()
			unproved(t, proof, err, says200+test.detail)
			if b.issuer.calls("/profile") != 0 {
				t.Error("a redirect was followed")
			}
		})
	}
}

func TestUserinfoInTroubleIsNoRefusal(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"it answered with status 503": says(503, "text/html", "<html>CANARY"),
		"it answered with status 429": says(429, "application/json", "{}"),
		"it could not be reached": func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				fmt.Fprint(conn, "CANARY\r\n\r\n")
				conn.Close()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := byToken(t, answer)
			b.answer.Provider.Profile = &catalog.Profile{URL: b.issuer.URL + "/profile", ID: "ZUID"}
			b.issuer.on("/profile", sayJSON(`{"ZUID":1}`))
			proof, err := b.withoutIDToken()
			refused(t, proof, err, authmethods.CodeProviderDown, "The provider could not be asked who it is: "+name+".")
			if b.issuer.calls("/profile") != 0 {
				t.Error("the profile was asked, which says less")
			}
		})
	}
}

func TestAddressesThatTheGuardRefuses(t *testing.T) {
	b := byToken(t, sayJSON(`{"sub":"u1"}`))
	b.answer.Provider.UserinfoEndpoint = "http://169.254.169.254/latest/meta-data"
	proof, err := b.withoutIDToken()
	refused(t, proof, err, authmethods.CodeProviderDown, "The provider could not be asked who it is: it could not be reached.")
	if !strings.Contains(err.Error(), "link-local") {
		t.Errorf("the log is not told why: %v", err)
	}
	b.answer.Provider.UserinfoEndpoint = "/userinfo"
	proof, err = b.withoutIDToken()
	refused(t, proof, err, authmethods.CodeProviderDown, "The provider could not be asked who it is: it could not be reached.")
}

func TestNothingToGoBy(t *testing.T) {
	b := newBench(t)
	proof, err := b.withoutIDToken()
	unproved(t, proof, err, "The provider has no address to ask who somebody is.")
	b.answer.AccessToken = secret.Text{}
	proof, err = b.withoutIDToken()
	unproved(t, proof, err, "The provider sent neither an ID token nor an access token to go by.")
}

func TestTheProfileStandsInForUserinfo(t *testing.T) {
	b := byToken(t, says(400, "text/html", "<html>"))
	b.answer.Provider.Profile = &catalog.Profile{
		URL: b.issuer.URL + "/profile", ID: "ZUID",
		Claims: map[string]string{"email": "Email", "name": "Display_Name", "first_name": "First_Name", "last_name": "Last_Name"},
	}
	b.issuer.on("/profile", sayJSON(`{"ZUID":20060000001,"Email":"ada@example.eu","Display_Name":"Ada Moreau","First_Name":"Ada","Last_Name":null,`+
		`"email_verified":true,"sub":"somebody else"}`))
	proof, err := b.withoutIDToken()
	want := Proof{
		Subject: sso.Subject{Issuer: b.issuer.URL, ID: "20060000001"}, Source: FromProfile,
		Claims: sso.Claims{"sub": "20060000001", "email": "ada@example.eu", "name": "Ada Moreau", "first_name": "Ada"},
		Trace: []string{
			"No ID token came, so the person is the one whose access token was received.",
			"Userinfo does not say who it is: it answered with a page for people (status 400).",
			"The provider's profile call names the subject to the access token that was received.",
		},
	}
	if diff := cmp.Diff(want, proof); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	const prefix = "The provider does not say whose access token it is: "
	for body, detail := range map[string]string{
		`{"status_code":405}`:                               "it refused the access token, perhaps for want of a scope.",
		`{"cause":"INVALID_OAUTHSCOPE","response":"error"}`: "it refused the access token, perhaps for want of a scope.",
		`{"Email":"ada@example.eu"}`:                        "its answer has no ZUID.",
		`{"ZUID":""}`:                                       "its sub is not 1 to 255 ASCII characters.",
		`{"ZUID":{}}`:                                       "its sub is neither a text nor a number.",
	} {
		b.issuer.on("/profile", sayJSON(body))
		proof, err := b.withoutIDToken()
		unproved(t, proof, err, prefix+detail)
	}
	b.issuer.on("/profile", says(500, "text/html", ""))
	proof, err = b.withoutIDToken()
	refused(t, proof, err, authmethods.CodeProviderDown, "The provider could not be asked who it is: it answered with status 500.")
}

func TestUserinfoOnlyAddsWhatTheIDTokenLacks(t *testing.T) {
	b := byToken(t, sayJSON(`{"sub":"user-4711","name":"Somebody","email":"ada@example.eu","email_verified":true,"groups":["a"],"nonce":"x","acr":"high"}`))
	delete(b.claims, "email_verified")
	proof, err := b.identify()
	if err != nil || proof.Source != FromIDToken || proof.Claims["name"] != "Ada Moreau" || !proof.Claims.True("email_verified") ||
		proof.Claims["groups"] == nil || proof.Claims["nonce"] != ourNonce || proof.Claims["acr"] != nil {
		t.Errorf("%v, %v", proof.Claims, err)
	}
}

func TestUserinfoIsAskedOnlyForWhatIsLacking(t *testing.T) {
	b := byToken(t, sayJSON(`{"sub":"user-4711","department":"sales"}`))
	if _, err := b.identify(); err != nil || b.issuer.calls("/userinfo") != 0 {
		t.Errorf("%d calls, %v", b.issuer.calls("/userinfo"), err)
	}
	b.answer.Wanted = []string{"department"}
	proof, err := b.identify()
	if department, _ := proof.Claims.Text("department"); err != nil || department != "sales" {
		t.Errorf("%v, %v", proof.Claims, err)
	}
}

func TestThatAnAddressIsVerifiedIsSaidOfThatAddressAlone(t *testing.T) {
	for name, test := range map[string]struct {
		token    map[string]any // instead of the usual claims of the ID token; nil deletes
		userinfo string
		email    string
		verified bool
	}{
		"the same":                 {map[string]any{"email_verified": nil}, `"email":"ada@example.eu","email_verified":true`, "ada@example.eu", true},
		"another":                  {map[string]any{"email_verified": nil}, `"email":"eve@example.eu","email_verified":true`, "ada@example.eu", false},
		"other letters":            {map[string]any{"email_verified": nil}, `"email":"ADA@example.eu","email_verified":true`, "ada@example.eu", false},
		"none there":               {map[string]any{"email_verified": nil}, `"email_verified":true`, "ada@example.eu", false},
		"not here":                 {map[string]any{"email": nil, "email_verified": nil}, `"email":"eve@example.eu","email_verified":true`, "eve@example.eu", true},
		"said here of none":        {map[string]any{"email": nil}, `"email":"eve@example.eu"`, "eve@example.eu", false},
		"denied here":              {map[string]any{"email_verified": false, "name": nil}, `"email":"ada@example.eu","email_verified":true`, "ada@example.eu", false},
		"an address that is none":  {map[string]any{"email": map[string]any{}, "email_verified": nil}, `"email":{},"email_verified":true`, "", false},
		"an address that is empty": {map[string]any{"email": "", "email_verified": nil}, `"email":"eve@example.eu","email_verified":true`, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			b := byToken(t, sayJSON(`{"sub":"user-4711",`+test.userinfo+`}`))
			for claim, value := range test.token {
				if b.claims[claim] = value; value == nil {
					delete(b.claims, claim)
				}
			}
			proof, err := b.identify()
			if err != nil {
				t.Fatal(err)
			}
			if email, _ := proof.Claims.Text("email"); email != test.email || proof.Claims.True("email_verified") != test.verified {
				t.Errorf("%q, verified %v", email, proof.Claims["email_verified"])
			}
		})
	}
}

//
func TestUserinfoAboutSomebodyElseRefusesTheIDToken(t *testing.T) {
	b := byToken(t, sayJSON(`{"sub":"user-4712","email_verified":true}`))
	delete(b.claims, "email_verified")
	proof, err := b.identify()
	unproved(t, proof, err, "Userinfo speaks of somebody else than the ID token (sub).")
}

func TestUserinfoThatFailsTakesNothingFromAnIDToken(t *testing.T) {
	for want, answer := range map[string]http.HandlerFunc{
		"Userinfo added nothing: it answered with a page for people (status 400).": says(400, "text/html", "<html>"),
		"Userinfo added nothing: it answered with status 503.":                     says(503, "text/html", ""),
		"Userinfo added nothing: its sub is missing.":                              sayJSON(`{"email_verified":true}`),
	} {
		b := byToken(t, answer)
		delete(b.claims, "email_verified")
		proof, err := b.identify()
		if err != nil || proof.Source != FromIDToken || proof.Claims.True("email_verified") || !slices.Contains(proof.Trace, want) {
			t.Errorf("%+v, %v", proof, err)
		}
	}
}

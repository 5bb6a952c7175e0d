package identity

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
	"latchkey/sso"
)

func TestAnIDTokenThatIsInOrderProvesWhoItIs(t *testing.T) {
	b := newBench(t)
	b.claims["at_hash"] = atHash(crypto.SHA256)
	proof, err := b.identify()
	if err != nil {
		t.Fatal(err)
	}
	if proof.Subject != (sso.Subject{Issuer: b.issuer.URL, ID: "user-4711"}) || proof.Source != FromIDToken || proof.SessionID != "s-1" {
		t.Errorf("%+v", proof)
	}
	if email, _ := proof.Claims.Text("email"); email != "ada@example.eu" || !proof.Claims.True("email_verified") {
		t.Errorf("claims %v", proof.Claims)
	}
	want := []string{
		"The signature was made by a key of the provider (RS256).",
		"It was issued by " + b.issuer.URL + ".",
		"It is for this client.",
		"It is new and has not expired.",
		"It repeats the nonce of this sign-in.",
		"It belongs to the access token that came with it.",
		"The ID token names the subject, issued by " + b.issuer.URL + ".",
	}
	if !slices.Equal(proof.Trace, want) {
		t.Errorf("trace %q", proof.Trace)
	}
}

func TestIDTokensThatAreAcceptedAllTheSame(t *testing.T) {
	at := func(d time.Duration) int64 { return start.Add(d).Unix() }
	for name, change := range map[string]func(b *bench){
		"expired 59 s ago":       func(b *bench) { b.claims["iat"], b.claims["exp"] = at(-5*time.Minute), at(-59*time.Second) },
		"issued 60 s ahead":      func(b *bench) { b.claims["iat"] = at(time.Minute) },
		"issued ten minutes ago": func(b *bench) { b.claims["iat"] = at(-10 * time.Minute) },
		"good in 60 s":           func(b *bench) { b.claims["nbf"] = at(time.Minute) },
		"times with fractions":   func(b *bench) { b.claims["iat"] = float64(start.Unix()) + 0.25 },
		"azp is us":              func(b *bench) { b.claims["azp"] = ourClient },
		"aud is a list of us":    func(b *bench) { b.claims["aud"] = []string{ourClient} },
		"no typ":                 func(b *bench) { delete(b.head, "typ") },
		"typ as a media type":    func(b *bench) { b.head["typ"] = "application/JWT" },
		"no kid":                 func(b *bench) { delete(b.head, "kid") },
		"x5t, which says no key": func(b *bench) { b.head["x5t"] = "abc" },
		"sub of one character":   func(b *bench) { b.claims["sub"] = "x" },
		"sub of 255 characters":  func(b *bench) { b.claims["sub"] = strings.Repeat("x", 255) },
		"RS384":                  func(b *bench) { b.head["alg"], b.claims["at_hash"] = "RS384", atHash(crypto.SHA384) },
		"PS256":                  func(b *bench) { b.head["alg"] = "PS256" },
		"ES256":                  func(b *bench) { b.head["alg"], b.head["kid"], b.key = "ES256", "k2", ecKey() },
		"EdDSA":                  func(b *bench) { b.head["alg"], b.head["kid"], b.key = "EdDSA", "k3", edKey() },
		"EdDSA with a hash": func(b *bench) {
			b.head["alg"], b.head["kid"], b.key, b.claims["at_hash"] = "EdDSA", "k3", edKey(), atHash(crypto.SHA512)
		},
		"an algorithm by default":  func(b *bench) { b.answer.Provider.IDTokens.Algorithms = nil },
		"an unknown one among the": func(b *bench) { b.answer.Provider.IDTokens.Algorithms = []string{"none", "HS256", "RS256"} },
		"another spelling": func(b *bench) {
			b.claims["iss"] = "accounts.example.eu"
			b.answer.Provider.IssuerSpellings = []string{b.issuer.URL, "accounts.example.eu"}
		},
		"a trusted second audience": func(b *bench) {
			b.claims["aud"], b.claims["azp"] = []string{"project", ourClient}, ourClient
			b.answer.Provider.IDTokens.TrustedAudiences = []string{"project"}
		},
		"no nonce where it is optional": func(b *bench) {
			delete(b.claims, "nonce")
			b.answer.Provider.IDTokens.NonceOptional = true
		},
		"16 KiB": func(b *bench) { b.claims["groups"] = strings.Repeat("g", 11_000) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			change(b)
			if proof, err := b.identify(); err != nil || proof.Subject.Issuer != b.issuer.URL || proof.Subject.ID != b.claims["sub"] {
				t.Errorf("%+v, %v", proof.Subject, err)
			}
		})
	}
}

//
func TestIDTokensThatAreRefused(t *testing.T) {
	at := func(d time.Duration) int64 { return start.Add(d).Unix() }
	const (
		otherIssuer = "The ID token was issued by another issuer than the one that was asked."
		otherClient = "The ID token is for another client."
		otherParty  = "The ID token was issued to another client (azp)."
		otherKind   = "The ID token is a token of another kind."
		otherAlg    = "The ID token is signed with an algorithm that is not accepted from this provider."
		noKey       = "The signature of the ID token was made by no key of this provider."
		noExpiry    = "The ID token does not say when it expires (exp)."
		noIssue     = "The ID token does not say when it was issued (iat)."
		expired     = "The ID token has expired."
		future      = "The ID token was issued in the future; the clock here or at the provider is wrong."
		old         = "The ID token was issued more than ten minutes ago; it is an old one, or the clock here or at the provider is wrong."
		notYet      = "The ID token is not good yet (nbf)."
		noNonce     = "The ID token has no nonce."
		wrongNonce  = "The ID token is for another sign-in: its nonce is not the one that was sent."
		nobody      = "The ID token names nobody: its sub is not 1 to 255 ASCII characters."
		ownKey      = "The ID token brings its own key."
		demands     = "The ID token demands an extension that is not understood."
		wrongHash   = "The ID token belongs to another access token (at_hash)."
		wrongType   = "The ID token has a claim of the wrong type."
	)
	claim := func(name string, value any) func(*bench) { return func(b *bench) { b.claims[name] = value } }
	head := func(name string, value any) func(*bench) { return func(b *bench) { b.head[name] = value } }
	lacks := func(name string) func(*bench) { return func(b *bench) { delete(b.claims, name) } }
	for name, test := range map[string]struct {
		change func(*bench)
		detail string
	}{
		"another issuer":               {claim("iss", "https://accounts.evil.example"), otherIssuer},
		"the issuer and a slash":       {func(b *bench) { b.claims["iss"] = b.issuer.URL + "/" }, otherIssuer},
		"the issuer without a scheme":  {func(b *bench) { b.claims["iss"] = strings.TrimPrefix(b.issuer.URL, "http://") }, otherIssuer},
		"no issuer":                    {lacks("iss"), otherIssuer},
		"an issuer that is a list":     {func(b *bench) { b.claims["iss"] = []string{b.issuer.URL} }, otherIssuer},
		"another client":               {claim("aud", "another-client"), otherClient},
		"no audience":                  {lacks("aud"), otherClient},
		"an empty audience":            {claim("aud", []string{}), otherClient},
		"an audience of numbers":       {claim("aud", []any{ourClient, 1}), otherClient},
		"a part of our name":           {claim("aud", ourClient+"2"), otherClient},
		"azp is another":               {claim("azp", "another-client"), otherParty},
		"azp is empty":                 {claim("azp", ""), otherParty},
		"azp is null":                  {claim("azp", nil), otherParty},
		"azp is a list":                {claim("azp", []string{ourClient}), otherParty},
		"two audiences without azp":    {claim("aud", []string{ourClient, "another"}), "The ID token is for several clients and does not say which one it was issued to (azp)."},
		"an audience not trusted":      {func(b *bench) { b.claims["aud"], b.claims["azp"] = []string{ourClient, "another"}, ourClient }, "The ID token is for another client too, which is not trusted."},
		"two audiences, azp another":   {func(b *bench) { b.claims["aud"], b.claims["azp"] = []string{ourClient, "another"}, "another" }, otherParty},
		"no exp":                       {lacks("exp"), noExpiry},
		"exp in words":                 {claim("exp", "tomorrow"), noExpiry},
		"exp beyond all times":         {claim("exp", 1e300), noExpiry},
		"expired for 60 s":             {func(b *bench) { b.claims["iat"], b.claims["exp"] = at(-5*time.Minute), at(-time.Minute) }, expired},
		"no iat":                       {lacks("iat"), noIssue},
		"iat null":                     {claim("iat", nil), noIssue},
		"iat in words":                 {claim("iat", "1"), noIssue},
		"iat negative":                 {claim("iat", -1), noIssue},
		"iat 61 s ahead":               {claim("iat", at(61*time.Second)), future},
		"iat ten minutes and 1 s ago":  {claim("iat", at(-10*time.Minute-time.Second)), old},
		"nbf 61 s ahead":               {claim("nbf", at(61*time.Second)), notYet},
		"nbf in words":                 {claim("nbf", "now"), notYet},
		"no nonce":                     {lacks("nonce"), noNonce},
		"a wrong nonce":                {claim("nonce", "x"), wrongNonce},
		"an empty nonce":               {claim("nonce", ""), wrongNonce},
		"a nonce that begins alike":    {claim("nonce", ourNonce+"x"), wrongNonce},
		"a nonce that is a list":       {claim("nonce", []string{ourNonce}), wrongNonce},
		"a wrong nonce, optional":      {func(b *bench) { b.claims["nonce"], b.answer.Provider.IDTokens.NonceOptional = "x", true }, wrongNonce},
		"a null nonce, optional":       {func(b *bench) { b.claims["nonce"], b.answer.Provider.IDTokens.NonceOptional = nil, true }, wrongNonce},
		"no nonce was sent":            {func(b *bench) { b.answer.Nonce, b.claims["nonce"] = "", "" }, "No nonce was sent that the ID token could repeat."},
		"no sub":                       {lacks("sub"), nobody},
		"an empty sub":                 {claim("sub", ""), nobody},
		"a sub that is a number":       {claim("sub", 4711), nobody},
		"a sub of 256 characters":      {claim("sub", strings.Repeat("x", 256)), nobody},
		"a sub that is not ASCII":      {claim("sub", "rémy"), nobody},
		"a sub with a line break":      {claim("sub", "a\nb"), nobody},
		"at_hash of another token":     {claim("at_hash", encode(make([]byte, 16))), wrongHash},
		"at_hash of another algorithm": {claim("at_hash", atHash(crypto.SHA384)), wrongHash},
		"at_hash is empty":             {claim("at_hash", ""), wrongHash},
		"at_hash without the token":    {func(b *bench) { b.claims["at_hash"], b.answer.AccessToken = atHash(crypto.SHA256), secret.Text{} }, wrongHash},
		"at_hash is a number":          {claim("at_hash", 5), wrongType},
		"another key":                  {func(b *bench) { b.key = otherKey() }, noKey},
		"a kid of nobody":              {head("kid", "k9"), noKey},
		"a kid of another kind of key": {head("kid", "k2"), noKey},
		"no signature":                 {func(b *bench) { b.head["alg"], b.key = "none", nil }, otherAlg},
		"no signature in capitals":     {func(b *bench) { b.head["alg"], b.key = "NONE", nil }, otherAlg},
		"no alg":                       {func(b *bench) { delete(b.head, "alg") }, otherAlg},
		"RS512":                        {head("alg", "RS512"), otherAlg},
		"an algorithm not its own":     {func(b *bench) { b.head["alg"], b.answer.Provider.IDTokens.Algorithms = "RS384", []string{"RS256"} }, otherAlg},
		"not the algorithm by default": {func(b *bench) { b.head["alg"], b.answer.Provider.IDTokens.Algorithms = "RS384", nil }, otherAlg},
		"only algorithms like none":    {func(b *bench) { b.answer.Provider.IDTokens.Algorithms = []string{"none", "HS256"} }, "The provider signs with no algorithm that is accepted."},
		"HS256 with the public key": {func(b *bench) {
			b.head["alg"], b.key = "HS256", x509.MarshalPKCS1PublicKey(&rsaKey().PublicKey)
			b.answer.Provider.IDTokens.Algorithms = []string{"HS256", "RS256"}
		}, otherAlg},
		"jku":                  {head("jku", "https://evil.example/keys"), ownKey},
		"x5u":                  {head("x5u", "https://evil.example/x5u"), ownKey},
		"x5c":                  {head("x5c", []string{"MIIB"}), ownKey},
		"jwk":                  {func(b *bench) { b.key = otherKey(); b.head["jwk"] = public("k1", "RS256", otherKey().Public()) }, ownKey},
		"crit":                 {func(b *bench) { b.head["crit"], b.head["exp"] = []string{"exp"}, 1 }, demands},
		"an empty crit":        {head("crit", []string{}), demands},
		"b64":                  {head("b64", false), demands},
		"alg is a number":      {head("alg", 256), "The ID token has a header of the wrong type."},
		"kid is a number":      {head("kid", 1), "The ID token has a header of the wrong type."},
		"an access token":      {head("typ", "at+jwt"), otherKind},
		"an access token, too": {head("typ", "application/AT+JWT"), otherKind},
		"a logout token":       {head("typ", "logout+jwt"), otherKind},
		"longer than 16 KiB":   {claim("groups", strings.Repeat("g", 16<<10)), "The ID token is longer than 16 KiB."},
		"no issuer is known": {func(b *bench) { b.answer.Provider.Issuer = ""; b.claims["iss"] = "" },
			"The provider has no issuer in its description."},
		"no keys are known": {func(b *bench) { b.answer.Provider.JWKSURI = "" }, "The provider has no address for its keys."},
		"no client is known": {func(b *bench) { b.answer.ClientID, b.claims["aud"] = "", "" },
			"There is no client that the ID token could be for."},
		"key_id where it is not declared": {func(b *bench) {
			delete(b.head, "kid")
			b.head["key_id"], b.head["kid"] = "k1", "k9"
		}, noKey},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			test.change(b)
			proof, err := b.identify()
			code := authmethods.CodeIdentityUnproved
			if strings.Contains(test.detail, "the clock here") || name == "nbf 61 s ahead" {
				code = authmethods.CodeClockSkew // for this sign-in, by its nonce
			}
			refused(t, proof, err, code, test.detail)
		})
	}
}

func TestTextThatIsNoIDToken(t *testing.T) {
	b := newBench(t)
	good := mint(b.head, b.claims, b.key)
	parts := strings.Split(good, ".")
	payload := must(base64.RawURLEncoding.DecodeString(parts[1]))
	twice := strings.Replace(string(payload), `"sub":"user-4711"`, `"sub":"4712","sub":"user-4711"`, 1)
	resign := func(payload string) string {
		signed := parts[0] + "." + encode([]byte(payload))
		return signed + "." + encode(sign("RS256", signed, rsaKey()))
	}
	for name, test := range map[string]struct{ token, detail string }{
		"nonsense":                {"nonsense", "The ID token does not have three parts."},
		"two parts":               {parts[0] + "." + parts[1], "The ID token does not have three parts."},
		"four parts":              {good + ".x", "The ID token does not have three parts."},
		"an encrypted token":      {"a.b.c.d.e", "The ID token does not have three parts."},
		"padding":                 {parts[0] + "." + parts[1] + "." + parts[2] + "==", "The ID token is not base64url."},
		"a line break":            {parts[0] + "." + parts[1] + "\n." + parts[2], "The ID token is not base64url."},
		"a space in front":        {" " + good, "The ID token is not base64url."},
		"no signature":            {parts[0] + "." + parts[1] + ".", "The ID token is not base64url."},
		"JSON serialization":      {`{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`, "The ID token does not have three parts."},
		"a header that is a list": {encode([]byte("[]")) + "." + parts[1] + "." + parts[2], "The ID token has a header that is not a JSON object."},
		"alg twice":               {encode([]byte(`{"alg":"none","alg":"RS256"}`)) + "." + parts[1] + "." + parts[2], "The ID token has a header that is not a JSON object."},
		"a changed payload":       {parts[0] + "." + encode([]byte(strings.Replace(string(payload), "user-4711", "user-4712", 1))) + "." + parts[2], "The signature of the ID token was made by no key of this provider."},
		"sub twice":               {resign(twice), "The ID token does not hold one JSON object with every name once."},
		"a payload that is text":  {resign(`"text"`), "The ID token does not hold one JSON object with every name once."},
		"a payload of null":       {resign(`null`), "The ID token does not hold one JSON object with every name once."},
		"two payloads":            {resign(string(payload) + "{}"), "The ID token does not hold one JSON object with every name once."},
	} {
		t.Run(name, func(t *testing.T) {
			b.answer.IDToken = secret.New(test.token)
			proof, err := b.v.Identify(t.Context(), b.answer)
			unproved(t, proof, err, test.detail)
		})
	}
	b.answer.IDToken = secret.New(good)
	if _, err := b.v.Identify(t.Context(), b.answer); err != nil {
		t.Errorf("the token itself: %v", err)
	}
}

// legacy is a token in Zoho's older shape.
func legacy(b *bench, alg string) string {
	head := map[string]any{"alg": alg, "typ": "JWS", "key_id": "k1"}
	for n := 0; ; n++ { // until the payload needs padding
		b.claims["fill"] = strings.Repeat("x", n)
		signed := base64.URLEncoding.EncodeToString(must(json.Marshal(head))) + "." + base64.URLEncoding.EncodeToString(must(json.Marshal(b.claims)))
		if strings.HasSuffix(signed, "=") {
			return signed + "." + base64.URLEncoding.EncodeToString(sign(alg, signed, b.key))
		}
	}
}

func TestTheLegacyShapeIsAcceptedOnlyWhereItIsDeclared(t *testing.T) {
	for _, alg := range []string{"RS256", "RS384"} {
		b := newBench(t)
		b.answer.IDToken = secret.New(legacy(b, alg))
		proof, err := b.v.Identify(t.Context(), b.answer)
		unproved(t, proof, err, "The ID token is not base64url.")
		b.answer.Provider.IDTokens.LegacyShape = true
		if proof, err := b.v.Identify(t.Context(), b.answer); err != nil || proof.Subject.ID != "user-4711" {
			t.Errorf("%s: %+v, %v", alg, proof, err)
		}
		b.key = otherKey()
		b.answer.IDToken = secret.New(legacy(b, alg))
		proof, err = b.v.Identify(t.Context(), b.answer)
		unproved(t, proof, err, "The signature of the ID token was made by no key of this provider.")
		b.claims["nonce"], b.key = "x", rsaKey()
		b.answer.IDToken = secret.New(legacy(b, alg))
		proof, err = b.v.Identify(t.Context(), b.answer)
		unproved(t, proof, err, "The ID token is for another sign-in: its nonce is not the one that was sent.")
	}
}

func TestKeyIDIsReadOnlyWhereItIsDeclared(t *testing.T) {
	b := newBench(t)
	other := must(json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{public("k1", "", otherKey().Public()), public("k5", "", rsaKey().Public())}}))
	b.issuer.on("/keys", says(200, "application/json", string(other)))
	b.head = map[string]any{"alg": "RS256", "key_id": "k1"}
	if _, err := b.identify(); err != nil {
		t.Errorf("a token without a kid may be of any key: %v", err)
	}
	b.answer.Provider.IDTokens.LegacyShape = true
	proof, err := b.identify()
	unproved(t, proof, err, "The signature of the ID token was made by no key of this provider.")
	b.head["key_id"] = "k5"
	if _, err := b.identify(); err != nil {
		t.Error(err)
	}
}

func TestTheIssuerMayHoldAClaim(t *testing.T) {
	const tid = "11111111-2222-3333-4444-555555555555"
	b := newBench(t)
	b.answer.Provider.Issuer = ""
	b.answer.Provider.IssuerByClaim = &catalog.IssuerByClaim{
		Claim: "tid", Pattern: "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", Template: b.issuer.URL + "/{tid}/v2.0",
	}
	b.claims["tid"], b.claims["iss"] = tid, b.issuer.URL+"/"+tid+"/v2.0"
	proof, err := b.identify()
	if err != nil || proof.Subject != (sso.Subject{Issuer: b.issuer.URL + "/" + tid + "/v2.0", ID: "user-4711"}) {
		t.Fatalf("%+v, %v", proof, err)
	}
	b.claims["tid"] = strings.Replace(tid, "1", "9", 1)
	proof, err = b.identify()
	unproved(t, proof, err, "The ID token was issued by another issuer than the one that was asked.")
	for _, tid := range []any{nil, 5, "", "organizations", tid + "/../evil"} {
		b.claims["tid"], b.claims["iss"] = tid, fmt.Sprintf("%s/%v/v2.0", b.issuer.URL, tid)
		proof, err = b.identify()
		unproved(t, proof, err, "The ID token has no tid that can be part of its issuer.")
	}
}

func TestInspectTellsWhatWouldNotBeAcceptedNow(t *testing.T) {
	b := newBench(t)
	b.claims["at_hash"] = "of a token that is long gone"
	b.clock.Advance(48 * time.Hour)
	inspect := func() (Proof, error) {
		return b.v.Inspect(t.Context(), b.answer.Provider, ourClient, secret.New(mint(b.head, b.claims, b.key)))
	}
	proof, err := inspect()
	if err != nil || proof.Subject.ID != "user-4711" || proof.Source != FromIDToken {
		t.Fatalf("%+v, %v", proof, err)
	}
	for _, want := range []string{"It would not be accepted now: it has expired.", "It has a nonce, which was not compared."} {
		if !slices.Contains(proof.Trace, want) {
			t.Errorf("the trace lacks %q: %q", want, proof.Trace)
		}
	}
	delete(b.claims, "nonce")
	if proof, _ := inspect(); !slices.Contains(proof.Trace, "It has no nonce.") {
		t.Errorf("trace %q", proof.Trace)
	}
	for name, change := range map[string]struct {
		claim, value, detail string
	}{
		"another issuer": {"iss", "https://evil.example", "The ID token was issued by another issuer than the one that was asked."},
		"another client": {"aud", "another", "The ID token is for another client."},
		"nobody":         {"sub", "", "The ID token names nobody: its sub is not 1 to 255 ASCII characters."},
	} {
		t.Run(name, func(t *testing.T) {
			proof, err := b.v.Inspect(t.Context(), b.answer.Provider, ourClient,
				secret.New(mint(b.head, with(b.claims, map[string]any{change.claim: change.value}), b.key)))
			unproved(t, proof, err, change.detail)
		})
	}
	b.key = otherKey()
	proof, err = inspect()
	unproved(t, proof, err, "The signature of the ID token was made by no key of this provider.")
}

func TestClaimsNeverHoldOtherSources(t *testing.T) {
	b := newBench(t)
	b.claims["_claim_names"] = map[string]string{"groups": "src"}
	b.claims["_claim_sources"] = map[string]any{"src": map[string]string{"endpoint": "https://x.example", "access_token": "CANARY"}}
	proof, err := b.identify()
	if err != nil || proof.Claims["_claim_names"] != nil || proof.Claims["_claim_sources"] != nil {
		t.Errorf("%v, %v", proof.Claims, err)
	}
}

func TestTheIssuerThatATokenSaysIsReadUnproved(t *testing.T) {
	b := newBench(t)
	b.key = otherKey()
	for token, want := range map[string]string{
		mint(b.head, b.claims, b.key):                               b.issuer.URL,
		legacy(b, "RS256"):                                          b.issuer.URL,
		mint(b.head, map[string]any{"iss": 5}, b.key):               "",
		encode([]byte("{}")) + "." + encode([]byte("[]")) + ".AAAA": "",
		"nonsense": "",
	} {
		if got := IssuerSaid(secret.New(token)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

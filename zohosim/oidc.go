package zohosim

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

type signingKey struct {
	id      string
	private *rsa.PrivateKey
}

// serverInfo lists the data centres; China is operated apart and not in it.
func (s *Sim) serverInfo(c *call) {
	locations := map[string]string{}
	for _, dc := range s.dcs {
		if dc.code != "cn" || c.dc.code == "cn" {
			locations[dc.code] = s.origin(dc.accounts)
		}
	}
	c.json(http.StatusOK, map[string]any{"result": "success", "locations": locations})
}

func (s *Sim) discovery(c *call) {
	at := func(path string) string { return c.accounts(c.dc, path, nil) }
	list := strings.Fields
	c.json(http.StatusOK, map[string]any{
		"issuer":                                s.origin(c.dc.accounts),
		"authorization_endpoint":                at("/oauth/v2/auth"),
		"token_endpoint":                        at("/oauth/v2/token"),
		"userinfo_endpoint":                     at("/oauth/v2/userinfo"),
		"jwks_uri":                              at("/oauth/v2/keys"),
		"revocation_endpoint":                   at("/oauth/v2/token/revoke"),
		"introspection_endpoint":                at("/oauth/v2/introspect"),
		"device_authorization_endpoint":         at("/oauth/v3/device/code"),
		"dc_info":                               at("/oauth/serverinfo"),
		"scopes_supported":                      list("email profile openid phone"),
		"response_types_supported":              list("code token"),
		"response_modes_supported":              list("query fragment"),
		"grant_types_supported":                 list("authorization_code implicit refresh_token urn:ietf:params:oauth:grant-type:device_code urn:ietf:params:oauth:grant-type:jwt-bearer"),
		"id_token_signing_alg_values_supported": list("RS256 RS384"),
		"subject_types_supported":               list("public"),
		"code_challenge_methods_supported":      list("plain S256"),
		"token_endpoint_auth_methods_supported": list("client_secret_basic client_secret_post private_key_jwt"),
		"claims_supported": list("aud email email_verified exp iat iss sid sub at_hash kid profile picture " +
			"first_name name last_name gender phone_number phone_number_verified"),
	})
}

func (s *Sim) jwks(c *call) {
	s.signer(c.dc)
	set := jose.JSONWebKeySet{}
	for _, key := range s.keys[c.dc.code] {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: &key.private.PublicKey, KeyID: key.id, Algorithm: s.algorithm(), Use: "sig"})
	}
	c.json(http.StatusOK, set)
}

// signer is the newest key of a data centre, made when first needed since eleven are rarely all used.
func (s *Sim) signer(dc *centre) *signingKey {
	if len(s.keys[dc.code]) == 0 {
		s.addKey(dc)
	}
	keys := s.keys[dc.code]
	return keys[len(keys)-1]
}

func (s *Sim) addKey(dc *centre) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic("zohosim: generating a signing key: " + err.Error()) // only a broken random source gets here
	}
	keys := append(s.keys[dc.code], &signingKey{randomHex(8), private})
	s.keys[dc.code] = keys[max(0, len(keys)-2):]
}

// RotateKeys gives a data centre a new signing key; the one before stays published, older ones go.
func (s *Sim) RotateKeys(dcCode string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if dc := s.centre(dcCode); dc != nil {
		s.signer(dc)
		s.addKey(dc)
	}
}

func (s *Sim) claims(u *User, list scopes) map[string]any {
	claims := map[string]any{"sub": u.ZUID}
	if list.has("email") {
		claims["email"] = u.Email
		if !s.sw.NoEmailVerified {
			claims["email_verified"] = u.EmailVerified
		}
	}
	if list.has("profile") {
		claims["first_name"], claims["last_name"] = u.FirstName, u.LastName
		if !s.sw.NoName {
			claims["name"] = u.DisplayName
		}
		if !s.sw.NoPicture {
			claims["picture"] = s.origin(s.centre(u.DC).accounts) + "/file?ID=" + u.ZUID + "&fs=thumb"
		}
	}
	return claims
}

func (s *Sim) idToken(g *grant, nonce, accessToken string) string {
	now := s.clock.Now().Add(time.Duration(s.sw.ClockSkewSeconds) * time.Second)
	claims := s.claims(g.user, g.scopes)
	claims["iss"] = s.origin(g.dc.accounts)
	if s.sw.SchemelessIssuer {
		_, claims["iss"], _ = strings.Cut(s.origin(g.dc.accounts), "://")
	}
	claims["aud"], claims["sid"] = g.client.ID, g.id
	claims["iat"], claims["exp"] = now.Unix(), now.Add(time.Hour).Unix()
	claims["at_hash"] = s.atHash(accessToken)
	if nonce != "" && !s.sw.NoNonceEcho {
		claims["nonce"] = nonce
	}
	return s.sign(s.signer(g.dc), claims)
}

func (s *Sim) algorithm() string {
	if s.sw.RS384 {
		return "RS384"
	}
	return "RS256"
}

func (s *Sim) atHash(accessToken string) string {
	if s.sw.RS384 {
		sum := sha512.Sum384([]byte(accessToken))
		return base64url(sum[:24])
	}
	sum := sha256.Sum256([]byte(accessToken))
	return base64url(sum[:16])
}

// sign is written out by hand because the legacy shape is one no JOSE library will produce.
func (s *Sim) sign(key *signingKey, claims map[string]any) string {
	header := map[string]any{"alg": s.algorithm(), "typ": "JWT", "kid": key.id}
	encoding := base64.RawURLEncoding
	if s.sw.LegacyIDToken {
		header = map[string]any{"alg": s.algorithm(), "typ": "JWS", "key_id": key.id}
		encoding = base64.URLEncoding
	}
	head, _ := json.Marshal(header) // maps of strings, numbers and booleans always encode
	body, _ := json.Marshal(claims)
	signed := encoding.EncodeToString(head) + "." + encoding.EncodeToString(body)
	algorithm := crypto.SHA256
	if s.sw.RS384 {
		algorithm = crypto.SHA384
	}
	digest := algorithm.New()
	digest.Write([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key.private, algorithm, digest.Sum(nil))
	if err != nil {
		panic("zohosim: signing an ID token: " + err.Error())
	}
	return signed + "." + encoding.EncodeToString(signature)
}

func (s *Sim) apiEvent(c *call, a *accessToken, outcome string) {
	e := Event{Kind: EventAPI, Outcome: outcome, Access: fingerprintOf(c.bearer())}
	if a != nil {
		e.Client, e.User, e.Grant = a.grant.client.ID, a.grant.userEmail(), a.grant.id
	}
	c.record(e)
}

// accountToken is the token of a call to an accounts server, which knows only its own.
func (s *Sim) accountToken(c *call) *accessToken {
	a := s.liveAccess(c.bearer())
	if a == nil || a.grant.dc != c.dc || a.grant.user == nil {
		return nil
	}
	return a
}

func (s *Sim) userinfo(c *call) {
	a := s.accountToken(c)
	mode := or(s.sw.UserinfoPage, "profile_only")
	switch {
	case a == nil:
		s.apiEvent(c, nil, "INVALID_OAUTHTOKEN")
		c.json(http.StatusUnauthorized, map[string]any{"cause": "INVALID_OAUTHTOKEN", "response": "error"})
	case mode == "always" || mode == "profile_only" && !a.scopes.has("openid") && !a.scopes.has("email"):
		s.apiEvent(c, a, "html")
		c.page(http.StatusBadRequest, pageError, errorPage("en", "invalid_scope", ""))
	default:
		s.apiEvent(c, a, "ok")
		c.json(http.StatusOK, s.claims(a.grant.user, a.scopes))
	}
}

func (s *Sim) legacyUserInfo(c *call) {
	a := s.accountToken(c)
	switch {
	case a == nil:
		s.apiEvent(c, nil, "INVALID_OAUTHTOKEN")
		c.json(http.StatusUnauthorized, map[string]any{"cause": "INVALID_OAUTHTOKEN", "response": "error"})
	case !a.scopes.allows("AaaServer.profile.READ"):
		s.apiEvent(c, a, "INVALID_OAUTHSCOPE")
		body := map[string]any{"status_code": http.StatusMethodNotAllowed}
		if s.sw.LegacyUserInfoScopeBody {
			body = map[string]any{"cause": "INVALID_OAUTHSCOPE", "response": "error"}
		}
		c.json(http.StatusOK, body)
	default:
		s.apiEvent(c, a, "ok")
		u := a.grant.user
		zuid, _ := strconv.ParseInt(u.ZUID, 10, 64) // a ZUID that is no number shows as 0, as a number it must be
		c.json(http.StatusOK, map[string]any{"First_Name": u.FirstName, "Last_Name": u.LastName,
			"Email": u.Email, "Display_Name": u.DisplayName, "ZUID": zuid})
	}
}

package identity

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	josejson "github.com/go-jose/go-jose/v4/json"

	"latchkey/authmethods/catalog"
	"latchkey/sso"
)

// maxToken bounds a token; what is longer makes headers too long elsewhere.
const maxToken = 16 << 10

// compact is a JWS in compact serialization (RFC 7515 section 7.1), taken apart
// and not verified.
type compact struct {
	head      header
	signed    string // what the signature is over, to the letter
	signature []byte
	payload   []byte
	legacy    bool   // in a shape that libraries refuse
	standard  string // the same token in the shape of the standard
}

// header is what a token says of itself. Nothing in it is believed but the choice
// among what the provider is known for.
type header struct {
	alg, typ, kid string
}

// fault is a token that cannot be right, in words for people.
type fault string

// Error implements error.
func (f fault) Error() string { return string(f) }

// parse takes a token apart. Its error is a fault.
func parse(token string, rules catalog.IDTokens) (compact, error) {
	if len(token) > maxToken {
		return compact{}, fault("is longer than 16 KiB")
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return compact{}, fault("does not have three parts")
	}
	c := compact{signed: parts[0] + "." + parts[1]}
	raw := make([][]byte, 3)
	for i, part := range parts {
		bare := part
		if rules.LegacyShape {
			bare = strings.TrimRight(part, "=")
		}
		c.legacy = c.legacy || bare != part
		decoded, err := base64.RawURLEncoding.Strict().DecodeString(bare)
		if err != nil || len(decoded) == 0 || strings.ContainsAny(bare, "\r\n") {
			return compact{}, fault("is not base64url")
		}
		parts[i], raw[i] = bare, decoded
	}
	c.standard, c.payload, c.signature = strings.Join(parts, "."), raw[1], raw[2]
	said, err := object(raw[0])
	if err != nil {
		return compact{}, fault("has a header that is not a JSON object")
	}
	c.head, err = readHeader(said, rules)
	return c, err
}

// ownKey are headers by which a token brings its own key; b64 changes what the
// signature is over.
var ownKey = []string{"jku", "jwk", "x5u", "x5c"}

func readHeader(said map[string]any, rules catalog.IDTokens) (header, error) {
	for _, name := range ownKey {
		if _, there := said[name]; there {
			return header{}, fault("brings its own key")
		}
	}
	for _, name := range []string{"crit", "b64"} {
		if _, there := said[name]; there {
			return header{}, fault("demands an extension that is not understood")
		}
	}
	var h header
	names := map[string]*string{"alg": &h.alg, "typ": &h.typ, "kid": &h.kid}
	if _, named := said["kid"]; rules.LegacyShape && !named {
		names["key_id"] = &h.kid
	}
	for name, into := range names {
		value, there := said[name]
		if !there {
			continue
		}
		text, ok := value.(string)
		if !ok {
			return header{}, fault("has a header of the wrong type")
		}
		*into = text
	}
	return h, nil
}

// isType reports whether typ is one of the media types, which may be written with
// application/ in front (RFC 7515 section 4.1.9).
func (h header) isType(kinds ...string) bool {
	kind := strings.TrimPrefix(strings.ToLower(h.typ), "application/")
	return slices.Contains(kinds, kind)
}

var errNotObject = errors.New("identity: not a JSON object")

// object decodes exactly one JSON object, with numbers as [json.Number]. A name
// that occurs twice is an error: others would read the other value.
func object(raw []byte) (sso.Claims, error) {
	var once map[string]any
	if josejson.Unmarshal(raw, &once) != nil || once == nil {
		return nil, errNotObject
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var claims sso.Claims
	if err := d.Decode(&claims); err != nil {
		return nil, errNotObject // the cause quotes the input
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errNotObject
	}
	return claims, nil
}

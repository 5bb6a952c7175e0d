package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"latchkey/sso"
	"latchkey/web/strict"
)

// decodeWithClaims reads a body whose field claims holds whatever a provider says,
// of which no strict reading knows the form. For the rest claims are null.
func decodeWithClaims(r *http.Request) (*strict.Object, sso.Claims, error) {
	text, err := readWhole(r)
	if err != nil {
		return nil, nil, err
	}
	rest, claims, wrong := takeClaims(text)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(rest)), int64(len(rest))
	body, err := strict.Decode(r)
	if err != nil {
		return nil, nil, err
	}
	if body.PatchText("claims", 0); wrong != "" {
		body.Fault("claims", wrong)
	}
	return body, claims, nil
}

// takeClaims cuts the value of the field claims out of a JSON object and leaves null
// in its place. What is no JSON is left as it is, to be refused by whoever reads it.
func takeClaims(text []byte) (rest []byte, claims sso.Claims, wrong string) {
	d := json.NewDecoder(bytes.NewReader(text))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return text, nil, ""
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return text, nil, ""
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return text, nil, ""
		}
		if name != "claims" {
			continue
		}
		end := d.InputOffset()
		start := end - int64(len(value))
		rest = bytes.Join([][]byte{text[:start], text[end:]}, []byte("null"))
		claims, wrong = readClaims(value)
		return rest, claims, wrong
	}
	return text, nil, ""
}

func readClaims(value json.RawMessage) (sso.Claims, string) {
	const most = 200
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	claims := sso.Claims{}
	if !strings.HasPrefix(string(value), "{") || d.Decode(&claims) != nil {
		return nil, "This must be an object."
	}
	if len(claims) > most {
		return nil, fmt.Sprintf("There are at most %d of these.", most)
	}
	return claims, ""
}

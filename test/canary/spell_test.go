package canary_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strings"
)

// shortest is the length below which a spelling may turn up by chance.
const shortest = 8

// spellings are the ways in which a secret may have been written.
func spellings(secret string) []string {
	b := []byte(secret)
	all := []string{secret, hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b)), url.QueryEscape(secret), url.PathEscape(secret), html.EscapeString(secret)}
	if text, err := json.Marshal(secret); err == nil {
		all = append(all, strings.Trim(string(text), `"`))
	}
	for shift := range 3 {
		for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			all = append(all, within(e, b, shift))
		}
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(s string) bool { return len(s) < shortest })
}

// within is what base64 surely has of a secret that begins so many bytes behind a
// group of three, whatever stands before and after it.
func within(e *base64.Encoding, secret []byte, shift int) string {
	text := e.WithPadding(base64.NoPadding).EncodeToString(append(make([]byte, shift), secret...))
	first := (shift*8 + 5) / 6
	return text[first : (shift+len(secret))*8/6]
}

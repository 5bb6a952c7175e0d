package sso

import "encoding/json"

// Claims are what a provider says about somebody (OpenID Connect Core 1.0 section
// 5.1), decoded with numbers as [json.Number].
type Claims map[string]any

// Text returns a claim that is a string or a number and not empty.
func (c Claims) Text(name string) (string, bool) {
	switch v := c[name].(type) {
	case string:
		return v, v != ""
	case json.Number:
		return v.String(), v != ""
	}
	return "", false
}

// True reports whether a claim is the JSON value true: not "true", not 1.
func (c Claims) True(name string) bool {
	v, ok := c[name].(bool)
	return ok && v
}

package sso

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// What of somebody's claims is kept in the log of sign-ins.
const (
	maxMasked    = 40  // claims
	maxMaskedKey = 64  // bytes of a claim's name
	maxSubject   = 255 // OpenID Connect Core 1.0 section 2
	maxMaskedEnd = 100 // bytes of what stays of a value beside
)

// Mask returns claims for the log of sign-ins: enough to see what went wrong, too
// little to write to somebody. The subject and booleans stay, addresses, numbers and
// names are partly hidden, and of everything else only the type is left. Of more
// than 40 claims those are kept that are shown, and then the first by name.
func Mask(c Claims) Claims {
	names := slices.SortedFunc(maps.Keys(c), func(a, b string) int {
		if shows(a) != shows(b) {
			if shows(a) {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	masked := Claims{}
	for _, name := range names[:min(len(names), maxMasked)] {
		masked[shown(cut(name, maxMaskedKey))] = maskedValue(name, c[name])
	}
	return masked
}

// shows reports a claim of which more than the type is kept.
func shows(name string) bool { return name == "sub" || isEmail(name) || isPhone(name) || isName(name) }

// isName reports a claim by which people are called.
func isName(claim string) bool {
	return slices.Contains([]string{
		"name", "given_name", "family_name", "middle_name", "nickname", "preferred_username",
		"first_name", "last_name", "display_name",
	}, strings.ToLower(claim))
}

func maskedValue(name string, value any) any {
	text, isText := value.(string)
	if number, ok := value.(json.Number); ok && (name == "sub" || isPhone(name)) {
		text, isText = number.String(), true
	}
	switch value.(type) {
	case bool:
		return value
	case nil:
		return "(null)"
	case []any:
		return "(list)"
	case map[string]any:
		return "(object)"
	}
	switch {
	case isText && name == "sub":
		return shown(cut(text, maxSubject))
	case isText && text == "":
		return ""
	case isText && isPhone(name):
		return maskedPhone(text)
	case isText && (isEmail(name) || isName(name)):
		return maskedName(text)
	case isText:
		return "(text)"
	}
	return "(number)"
}

// maskedName keeps the first character, and the domain of an address.
func maskedName(text string) string {
	_, size := utf8.DecodeRuneInString(text)
	kept := shown(text[:size]) + "•••"
	if at := strings.LastIndexByte(text, '@'); at > 0 {
		kept += shown(cut(text[at:], maxMaskedEnd))
	}
	return kept
}

// maskedPhone keeps the last two digits of a number that has enough others.
func maskedPhone(text string) string {
	if len(text) < 6 {
		return "•••"
	}
	return "•••" + shown(text[len(text)-2:])
}

// cut shortens text to n bytes, at the end of a character.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

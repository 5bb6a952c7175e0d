package credentials

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
)

// The bounds of a password. It is never cut off: what is longer is refused.
const (
	minRunes = 12
	maxBytes = 1024
	// minDistinct is how many different characters there are at least: fewer are a
	// key that was held down.
	minDistinct = 5
	// minOwn is how many letters and digits a password has beside the words that
	// everybody would try.
	minOwn = 8
)

// canonicalPassword brings a password into the one form that is hashed: OpaqueString
// of RFC 8265 section 4.2. What is longer than maxBytes has none, before or after.
func canonicalPassword(password secret.Text) (string, error) {
	typed := password.Reveal()
	if len(typed) > maxBytes {
		return "", authmethods.InvalidField("/password", "A password has at most 1024 bytes.")
	}
	text, err := precis.OpaqueString.String(typed)
	if err != nil || len(text) > maxBytes {
		return "", authmethods.InvalidField("/password", "This has characters that no password can have.")
	}
	return text, nil
}

// productWords are what a password here is not made of.
var productWords = []string{"latchkey"}

// Check returns a Problem if a password is too weak to be set. words are names that
// it must not be made of: of the person, of the tenant.
func (c *Credentials) Check(password secret.Text, words ...string) error {
	text, err := canonicalPassword(password)
	if err != nil {
		return err
	}
	if reason := weakness(text, append(words, productWords...)); reason != "" {
		return authmethods.InvalidField("/password", reason)
	}
	leaked, err := c.o.Breached.has(text)
	if err != nil {
		return doing("looking into the list of leaked passwords", err)
	}
	if leaked {
		return authmethods.InvalidField("/password", "This password is in a list of leaked ones, which attackers try first.")
	}
	return nil
}

// weakness says what is wrong with a canonical password; empty: nothing.
func weakness(text string, words []string) string {
	switch {
	case utf8.RuneCountInString(text) < minRunes:
		return "A password has at least 12 characters."
	case distinct(text) < minDistinct:
		return "This has too few different characters."
	case common(text):
		return "This is one of the passwords that attackers try first."
	case madeOf(text, words):
		return "This is little more than a name that everybody knows. Add words of your own."
	}
	return ""
}

func distinct(text string) int {
	seen := map[rune]bool{}
	for _, r := range text {
		seen[unicode.ToLower(r)] = true
	}
	return len(seen)
}

// madeOf reports whether little is left of a password without the words, in any
// case and with the digits that stand for letters, and without years.
func madeOf(text string, words []string) bool {
	folded, found := plain(text), false
	for _, word := range words {
		for _, part := range strings.FieldsFunc(word, notOwn) {
			part = plain(part)
			if utf8.RuneCountInString(part) < 3 {
				continue
			}
			cut := strings.ReplaceAll(folded, part, " ")
			found = found || cut != folded
			folded = cut
		}
	}
	return found && own(folded) < minOwn
}

func notOwn(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// own counts the letters and digits that are no year.
func own(text string) (n int) {
	for _, part := range strings.FieldsFunc(text, notOwn) {
		if len(part) == 4 && (strings.HasPrefix(part, "i9") || strings.HasPrefix(part, "2o")) {
			continue // a year, as plain writes it
		}
		n += utf8.RuneCountInString(part)
	}
	return n
}

// plain writes a text in lower case and with one letter for all that are written for
// it: P4$$w0rd is password. It only compares, nothing is stored of it.
func plain(text string) string { return leet.Replace(strings.ToLower(text)) }

var leet = strings.NewReplacer("0", "o", "1", "i", "l", "i", "|", "i", "!", "i", "3", "e", "4", "a", "@", "a", "5", "s", "$", "s", "7", "t", "+", "t")

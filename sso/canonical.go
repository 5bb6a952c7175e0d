package sso

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/width"
)

// How long names may be, in bytes, as given and in canonical form.
const (
	maxName  = 256
	maxLocal = 64  // RFC 5321 section 4.5.3.1.1
	maxEmail = 254 // RFC 5321 section 4.5.3.1.3, without the angle brackets
)

// unfit says why a text is no name, in a sentence for the person who typed it.
type unfit string

func (u unfit) Error() string { return string(u) }

const (
	errEmpty     unfit = "It is empty."
	errTooLong   unfit = "It is too long."
	errCharacter unfit = "It has a character that names cannot have, such as a space or an invisible one."
	errMixed     unfit = "It mixes letters that look like others."
	errNoAddress unfit = "This is no e-mail address."
	errNoDomain  unfit = "This is no domain name, such as example.com."
)

// Canonical returns the one form of a user name by which people are created,
// found, mapped to and throttled: UsernameCaseMapped of RFC 8265. What is on either
// side of an @ is prepared for itself, so that e-mail addresses are user names.
//
// It is stricter than the profile in what could pass for another name, and refuses
// that instead of folding it: compatibility characters such as the Kelvin sign,
// characters that are allowed by context only, and letters of scripts that are not
// written together. The errors are sentences to show.
func Canonical(name string) (string, error) {
	if name == "" {
		return "", errEmpty
	}
	if len(name) > maxName {
		return "", errTooLong
	}
	prepared, err := prepare(name)
	if err != nil {
		return "", err
	}
	parts := strings.Split(prepared, "@")
	for i, part := range parts {
		labels := []string{part}
		if i > 0 { // a domain, of which each label may have its own script
			labels = strings.Split(part, ".")
		}
		if parts[i], err = userPart(part); err != nil {
			return "", err
		}
		if slices.ContainsFunc(labels, mixesScripts) {
			return "", errMixed
		}
	}
	canonical := strings.Join(parts, "@")
	if len(canonical) > maxName {
		return "", errTooLong
	}
	return canonical, nil
}

// CanonicalEmail returns the one form of an e-mail address: the part before the @
// like a user name, the domain as [CanonicalDomain]. The errors are sentences to
// show.
func CanonicalEmail(address string) (string, error) {
	if address == "" {
		return "", errEmpty
	}
	if len(address) > maxName {
		return "", errTooLong
	}
	prepared, err := prepare(address)
	if err != nil {
		return "", err
	}
	local, domain, ok := strings.Cut(prepared, "@")
	if !ok || !dotAtom(local) {
		return "", errNoAddress
	}
	if local, err = userPart(local); err != nil {
		return "", err
	}
	if mixesScripts(local) {
		return "", errMixed
	}
	if domain, err = CanonicalDomain(domain); err != nil {
		return "", errNoAddress
	}
	if len(local) > maxLocal || len(local)+len("@")+len(domain) > maxEmail {
		return "", errTooLong
	}
	return local + "@" + domain, nil
}

// CanonicalDomain returns the one form of a domain name: lower case, in ASCII
// (RFC 5891), without a final dot. The errors are sentences to show.
func CanonicalDomain(domain string) (string, error) {
	if domain == "" {
		return "", errEmpty
	}
	prepared, err := prepare(domain)
	if err != nil {
		return "", errNoDomain
	}
	ascii, err := idna.Lookup.ToASCII(prepared)
	if err != nil || len(ascii) > 253 {
		return "", errNoDomain
	}
	shown, err := idna.Lookup.ToUnicode(ascii)
	if err != nil {
		return "", errNoDomain
	}
	badLabel := func(label string) bool { return label == "" || len(label) > 63 }
	if slices.ContainsFunc(strings.Split(ascii, "."), badLabel) {
		return "", errNoDomain
	}
	if slices.ContainsFunc(strings.Split(shown, "."), mixesScripts) {
		return "", errMixed
	}
	return ascii, nil
}

// CanonicalExternalID returns the one form of what another system calls a person:
// without white space at the ends, and otherwise as it is, for nobody knows which
// differences count there. The errors are sentences to show.
func CanonicalExternalID(id string) (string, error) {
	id = strings.TrimSpace(id)
	switch {
	case id == "":
		return "", errEmpty
	case len(id) > maxName:
		return "", errTooLong
	case !utf8.ValidString(id), strings.ContainsFunc(id, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "", errCharacter
	}
	return id, nil
}

// prepare maps characters of another width (RFC 8265 section 3.3.2) and refuses
// what the identifier class does not hold before anything else is mapped: the
// library looks only at what came out, when a Kelvin sign is a k already.
func prepare(s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", errCharacter
	}
	folded := width.Fold.String(s)
	if strings.ContainsFunc(folded, func(r rune) bool { return !identifies(r) }) {
		return "", errCharacter
	}
	return folded, nil
}

// identifies reports whether identifiers may have r anywhere, whatever is around it
// (RFC 8264 section 4.2).
func identifies(r rune) bool { return precis.UsernameCaseMapped.Allowed().Contains(r) }

// userPart returns the canonical form of a user part (RFC 8265 section 3.1).
func userPart(part string) (string, error) {
	if part == "" {
		return "", errEmpty
	}
	canonical, err := precis.UsernameCaseMapped.String(part)
	if err != nil {
		return "", errCharacter
	}
	if dotsTwice(canonical) {
		return "", errMixed
	}
	return canonical, nil
}

// dotAtom reports whether local can stand before the @ of an address without
// quotes (RFC 5322 section 3.2.3, RFC 6531 section 3.3).
func dotAtom(local string) bool {
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" || strings.ContainsAny(atom, `"(),:;<>[\]`) {
			return false
		}
	}
	return true
}

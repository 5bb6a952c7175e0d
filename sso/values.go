package sso

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"

	"latchkey/authmethods"
)

// maxValue is how many bytes a claim may have that is mapped, and what becomes of it.
const maxValue = 320

// Values returns what each look-up of the rule yields for somebody. An e-mail
// address counts only if email_verified is the JSON value true, or trusted says that
// the provider is the authority for its domain, which is given as [CanonicalDomain]
// makes it. A telephone number counts only if phone_number_verified is true.
func (r Rule) Values(c Claims, trusted func(domain string) bool) []Value {
	return r.compile().values(c, trusted)
}

// compiled is a rule whose patterns are ready for use.
type compiled struct {
	lookups  []Lookup
	patterns map[string]*regexp.Regexp // by its text; absent: it is no pattern
}

func (r Rule) compile() compiled {
	ready := compiled{lookups: r.Lookups, patterns: map[string]*regexp.Regexp{}}
	for _, l := range r.Lookups {
		for _, c := range l.Changes {
			if c.Do != Replace {
				continue
			}
			if pattern, err := compilePattern(c.From); err == nil {
				ready.patterns[c.From] = pattern
			}
		}
	}
	return ready
}

func (r compiled) values(c Claims, trusted func(domain string) bool) []Value {
	values := make([]Value, 0, len(r.lookups))
	for _, l := range r.lookups {
		values = append(values, r.value(l, c, trusted))
	}
	return values
}

// value follows one look-up until something is missing.
func (r compiled) value(l Lookup, c Claims, trusted func(domain string) bool) Value {
	v := Value{Field: l.Field, Claim: l.Claim}
	text, ok := v.read(c)
	if !ok {
		return v
	}
	if code, why := verify(l, text, c, trusted); code != "" {
		return v.fail(code, why)
	} else if why != "" {
		v.say(why)
	}
	for _, change := range l.Changes {
		next, said, ok := r.apply(change, text)
		if ok && len(next) > maxValue {
			said, ok = fmt.Sprintf("the result is longer than %d bytes", maxValue), false
		}
		if !ok {
			return v.fail(authmethods.CodeNoMatchingUser, said)
		}
		v.say(said + ": " + shown(next))
		text = next
	}
	canonical, err := l.Field.canonical(text)
	if err != nil {
		return v.fail(authmethods.CodeNoMatchingUser, fmt.Sprintf("that is no %s: %s", l.Field.words(), clause(err)))
	}
	v.Text = canonical
	v.say(fmt.Sprintf("looks for the %s %s", l.Field.words(), shown(canonical)))
	return v
}

// read returns the text of the claim.
func (v *Value) read(c Claims) (string, bool) {
	text, ok := c.Text(v.Claim)
	_, sent := c[v.Claim]
	switch {
	case !sent:
		*v = v.fail(authmethods.CodeNoMatchingUser, fmt.Sprintf("the provider sent no %s", v.Claim))
	case !ok:
		*v = v.fail(authmethods.CodeNoMatchingUser, fmt.Sprintf("%s is empty or no text", v.Claim))
	case len(text) > maxValue || !utf8.ValidString(text):
		ok = false
		*v = v.fail(authmethods.CodeNoMatchingUser, fmt.Sprintf("%s is longer than %d bytes or no text", v.Claim, maxValue))
	default:
		v.say(fmt.Sprintf("%s = %s", v.Claim, shown(text)))
	}
	return text, ok
}

func (v *Value) say(sentence string) { v.Trace = append(v.Trace, sentence) }

// fail returns the value that there is not, with the reason as its last sentence.
func (v Value) fail(code authmethods.Code, why string) Value {
	v.say(why)
	v.Code = code
	return v
}

// verify returns a code and a sentence if what the claim says must not be believed,
// and otherwise a sentence that says why it may, if there was anything to verify.
func verify(l Lookup, text string, c Claims, trusted func(domain string) bool) (authmethods.Code, string) {
	if isPhone(l.Claim) && !c.True("phone_number_verified") {
		return authmethods.CodeNoMatchingUser, "the provider has not verified the telephone number"
	}
	if !isEmail(l.Claim) && l.Field != ByEmail {
		return "", ""
	}
	address, err := CanonicalEmail(strings.TrimSpace(text))
	if err != nil {
		return authmethods.CodeNoMatchingUser, "that is no e-mail address: " + clause(err)
	}
	if _, domain, _ := strings.Cut(address, "@"); trusted != nil && trusted(domain) {
		return "", fmt.Sprintf("the provider is trusted for %s", shown(domain))
	}
	// What the provider says is verified is its claim email, and no other.
	email, _ := c.Text("email")
	said, err := CanonicalEmail(strings.TrimSpace(email))
	if c.True("email_verified") && err == nil && said == address {
		return "", "the provider has verified the address"
	}
	return authmethods.CodeEmailUnverified, "the provider has not verified the address"
}

// apply carries out one change. What it says is what was done, or, if not ok, why
// nothing came of it.
func (r compiled) apply(c Change, text string) (result, said string, ok bool) {
	switch c.Do {
	case Trim:
		return strings.TrimSpace(text), "without spaces at the ends", true
	case IgnoreCase:
		return withoutCase(text), "without case", true
	case BeforeAt:
		return beforeAt(text, c.From)
	case ReplaceDomain:
		return replaceDomain(text, c.From, c.To)
	case Replace:
		pattern := r.patterns[c.From]
		if pattern == nil {
			return "", "the pattern of the rule is none", false
		}
		if !pattern.MatchString(text) {
			return text, "the pattern does not match", true
		}
		return pattern.ReplaceAllString(text, c.To), "by the pattern", true
	}
	return "", "the rule has an unknown change", false
}

// withoutCase lowers what identifiers may have, and leaves the rest to be refused:
// the Kelvin sign must not become a k on the way.
func withoutCase(text string) string {
	lower := cases.Lower(language.Und, cases.HandleFinalSigma(false))
	var b strings.Builder
	for _, r := range text {
		if identifies(r) {
			b.WriteString(lower.String(string(r)))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func beforeAt(text, only string) (result, said string, ok bool) {
	local, domain, found := strings.Cut(text, "@")
	switch {
	case strings.Contains(domain, "@"):
		return "", "there is more than one @", false
	case only != "" && !(found && sameDomain(domain, only)):
		return "", "the domain is not " + shown(only), false
	case !found:
		return text, "there is no @", true
	}
	return local, "before the @", true
}

func replaceDomain(text, from, to string) (result, said string, ok bool) {
	local, domain, found := strings.Cut(text, "@")
	switch {
	case strings.Contains(domain, "@"):
		return "", "there is more than one @", false
	case !found:
		return text, "there is no @", true
	case from != "" && !sameDomain(domain, from):
		return text, "the domain is not " + shown(from), true
	}
	return local + "@" + to, "with the domain replaced", true
}

func sameDomain(a, b string) bool {
	x, err := CanonicalDomain(a)
	y, err2 := CanonicalDomain(b)
	return err == nil && err2 == nil && x == y
}

// canonical returns the one form of what is looked for in a field.
func (f Field) canonical(text string) (string, error) {
	switch f {
	case ByUserName:
		return Canonical(text)
	case ByEmail:
		return CanonicalEmail(text)
	case ByExternalID:
		return CanonicalExternalID(text)
	}
	return "", unfit("The rule names an unknown field.")
}

// words names the field to people.
func (f Field) words() string {
	switch f {
	case ByUserName:
		return "user name"
	case ByEmail:
		return "e-mail address"
	case ByExternalID:
		return "external id"
	}
	return "field"
}

// clause makes the sentence of an error the end of another.
func clause(err error) string {
	text := strings.TrimSuffix(err.Error(), ".")
	r, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToLower(r)) + text[size:]
}

// shown makes what came from outside fit for a sentence: nothing in it is invisible
// or turns the direction of reading.
func shown(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

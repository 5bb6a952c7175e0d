package sso

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"

	"latchkey/authmethods"
)

// What a rule may hold.
const (
	maxLookups = 5
	maxChanges = 10
	maxClaim   = 128 // characters of a claim's name
	maxPattern = 200 // characters of a pattern, and of its replacement
	// maxProgram bounds the time that a pattern takes, which is proportional to it
	// and to the length of the text: a{900} is short.
	maxProgram = 1000
)

// claimPattern is for claims' names, which may be addresses (OpenID Connect Core
// 1.0 section 5.1.2).
var claimPattern = regexp.MustCompile(`^[!-~]+$`)

// Check returns what is wrong with the rule of a connector, as JSON pointers into
// the connector; nil: nothing. A rule without look-ups is right: it maps nobody.
func (r Rule) Check() []authmethods.FieldError {
	var f faults
	if len(r.Lookups) > maxLookups {
		f.add("/rule/lookups", fmt.Sprintf("A rule has at most %d look-ups.", maxLookups))
		return f
	}
	for i, l := range r.Lookups {
		at := fmt.Sprintf("/rule/lookups/%d", i)
		if len(l.Claim) > maxClaim || !claimPattern.MatchString(l.Claim) {
			f.add(at+"/claim", fmt.Sprintf("This is the name of a claim such as email: 1 to %d characters without spaces.", maxClaim))
		}
		if !slices.Contains([]Field{ByUserName, ByEmail, ByExternalID}, l.Field) {
			f.add(at+"/field", "This is user_name, email or external_id.")
		}
		if len(l.Changes) > maxChanges {
			f.add(at+"/changes", fmt.Sprintf("A look-up has at most %d changes.", maxChanges))
			continue
		}
		for j, c := range l.Changes {
			f = append(f, c.check(fmt.Sprintf("%s/changes/%d", at, j))...)
		}
	}
	return f
}

func (c Change) check(at string) []authmethods.FieldError {
	var f faults
	switch c.Do {
	case Trim, IgnoreCase:
		f.absent(at+"/from", c.From)
		f.absent(at+"/to", c.To)
	case BeforeAt:
		f.domain(at+"/from", c.From, true)
		f.absent(at+"/to", c.To)
	case ReplaceDomain:
		f.domain(at+"/from", c.From, true)
		f.domain(at+"/to", c.To, false)
	case Replace:
		if _, err := compilePattern(c.From); err != nil {
			f.add(at+"/from", err.Error())
		}
		if len([]rune(c.To)) > maxPattern {
			f.add(at+"/to", fmt.Sprintf("A replacement has at most %d characters.", maxPattern))
		}
	default:
		f.add(at+"/do", "This is trim, ignore_case, before_at, replace_domain or replace.")
	}
	return f
}

// compilePattern returns a pattern ready for use. Its errors are sentences.
func compilePattern(pattern string) (*regexp.Regexp, error) {
	if pattern == "" || len([]rune(pattern)) > maxPattern {
		return nil, unfit(fmt.Sprintf("A pattern has 1 to %d characters.", maxPattern))
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, unfit("This is no regular expression in RE2 syntax: " + err.Error() + ".")
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil || len(program.Inst) > maxProgram {
		return nil, unfit("This regular expression repeats too much.")
	}
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return nil, unfit("This is no regular expression in RE2 syntax.")
	}
	return compiled, nil
}

// faults collects what is wrong with an input.
type faults []authmethods.FieldError

func (f *faults) add(pointer, detail string) {
	*f = append(*f, authmethods.FieldError{Pointer: pointer, Detail: detail})
}

func (f *faults) absent(pointer, value string) {
	if value != "" {
		f.add(pointer, "This change takes no such value.")
	}
}

func (f *faults) domain(pointer, value string, optional bool) {
	if value == "" && optional {
		return
	}
	if _, err := CanonicalDomain(value); err != nil {
		f.add(pointer, err.Error())
	}
}

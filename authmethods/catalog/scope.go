package catalog

import (
	"fmt"
	"slices"
	"strings"
)

// LintKind is the kind of a remark about scopes.
type LintKind string

// The kinds.
const (
	LintUnknown         LintKind = "unknown"
	LintCovered         LintKind = "covered"
	LintDuplicate       LintKind = "duplicate"
	LintMissingIdentity LintKind = "missing_identity" // matters only for signing in
	LintMissingRefresh  LintKind = "missing_refresh"
)

// Lint is a remark about a list of scopes. Index is the place in the list, -1 for
// a scope that is not there.
type Lint struct {
	Index      int
	Scope      string
	Kind       LintKind
	Suggestion string // a scope to use instead or to add
	Detail     string
}

// LintScopes remarks on scopes: remarks are not errors, since no catalogue is
// complete.
func (t *Type) LintScopes(scopes []string) []Lint {
	var lints []Lint
	seen := map[string]bool{}
	for i, scope := range scopes {
		folded := t.fold(scope)
		switch by := t.coveredBy(scope, scopes); {
		case seen[folded]:
			lints = append(lints, Lint{i, scope, LintDuplicate, "", fmt.Sprintf("%s is listed twice.", scope)})
		case by != "":
			lints = append(lints, Lint{i, scope, LintCovered, by, fmt.Sprintf("%s already includes %s.", by, scope)})
		case !t.knowsScope(scope):
			lints = append(lints, t.unknownScope(i, scope))
		}
		seen[folded] = true
	}
	return append(lints, t.missingScopes(seen)...)
}

func (t *Type) unknownScope(i int, scope string) Lint {
	lint := Lint{Index: i, Scope: scope, Kind: LintUnknown, Detail: fmt.Sprintf("%s is not in our list of %s scopes.", scope, t.Name)}
	var known []string
	for _, s := range t.Scopes.Catalogue {
		known = append(known, s.Scope)
	}
	if near := Nearest(scope, known); near != "" {
		lint.Suggestion = near
		lint.Detail += fmt.Sprintf(" Did you mean %s?", near)
	}
	return lint
}

func (t *Type) missingScopes(seen map[string]bool) []Lint {
	var lints []Lint
	for _, scope := range t.Scopes.Identity {
		if !seen[t.fold(scope)] {
			detail := fmt.Sprintf("Signing people in needs %s.", scope)
			lints = append(lints, Lint{-1, scope, LintMissingIdentity, scope, detail})
		}
	}
	needed := t.Scopes.NeededForRefresh
	given := func(scope string) bool { return seen[t.fold(scope)] }
	if len(needed) > 0 && !slices.ContainsFunc(needed, given) {
		detail := fmt.Sprintf("Without %s there is no lasting access.", needed[0])
		lints = append(lints, Lint{-1, needed[0], LintMissingRefresh, needed[0], detail})
	}
	return lints
}

func (t *Type) fold(scope string) string {
	if t.Scopes.CaseInsensitive {
		return strings.ToLower(scope)
	}
	return scope
}

// coveredBy returns the scope of the list that includes this one by the type's
// grammar: the same but for a last part that covers this one's.
func (t *Type) coveredBy(scope string, scopes []string) string {
	dot := strings.LastIndexByte(scope, '.')
	if t.Scopes.Whole == "" || dot < 0 {
		return ""
	}
	same := func(covered string) bool { return t.fold(covered) == t.fold(scope[dot+1:]) }
	if !slices.ContainsFunc(t.Scopes.Covers, same) {
		return ""
	}
	whole := t.fold(scope[:dot+1] + t.Scopes.Whole)
	for _, other := range scopes {
		if t.fold(other) == whole {
			return other
		}
	}
	return ""
}

// knowsScope reports whether the catalogue or a pattern has the scope. In the
// catalogue {instance} stands for any address.
func (t *Type) knowsScope(scope string) bool {
	for _, known := range t.Scopes.Catalogue {
		before, after, any := strings.Cut(known.Scope, "{instance}")
		if any && strings.HasPrefix(scope, before) && strings.HasSuffix(scope, after) && len(scope) >= len(before)+len(after) {
			return true
		}
		if t.fold(known.Scope) == t.fold(scope) {
			return true
		}
	}
	for _, expression := range t.Scopes.Patterns {
		if t.Scopes.CaseInsensitive {
			expression = "(?i:" + expression + ")"
		}
		if pattern, err := wholly(expression); err == nil && pattern.MatchString(scope) {
			return true
		}
	}
	return false
}

// ExpandScopes fills {instance} in scopes that name the provider's address, as
// those of Microsoft Dataverse do.
func (p Provider) ExpandScopes(scopes []string) []string {
	expanded := make([]string, len(scopes))
	for i, scope := range scopes {
		expanded[i] = strings.ReplaceAll(scope, "{instance}", p.Instance)
	}
	return expanded
}

package authmethods

import (
	"slices"
	"time"

	"latchkey/crypto/secret"
)

// Any in a permit stands for every tenant, method or environment.
const Any = "*"

// Permit is one thing that a service may borrow. There are no negative permits:
// what none allows is denied.
type Permit struct {
	ID ID
	// Tenant is empty for the service's own tenant, the slug of a tenant, or Any.
	// Only services of the platform may name others.
	Tenant      string
	Method      string // a method's reference, or Any
	Environment string // an environment, or Any
	// Scopes are the OAuth scopes that a loan may be for; empty means all that
	// the connection has.
	Scopes []string
}

// Loanable names what a loan would be of, in canonical words.
type Loanable struct {
	TenantID    TenantID
	TenantSlug  string
	Method      string
	Environment Environment
}

// Allows reports whether p, held by a service of owner, covers l.
func (p Permit) Allows(owner TenantID, l Loanable) bool {
	var tenant bool
	switch p.Tenant {
	case "":
		tenant = owner == l.TenantID
	case Any:
		tenant = owner == Platform || owner == l.TenantID
	default:
		tenant = p.Tenant == l.TenantSlug && (owner == Platform || owner == l.TenantID)
	}
	return tenant &&
		(p.Method == Any || p.Method == l.Method) &&
		(p.Environment == Any || p.Environment == string(l.Environment))
}

// Service is a service account: an internal caller of the lending API.
type Service struct {
	ID        ID
	Tenant    TenantID // Platform for the operator's own
	Name      string
	Admin     bool // may use the administration API of its tenant
	Disabled  bool
	Permits   []Permit
	Keys      []APIKey
	CreatedAt time.Time
	Rev       int64
}

// APIKey is what may be shown of a key; its secret is known to its holder only.
type APIKey struct {
	ID         ID
	Service    ID
	Name       string
	ExpiresAt  time.Time // zero: never
	RevokedAt  time.Time
	LastUsedAt time.Time
	CreatedAt  time.Time
}

// IssuedKey is a new key with its secret, which is shown this once.
type IssuedKey struct {
	APIKey
	Shown secret.Text
}

// Covers returns the permit by which s may borrow l for the wanted scopes. The
// problem it returns otherwise is the same whatever is missing; its reason depends on the
// permits of s alone.
func (s *Service) Covers(l Loanable, scopes []string) (Permit, error) {
	for _, p := range s.Permits {
		if p.Allows(s.Tenant, l) && coversScopes(p.Scopes, scopes) {
			return p, nil
		}
	}
	p := &Problem{
		Kind: Forbidden, Code: CodeLoanNotAllowed,
		Detail: "This key may not borrow from " + l.Method + " (" + string(l.Environment) + ").",
	}
	if l.Environment == Production && s.forTests() {
		p.Reason = CodeTestKeyOnLive
	}
	return Permit{}, p
}

// forTests reports whether s may borrow, but nothing of any production environment.
func (s *Service) forTests() bool {
	return len(s.Permits) > 0 && !slices.ContainsFunc(s.Permits, func(p Permit) bool {
		return p.Environment == Any || p.Environment == string(Production)
	})
}

func coversScopes(allowed, wanted []string) bool {
	if len(allowed) == 0 {
		return true
	}
	// A loan without scopes asks for the whole token, which a narrowed permit
	// does not give.
	if len(wanted) == 0 {
		return false
	}
	for _, w := range wanted {
		if !slices.Contains(allowed, w) {
			return false
		}
	}
	return true
}

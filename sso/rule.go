package sso

// Field is by what a user is looked up.
type Field string

// The fields.
const (
	ByUserName   Field = "user_name"
	ByEmail      Field = "email"
	ByExternalID Field = "external_id"
)

// Rule maps what a provider says about somebody to a user: the first look-up that
// finds anybody decides.
type Rule struct {
	Lookups []Lookup `json:"lookups"`
}

// Lookup takes a claim, changes it step by step, and looks for the user whose field
// is equal.
type Lookup struct {
	Claim   string   `json:"claim"`
	Changes []Change `json:"changes,omitempty"`
	Field   Field    `json:"field"`
}

// ChangeKind is what a [Change] does.
type ChangeKind string

// The kinds.
const (
	Trim          ChangeKind = "trim"
	IgnoreCase    ChangeKind = "ignore_case"
	BeforeAt      ChangeKind = "before_at"
	ReplaceDomain ChangeKind = "replace_domain"
	Replace       ChangeKind = "replace" // by a regular expression (RE2 syntax)
)

// Change is one step of a [Lookup]. From and To are the domains of ReplaceDomain
// (From empty: any), and the pattern and replacement of Replace. From is also the
// only domain that BeforeAt takes off (empty: any).
type Change struct {
	Do   ChangeKind `json:"do"`
	From string     `json:"from,omitempty"`
	To   string     `json:"to,omitempty"`
}

// DefaultRule finds the user whose user name is the verified e-mail address.
func DefaultRule() Rule {
	return Rule{Lookups: []Lookup{{
		Claim: "email", Changes: []Change{{Do: Trim}, {Do: IgnoreCase}}, Field: ByUserName,
	}}}
}

package tokens

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unique"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
)

// kin is what remembered grants share: there are many of them, of few methods.
type kin struct {
	kinship
	scopes []string
	home   *home
}

// kinship is what makes grants kin.
type kinship struct {
	of        authmethods.Loanable
	provider  *catalog.Provider
	tokenType string // as the provider said it
	scopes    string // joined by spaces
	worded    wording
}

// item is a grant as it was read, with what its loans are made of. It keeps what
// lending needs and no more: the refresh token is not to be in memory for longer
// than a refresh.
type item struct {
	kin        *kin
	subject    string
	connection authmethods.ID
	token      authmethods.ID
	value      secret.Text
	headers    []Header // of a call, that with the token first; its loans share them
	apiBaseURL string
	slot       Slot
	odd        *Grant // a grant of which there is more to say than below; else nil
	renewable  bool
	issued     int64 // Unix nanoseconds, 0 for the zero time, as all that follow
	expires    int64
	read       int64 // the storage's time when it was read
	at         int64 // the same moment in nanoseconds since shelf.began

	seen      int64                  // shelf.clock before it was read
	flight    atomic.Pointer[flight] // its latest refresh in the background
	looked    atomic.Int64           // Unix seconds when one was last tried again
	marked    atomic.Int64           // Unix seconds when a loan was last noted with the grant
	borrowers atomic.Pointer[count]  // a list of those on record
	pace      atomic.Pointer[pace]   // of its loans since that was last told; nil: there were none
	used      atomic.Bool            // since room was last looked for
}

func (s *shelf) newItem(key shelfKey, t *Target, g *Grant, now time.Time, mark int64) *item {
	i := &item{
		kin: s.kinOf(key, t, g), subject: apart(key.subject, TenantSubject), connection: t.Connection, token: g.Access.ID,
		apiBaseURL: t.APIBaseURL, slot: t.Slot, renewable: g.Renewable,
		issued: nanos(g.Access.IssuedAt), expires: nanos(g.Access.ExpiresAt), read: nanos(now), at: int64(time.Since(s.began)),
		seen: mark,
	}
	i.dress(t, g)
	if g.Failures != 0 || g.Broken != "" || g.Attempt != nil || g.ClientRejected != nil || g.FailureCode != "" || !g.RetryAt.IsZero() {
		odd := *g
		odd.RefreshToken, odd.Quota.Sent, odd.Lineage = secret.Text{}, nil, ""
		odd.LeaseUntil = time.Time{} // it ends unseen: whether it has is for the storage to say
		i.odd = &odd
	}
	return i
}

// dress makes the headers of a call to the provider's API. The token is part of the
// text of its header, so that there is one of it.
func (i *item) dress(t *Target, g *Grant) {
	value := g.Access.Value.Reveal()
	text := strings.TrimSpace(wordBefore(t.Provider, g.Access.Type) + " " + value)
	i.headers = make([]Header, 1, 1+len(t.APIHeaders))
	i.headers[0] = Header{t.Provider.TokenHeader, secret.New(text)}
	i.headers = append(i.headers, t.APIHeaders...)
	if strings.HasSuffix(text, value) {
		i.value = secret.New(text[len(text)-len(value):])
	} else {
		i.value = g.Access.Value
	}
}

// basicType is the token type of ready HTTP Basic credentials (RFC 7617), which
// no provider's prefix may replace.
const basicType = "Basic"

// wordBefore is the word before the token in its header, which is not always what
// the provider calls it (RFC 6749 section 7.1 as practised).
func wordBefore(p *catalog.Provider, tokenType string) string {
	if p.TokenHeaderPrefix != "" && tokenType != basicType {
		return p.TokenHeaderPrefix
	}
	return tokenType
}

// nanos packs a time; instant unpacks it.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func instant(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}

// grant is what the policy needs to know.
func (i *item) grant() Grant {
	if i.odd != nil {
		return *i.odd
	}
	return Grant{Renewable: i.renewable, Access: AccessToken{
		ID: i.token, Value: i.value, Type: i.kin.tokenType, Scopes: i.kin.scopes, IssuedAt: instant(i.issued), ExpiresAt: instant(i.expires),
	}}
}

// present dresses the access token as a loan.
func (i *item) present(now time.Time) Loan {
	loan := Loan{
		AccessToken: i.value, TokenType: wordBefore(i.kin.provider, i.kin.tokenType), TokenID: i.token, Scopes: i.kin.scopes,
		ExpiresAt: instant(i.expires), Headers: i.headers, APIBaseURL: i.apiBaseURL,
		Tenant: i.kin.of.TenantSlug, Method: i.kin.of.Method, Environment: i.kin.of.Environment,
		Connection: i.connection, State: Active,
	}
	if i.odd != nil && i.odd.State(now) != Active {
		loan.State = Degraded
	}
	if i.expires != 0 {
		loan.ExpiresIn = loan.ExpiresAt.Sub(now)
	}
	return loan
}

// look reports whether this is the first call in this second.
func (i *item) look(now time.Time) bool {
	last := i.looked.Load()
	return now.Unix() != last && i.looked.CompareAndSwap(last, now.Unix())
}

// mark reports whether it is time to note with the grant that it was lent.
func (i *item) mark(now time.Time) bool {
	last := i.marked.Load()
	return now.Unix()-last >= 60 && i.marked.CompareAndSwap(last, now.Unix())
}

// borrowing is the fact that a service holds the token.
func (i *item) borrowing(by borrower) Borrowing {
	return Borrowing{
		Tenant: i.kin.of.TenantID, Connection: i.connection, Token: i.token,
		ExpiresAt: instant(i.expires), Service: by.service, ServiceName: by.name, Purpose: by.purpose,
	}
}

// count returns the count of loans to a service that is on record, or nil. Few
// services borrow the same token, so that looking at each is quick.
func (i *item) count(service authmethods.ID) *count {
	for c := i.borrowers.Load(); c != nil; c = c.next {
		if c.by.Value().service == service {
			return c
		}
	}
	return nil
}

// lentTo returns the count of loans to a service, which are on record.
func (i *item) lentTo(by borrower) *count {
	for made := unique.Make(by); ; {
		first := i.borrowers.Load()
		if c := i.count(by.service); c != nil {
			return c
		}
		c := &count{of: i, by: made, next: first}
		if i.borrowers.CompareAndSwap(first, c) {
			return c
		}
	}
}

// covers returns nil if the token has the wanted scopes.
func (i *item) covers(wanted []string) error {
	lacking := MissingScopes(i.kin.scopes, wanted)
	if len(lacking) == 0 {
		return nil
	}
	return &authmethods.Problem{
		Kind: authmethods.HumanNeeded, Code: authmethods.CodeScopesMissing,
		Detail:  "The connection lacks permissions: " + strings.Join(lacking, ", ") + ".",
		Related: lacking,
	}
}

// mostKins bounds what is known of a tenant's kins. They are few, unless providers
// are read anew again and again.
const mostKins = 1024

// kinOf returns what the item shares with others, made when it is the first.
func (s *shelf) kinOf(key shelfKey, t *Target, g *Grant) *kin {
	ship := kinship{
		of: t.Loanable, provider: t.Provider, tokenType: g.Access.Type, scopes: strings.Join(g.Access.Scopes, " "), worded: key.wording,
	}
	h := s.homeOf(t.TenantID)
	h.mu.Lock()
	defer h.mu.Unlock()
	if k := h.kins[ship]; k != nil {
		return k
	}
	ship.worded = key.apart(t.Loanable)
	k := &kin{kinship: ship, scopes: slices.Clone(g.Access.Scopes), home: h}
	if h.kins == nil || len(h.kins) == mostKins {
		h.kins = map[kinship]*kin{} // items keep theirs
	}
	h.kins[ship] = k
	return k
}

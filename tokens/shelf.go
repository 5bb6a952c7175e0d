package tokens

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
)

const defaultRemember = 100_000

// shelf remembers tokens that are ready to be lent, by what was asked for.
type shelf struct {
	items *otter.Cache[shelfKey, *item]
	// Time is counted in changes: clock is the number of the newest, changes holds
	// the newest of each tenant, all the newest that concerned everybody. An item
	// is void if one of them is newer than what it was read under.
	clock   atomic.Int64
	changes sync.Map // authmethods.TenantID → *atomic.Int64
	all     atomic.Int64
}

// shelfKey is a request as it was worded. owner keeps apart services whose "own
// tenant" differs.
type shelfKey struct {
	owner       authmethods.TenantID
	tenant      string
	method      string
	environment authmethods.Environment
	subject     string
}

func keyOf(owner authmethods.TenantID, r LoanRequest) shelfKey {
	return shelfKey{owner, r.Tenant, r.Method, r.Environment, r.Subject}
}

// item is a grant as it was read, with what its loans are made of.
type item struct {
	of         authmethods.Loanable
	connection authmethods.ID
	provider   *catalog.Provider
	apiBaseURL string
	headers    []Header // beside the token's own
	slot       Slot
	grant      Grant
	read       time.Time // the storage's time when it was read
	at         time.Time // the same moment by this process's monotonic clock

	changes   *atomic.Int64          // the tenant's, in shelf.changes
	seen      int64                  // shelf.clock before it was read
	flight    atomic.Pointer[flight] // its latest refresh in the background
	looked    atomic.Int64           // Unix seconds when one was last tried again
	borrowers atomic.Pointer[count]  // a list of those on record
}

func newShelf(size int) *shelf {
	if size <= 0 {
		size = defaultRemember
	}
	return &shelf{items: otter.Must(&otter.Options[shelfKey, *item]{MaximumSize: size})}
}

// newItem keeps what lending needs, and no more: there are many, and the refresh
// token is not to be in memory for longer than a refresh.
func newItem(t Target, g Grant, now time.Time) *item {
	i := &item{
		of: t.Loanable, connection: t.Connection, provider: t.Provider, apiBaseURL: t.APIBaseURL,
		slot: t.Slot, grant: g, read: now, at: time.Now(),
	}
	for name, value := range t.APIHeaders {
		i.headers = append(i.headers, Header{name, secret.New(value)})
	}
	i.grant.RefreshToken, i.grant.Quota.Sent, i.grant.Lineage = secret.Text{}, nil, ""
	i.grant.LeaseUntil = time.Time{} // it ends unseen: whether it has is for the storage to say
	return i
}

// now is the storage's time, carried on by the monotonic clock, which no step of
// the wall clock moves.
func (i *item) now() time.Time { return i.read.Add(time.Since(i.at)) }

// find returns what is remembered for key and still true.
func (s *shelf) find(key shelfKey) *item {
	i, ok := s.items.GetIfPresent(key)
	if !ok || i.changes.Load() > i.seen || s.all.Load() > i.seen {
		return nil
	}
	return i
}

// mark is taken before the storage is read, for put.
func (s *shelf) mark() int64 { return s.clock.Load() }

func (s *shelf) put(key shelfKey, i *item, mark int64) {
	i.changes, i.seen = s.changesOf(i.of.TenantID), mark
	if old, ok := s.items.GetIfPresent(key); ok && old.grant.Access.ID == i.grant.Access.ID {
		for c := old.borrowers.Load(); c != nil; c = c.next {
			i.lentTo(c.service, c.name, c.purpose)
		}
	}
	s.items.Set(key.apart(i.of), i)
}

// apart is the key without ties to the request that it came from, whose whole body
// its texts would keep in memory.
func (k shelfKey) apart(of authmethods.Loanable) shelfKey {
	return shelfKey{
		owner: k.owner, tenant: apart(k.tenant, of.TenantSlug), method: apart(k.method, of.Method),
		environment: authmethods.Environment(apart(string(k.environment), string(of.Environment))), subject: apart(k.subject, TenantSubject),
	}
}

// apart returns s as a text of its own: usual if it is the same.
func apart(s, usual string) string {
	if s == usual {
		return usual
	}
	return strings.Clone(s)
}

func (s *shelf) changesOf(id authmethods.TenantID) *atomic.Int64 {
	if c, ok := s.changes.Load(id); ok {
		return c.(*atomic.Int64)
	}
	c, _ := s.changes.LoadOrStore(id, new(atomic.Int64))
	return c.(*atomic.Int64)
}

func (s *shelf) forget(id authmethods.TenantID) { s.changesOf(id).Store(s.clock.Add(1)) }
func (s *shelf) forgetAll()                     { s.all.Store(s.clock.Add(1)) }

// look reports whether this is the first call in this second.
func (i *item) look(now time.Time) bool {
	last := i.looked.Load()
	return now.Unix() != last && i.looked.CompareAndSwap(last, now.Unix())
}

// borrowing is the fact that a service holds the token.
func (i *item) borrowing(service authmethods.ID, name, purpose string) Borrowing {
	return Borrowing{
		Tenant: i.of.TenantID, Connection: i.connection, Token: i.grant.Access.ID,
		ExpiresAt: i.grant.Access.ExpiresAt, Service: service, ServiceName: name, Purpose: purpose,
	}
}

// count returns the count of loans to a service that is on record, or nil. Few
// services borrow the same token, so that looking at each is quick.
func (i *item) count(service authmethods.ID) *count {
	for c := i.borrowers.Load(); c != nil; c = c.next {
		if c.service == service {
			return c
		}
	}
	return nil
}

// lentTo returns the count of loans to a service, which are on record.
func (i *item) lentTo(service authmethods.ID, name, purpose string) *count {
	for {
		first := i.borrowers.Load()
		if c := i.count(service); c != nil {
			return c
		}
		c := &count{of: i, service: service, name: name, purpose: strings.Clone(purpose), next: first}
		if i.borrowers.CompareAndSwap(first, c) {
			return c
		}
	}
}

// covers returns nil if the token has the wanted scopes.
func (i *item) covers(wanted []string) error {
	lacking := MissingScopes(i.grant.Access.Scopes, wanted)
	if len(lacking) == 0 {
		return nil
	}
	return &authmethods.Problem{
		Kind: authmethods.HumanNeeded, Code: authmethods.CodeScopesMissing,
		Detail:  "The connection lacks permissions: " + strings.Join(lacking, ", ") + ".",
		Related: lacking,
	}
}

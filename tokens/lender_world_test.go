package tokens_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
	"latchkey/tokens"
)

const acme, other authmethods.TenantID = "tn_acme", "tn_other"

// library is a lender over one grant of acme and one of another tenant, with a
// directory and a ledger in memory.
type library struct {
	*tokens.Lender
	t      *testing.T
	engine *tokens.Engine
	places map[authmethods.TenantID]*place
	ups    map[authmethods.TenantID]*upstream

	mu        sync.Mutex
	enabled   bool
	connected bool
	away      bool   // the directory, and the slots' storage with it
	full      bool   // the ledger cannot be written
	finding   func() // runs while the directory is asked
	found     int
	stale     time.Duration
	entries   []tokens.Borrowing
	loans     int64 // written down
	paces     []tokens.Pace
}

// inLibrary runs f in a bubble of its own time.
func inLibrary(t *testing.T, f func(t *testing.T, l *library)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := newLibrary(t)
		f(t, l)
		if err := l.engine.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		for _, p := range l.places {
			for _, fault := range append(p.faults, p.watch.faults...) {
				t.Error(fault)
			}
		}
	})
}

func newLibrary(t *testing.T) *library {
	l := &library{t: t, enabled: true, connected: true, places: map[authmethods.TenantID]*place{}, ups: map[authmethods.TenantID]*upstream{}}
	l.engine = &tokens.Engine{Policy: policy, Upstream: l, Log: slog.New(slog.DiscardHandler)}
	for _, tenant := range []authmethods.TenantID{acme, other} {
		g := firstGrant()
		g.Access.Scopes = []string{"tickets.READ", "contacts.ALL"}
		p := rotating()
		p.TokenHeader, p.TokenHeaderPrefix = "Authorization", "Zoho-oauthtoken"
		p.Limits.Refreshes = catalog.RefreshLimit{Allowed: 10, Budget: 8, Window: 10 * time.Minute}
		p.APIErrors = catalog.APIErrors{Permission: []string{"SCOPE_MISMATCH"}, TokenRejected: []string{"INVALID_OAUTH"}}
		l.places[tenant] = newPlace(p, g)
		l.ups[tenant] = newUpstream(l.places[tenant], revokes, time.Hour)
	}
	l.Lender = l.lender(time.Minute)
	return l
}

func (l *library) lender(grace time.Duration) *tokens.Lender {
	return tokens.NewLender(tokens.LenderOptions{Engine: l.engine, Directory: l, Ledger: l, Freshness: l, Grace: grace})
}

// Send implements tokens.Upstream for every tenant: the client's ID says whose.
func (l *library) Send(ctx context.Context, r tokens.Request) (tokens.Answer, error) {
	return l.ups[authmethods.TenantID(r.Client.ID)].exchange(ctx, r)
}

// owned is the slot of a tenant.
type owned struct {
	*replica
	tenant authmethods.TenantID
	l      *library
}

func (o owned) Key() string { return "conn_" + string(o.tenant) }

func (o owned) Registration(ctx context.Context) (tokens.Registration, error) {
	r, err := o.replica.Registration(ctx)
	r.Client.ID = string(o.tenant)
	return r, err
}

func (o owned) Load(ctx context.Context) (tokens.Grant, time.Time, error) {
	if o.l.isAway() {
		return tokens.Grant{}, time.Time{}, storageAway()
	}
	return o.replica.Load(ctx)
}

func storageAway() error {
	return &authmethods.Problem{Kind: authmethods.Unavailable, Code: authmethods.CodeStorageUnavailable, RetryAfter: time.Second}
}

func (l *library) isAway() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.away
}

func (l *library) StaleFor() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stale
}

// lose takes the storage away; news was last heard so long ago.
func (l *library) lose(stale time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away, l.full, l.stale = true, true, stale
}

func (l *library) Find(_ context.Context, svc *authmethods.Service, r tokens.LoanRequest) (tokens.Target, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.found++
	if l.away {
		return tokens.Target{}, storageAway()
	}
	tenant := authmethods.TenantID("tn_" + strings.TrimPrefix(r.Tenant, "tn_")) // slug or id
	if r.Tenant == "" {
		tenant = svc.Tenant
	}
	// A careless directory: the lender has to notice by itself whose grant it is.
	if l.places[tenant] == nil || r.Method != "zoho-desk" || r.Subject != tokens.TenantSubject {
		return tokens.Target{}, authmethods.Missing()
	}
	t := l.target(tenant, r.Environment)
	t.OnRecord = l.heldBy(svc.ID, l.places[tenant])
	if l.finding != nil {
		l.finding()
	}
	return t, nil
}

// heldBy returns the place's token if the service has borrowed it before.
func (l *library) heldBy(service authmethods.ID, p *place) authmethods.ID {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range l.entries {
		if e.Service == service && e.Token == p.grant.Access.ID {
			return e.Token
		}
	}
	return ""
}

func (l *library) target(tenant authmethods.TenantID, e authmethods.Environment) tokens.Target {
	t := tokens.Target{
		Loanable: authmethods.Loanable{TenantID: tenant, TenantSlug: string(tenant[len("tn_"):]), Method: "zoho-desk", Environment: e},
		Enabled:  l.enabled, Provider: &l.places[tenant].provider,
		APIBaseURL: "https://desk.zoho.eu/api/v1", APIHeaders: []tokens.Header{{Name: "orgId", Value: secret.New("2389290")}},
	}
	if l.connected {
		t.Connection = "conn_" + authmethods.ID(tenant)
		t.Slot = owned{&replica{place: l.places[tenant], fates: &fates{}}, tenant, l}
	}
	return t
}

// FindToken knows the tokens that were stored under their ids.
func (l *library) FindToken(_ context.Context, owner authmethods.TenantID, id authmethods.ID) (tokens.Issued, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range l.entries {
		if b.Token == id && (owner == b.Tenant || owner == authmethods.Platform) {
			return tokens.Issued{Target: l.target(b.Tenant, authmethods.Production), Subject: tokens.TenantSubject}, nil
		}
	}
	return tokens.Issued{}, authmethods.Missing()
}

func (l *library) First(_ context.Context, b tokens.Borrowing) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.full {
		return false, storageAway()
	}
	for _, e := range l.entries {
		if e.Service == b.Service && e.Token == b.Token {
			return false, nil
		}
	}
	l.entries, l.loans = append(l.entries, b), l.loans+1
	return true, nil
}

func (l *library) Paced(p tokens.Pace) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.paces = append(l.paces, p)
}

func (l *library) Add(_ context.Context, loans []tokens.Repeated) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.full {
		return storageAway()
	}
	for _, again := range loans {
		l.loans += again.Loans
	}
	return nil
}

// spend has acme's grant sent n requests just now, of eight in ten minutes.
func (l *library) spend(n int) {
	p := l.places[acme]
	p.mu.Lock()
	defer p.mu.Unlock()
	p.grant.Quota = tokens.Quota{Allowed: 8, Window: 10 * time.Minute, Sent: slices.Repeat([]time.Time{time.Now()}, n)}
}

func (l *library) onRecord(service authmethods.ID, token authmethods.ID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range l.entries {
		if b.Service == service && b.Token == token {
			return true
		}
	}
	return false
}

// service returns a service with these permits.
func service(tenant authmethods.TenantID, permits ...authmethods.Permit) *authmethods.Service {
	return &authmethods.Service{ID: "sa_" + authmethods.ID(tenant), Tenant: tenant, Name: "dialler", Permits: permits}
}

// everything is a permit for all that the owner can reach.
var everything = authmethods.Permit{Method: authmethods.Any, Environment: authmethods.Any}

var desk = tokens.LoanRequest{Method: "zoho-desk", Environment: authmethods.Production, Purpose: "call pop-up"}

// lend lends and checks that what was lent is on record.
func (l *library) lend(svc *authmethods.Service, r tokens.LoanRequest) (tokens.Loan, error) {
	loan, err := l.Lender.Lend(l.t.Context(), svc, r)
	switch {
	case err != nil && !loan.AccessToken.IsZero():
		l.t.Errorf("a token came with the error %v", err)
	case err == nil && !l.onRecord(svc.ID, loan.TokenID):
		l.t.Errorf("%s was lent and is not on record", loan.TokenID)
	}
	return loan, err
}

func (l *library) mustLend(svc *authmethods.Service, r tokens.LoanRequest) tokens.Loan {
	l.t.Helper()
	loan, err := l.lend(svc, r)
	if err != nil {
		l.t.Fatal(err)
	}
	return loan
}

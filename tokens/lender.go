package tokens

import (
	"context"
	"fmt"
	"strings"
	"time"

	"latchkey/authmethods"
)

// Lender lends access tokens to services.
type Lender struct {
	engine    *Engine
	directory Directory
	ledger    Ledger
	shelf     *shelf
	tally     tally
	paces     listed[*item] // those with a pace to tell
	freshness Freshness
	grace     time.Duration
	freezes   Freezes
}

// Freezes tells what is stopped for a while.
type Freezes interface {
	// Check returns the problem of a freeze that stops the tenant's method with this
	// reference, or svc as its borrower. It asks the storage unless this process
	// knows all changes.
	Check(ctx context.Context, tenant authmethods.TenantID, method string, svc *authmethods.Service) error
	// Known is Check by what is remembered, for when the storage is away.
	Known(tenant authmethods.TenantID, method string, svc *authmethods.Service) error
}

// Freshness tells how far what is remembered can be trusted.
type Freshness interface {
	// StaleFor is how long ago this process last knew all changes that other
	// processes made.
	StaleFor() time.Duration
}

// LenderOptions are what a Lender needs.
type LenderOptions struct {
	Engine    *Engine
	Directory Directory
	Ledger    Ledger
	Freshness Freshness
	// Grace is how long loans that are on record are renewed from memory while the
	// storage is away; 0 is never.
	Grace time.Duration
	// Freezes tells what is stopped; nil: nothing ever is.
	Freezes Freezes
	// Remember bounds the tokens kept in memory; 0 means 100,000.
	Remember int
}

// NewLender returns a Lender with an empty memory.
func NewLender(o LenderOptions) *Lender {
	return &Lender{
		engine: o.Engine, directory: o.Directory, ledger: o.Ledger, shelf: newShelf(o.Remember),
		freshness: o.Freshness, grace: o.Grace, freezes: o.Freezes,
	}
}

// trusted is how long memory is believed without news from the storage: changes
// made elsewhere are promised to take effect within a second.
const trusted = time.Second

// Lend lends svc what it asks for. A token is lent from memory while no change is
// known that could forbid it; otherwise the storage decides, and the provider is
// asked where the token's life is not enough.
func (l *Lender) Lend(ctx context.Context, svc *authmethods.Service, r LoanRequest) (Loan, error) {
	if r.Subject == "" {
		r.Subject = TenantSubject
	}
	began := time.Now()
	key := keyOf(svc.Tenant, r)
	item := l.shelf.find(key)
	stale := l.freshness.StaleFor()
	if item != nil && stale <= trusted {
		if loan, ok, err := l.fromMemory(ctx, svc, item, r, false); ok || err != nil {
			if ok {
				l.paced(item, false, time.Since(began))
			}
			return loan, err
		}
	}
	loan, err := l.fromStore(ctx, svc, key, r, Want{MinTTL: r.MinTTL})
	if err == nil || item == nil || authmethods.KindOf(err) != authmethods.Unavailable {
		return loan, err
	}
	// The storage is away. Only loans that are on record already go on, and only
	// for so long.
	if stale = l.freshness.StaleFor(); stale > trusted && stale <= l.grace && item.count(svc.ID) != nil {
		if loan, ok, _ := l.fromMemory(ctx, svc, item, r, true); ok {
			loan.State = Degraded
			return loan, nil
		}
	}
	return Loan{}, err
}

// fromMemory lends the remembered token if the policy would serve it. away says
// that the storage cannot be asked.
func (l *Lender) fromMemory(ctx context.Context, svc *authmethods.Service, item *item, r LoanRequest, away bool) (Loan, bool, error) {
	if err := l.allowed(svc, item.kin.of, r); err != nil {
		return Loan{}, false, err
	}
	if err := l.free(ctx, svc, item.kin.of, away); err != nil {
		return Loan{}, false, unlessAway(err)
	}
	now, g := l.shelf.now(item), item.grant()
	d := Decide(l.engine.Policy, &g, Want{MinTTL: r.MinTTL}, now)
	if d.Step != Serve || d.Ahead && !away && l.ahead(ctx, item, now) {
		return Loan{}, false, nil
	}
	if err := item.covers(r.Scopes); err != nil {
		return Loan{}, false, err
	}
	if !away {
		if err := l.record(ctx, svc, item, r.Purpose); err != nil {
			return Loan{}, false, err
		}
	}
	// This process may have been stopped since it looked first.
	if err := l.free(ctx, svc, item.kin.of, away); err != nil {
		return Loan{}, false, unlessAway(err)
	}
	loan := item.present(now)
	loan.Source = FromMemory
	return loan, true, nil
}

// free returns the problem of a freeze that forbids the loan. It is asked before
// anything is done for a loan, and again at last: what is lent after it was asked is
// what no freeze could catch any more. away says that the storage cannot be asked.
func (l *Lender) free(ctx context.Context, svc *authmethods.Service, of authmethods.Loanable, away bool) error {
	switch {
	case l.freezes == nil:
		return nil
	case !away:
		return l.freezes.Check(ctx, of.TenantID, of.Method, svc)
	case l.freshness.StaleFor() > l.grace:
		return tooStale
	}
	return l.freezes.Known(of.TenantID, of.Method, svc)
}

// tooStale is never shown: the storage's own problem is.
var tooStale = &authmethods.Problem{
	Kind: authmethods.Unavailable, Code: authmethods.CodeStorageUnavailable, Detail: "What is remembered is too old.",
}

// unlessAway leaves out that the storage is away: whoever asks it next will say so.
func unlessAway(err error) error {
	if authmethods.KindOf(err) == authmethods.Unavailable {
		return nil
	}
	return err
}

// ahead has a remembered grant refreshed in the background, and reports whether
// the storage has something new since. A refresh that could not be tried, because
// the provider is out of order, is tried again once a second.
func (l *Lender) ahead(ctx context.Context, item *item, now time.Time) bool {
	f := item.flight.Load()
	if f == nil || f.failed() && item.look(now) {
		item.flight.Store(l.engine.fly(ctx, item.slot, nil, false))
		return false
	}
	return f.over() && f.err == nil
}

// fromStore reads the grant, refreshes it if need be, and remembers it.
func (l *Lender) fromStore(caller context.Context, svc *authmethods.Service, key shelfKey, r LoanRequest, w Want) (Loan, error) {
	began := time.Now()
	ctx := withPatience(caller, l.engine.Policy.Patience)
	defer ctx.release()
	mark := l.shelf.mark()
	target, err := l.directory.Find(ctx, svc, r)
	if err != nil {
		return Loan{}, err
	}
	if err := l.allowed(svc, target.Loanable, r); err != nil {
		return Loan{}, err
	}
	if err := l.free(ctx, svc, target.Loanable, false); err != nil {
		return Loan{}, err
	}
	if err := target.lendable(); err != nil {
		return Loan{}, err
	}
	g, now, refreshed, err := l.engine.Token(ctx, target.Slot, w)
	if err != nil {
		return Loan{}, err
	}
	item := l.shelf.newItem(key, &target, &g, now, mark)
	if err := item.covers(r.Scopes); err != nil {
		return Loan{}, err
	}
	if target.OnRecord != "" && target.OnRecord == g.Access.ID {
		item.lentTo(borrower{svc.ID, svc.Name, r.Purpose})
	}
	if err := l.record(ctx, svc, item, r.Purpose); err != nil {
		return Loan{}, err
	}
	l.shelf.put(key, item)
	if err := l.free(ctx, svc, target.Loanable, false); err != nil {
		return Loan{}, err
	}
	loan := item.present(now)
	loan.Source = FromStore
	if refreshed {
		loan.Source = Refreshed
	}
	l.paced(item, refreshed, time.Since(began))
	return loan, nil
}

// allowed checks the service's permits. A service of a tenant sees nothing of
// another: the answer is the same as for what does not exist.
func (l *Lender) allowed(svc *authmethods.Service, of authmethods.Loanable, r LoanRequest) error {
	if svc.Tenant != authmethods.Platform && svc.Tenant != of.TenantID {
		return authmethods.Missing()
	}
	_, err := svc.Covers(of, r.Scopes)
	return err
}

// record makes the first loan of a token to a service durable before the token
// leaves, and counts the later ones.
func (l *Lender) record(ctx context.Context, svc *authmethods.Service, item *item, purpose string) error {
	if c := item.count(svc.ID); c != nil {
		l.tally.add(c, 1)
		return nil
	}
	by := borrower{svc.ID, svc.Name, purpose}
	first, err := l.ledger.First(ctx, item.borrowing(by))
	if err != nil {
		return err
	}
	held := item.lentTo(by)
	if !first {
		l.tally.add(held, 1)
	}
	return nil
}

// Forget drops what is remembered of a tenant, because something of it changed.
func (l *Lender) Forget(tenant authmethods.TenantID) { l.shelf.forget(tenant) }

// ForgetAll drops everything that is remembered.
func (l *Lender) ForgetAll() { l.shelf.forgetAll() }

// lendable says why nothing can be lent whatever the grant's state is.
func (t *Target) lendable() error {
	switch {
	case !t.Enabled && t.Connection == "":
		return consentRequired()
	case !t.Enabled:
		return &authmethods.Problem{
			Kind: authmethods.HumanNeeded, Code: authmethods.CodeMethodDisabled,
			Detail: fmt.Sprintf("The method %s is not enabled in %s.", t.Method, t.Environment),
		}
	case t.Connection == "":
		return consentRequired()
	}
	return nil
}

// MissingScopes returns the wanted scopes that granted does not cover. Scope names are
// compared without case, as providers do in practice; a scope that ends in ALL
// covers its siblings.
func MissingScopes(granted, wanted []string) (lacking []string) {
	for _, w := range wanted {
		if !covered(granted, w) {
			lacking = append(lacking, w)
		}
	}
	return lacking
}

func covered(granted []string, wanted string) bool {
	family, _, _ := cutLast(wanted, ".")
	for _, g := range granted {
		if strings.EqualFold(g, wanted) {
			return true
		}
		if f, op, ok := cutLast(g, "."); ok && strings.EqualFold(op, "ALL") && strings.EqualFold(f, family) {
			return true
		}
	}
	return false
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

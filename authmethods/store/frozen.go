package store

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/feed"
)

// Freshness tells how far what is remembered can be trusted.
type Freshness interface {
	// StaleFor is how long ago this process last knew all changes that other
	// processes made.
	StaleFor() time.Duration
}

// Frozen tells what is frozen. It answers from memory while the feed is fresh, and
// asks the database otherwise: a process that was stopped for a while, or could not
// hear, finds out before it lets anything go. The nil Frozen knows of no freeze.
type Frozen struct {
	o       Options
	fresh   Freshness // nil: nothing is remembered
	known   sync.Map  // authmethods.TenantID → []authmethods.Freeze
	forgets atomic.Int64
}

// NewFrozen returns a Frozen. Subscribe its Heard to the feed that fresh speaks of.
func NewFrozen(o Options, fresh Freshness) *Frozen { return &Frozen{o: o, fresh: fresh} }

// Heard drops what is remembered of a tenant in which something was frozen or
// unfrozen.
func (f *Frozen) Heard(c feed.Change) {
	switch c.Kind {
	case feed.Everything:
		f.forgets.Add(1)
		f.known.Clear()
	case feed.Freeze, feed.Tenant:
		f.forgets.Add(1)
		f.known.Delete(c.Tenant)
	}
}

// trusted is how long memory is believed without news.
const trusted = time.Second

// Check returns the problem of a freeze that stops the tenant's method with this
// reference (empty: the tenant as a whole), or svc as its borrower, which may be nil.
func (f *Frozen) Check(ctx context.Context, tenant authmethods.TenantID, method string, svc *authmethods.Service) error {
	if f == nil {
		return nil
	}
	return stopped(tenant, method, svc, f.reader(ctx))
}

// reader returns what reads the freezes of one tenant after another.
func (f *Frozen) reader(ctx context.Context) func(of authmethods.TenantID) ([]authmethods.Freeze, error) {
	fresh := f.fresh != nil && f.fresh.StaleFor() <= trusted
	return func(of authmethods.TenantID) ([]authmethods.Freeze, error) {
		if fresh {
			if set, ok := f.known.Load(of); ok {
				return set.([]authmethods.Freeze), nil
			}
		}
		return f.load(ctx, of)
	}
}

// InForce returns the freezes that people of a tenant are to know of, the widest
// first. Where the database does not answer there is none: who asks it next says so.
func (f *Frozen) InForce(ctx context.Context, tenant authmethods.TenantID) []authmethods.Freeze {
	if f == nil {
		return nil
	}
	var list []authmethods.Freeze
	read := f.reader(ctx)
	for _, of := range []authmethods.TenantID{authmethods.Platform, tenant} {
		set, err := read(of)
		if err != nil {
			return nil
		}
		for _, freeze := range set {
			if of == tenant || freeze.Scope == authmethods.FreezeEverything {
				list = append(list, freeze)
			}
		}
	}
	return list
}

// Administrator returns the problem of a freeze of a service account that administers.
// Wider freezes do not stop that: somebody has to lift them.
func (f *Frozen) Administrator(ctx context.Context, svc *authmethods.Service) error {
	if f == nil {
		return nil
	}
	set, err := f.reader(ctx)(svc.Tenant)
	if err != nil {
		return err
	}
	for i := range set {
		if set[i].Scope == authmethods.FreezeService && set[i].ID == svc.ID {
			return &authmethods.Problem{
				Kind: authmethods.Forbidden, Code: authmethods.CodeForbidden, Reason: authmethods.CodeFrozen,
				Detail: "This service account is frozen: it may not administer either.", Err: set[i].Problem(),
			}
		}
	}
	return nil
}

// Known is Check by what is remembered, for when the database is away. What is not
// remembered is taken for frozen, for a while.
func (f *Frozen) Known(tenant authmethods.TenantID, method string, svc *authmethods.Service) error {
	if f == nil {
		return nil
	}
	return stopped(tenant, method, svc, func(of authmethods.TenantID) ([]authmethods.Freeze, error) {
		set, ok := f.known.Load(of)
		if !ok {
			return nil, &authmethods.Problem{
				Kind: authmethods.Unavailable, Code: authmethods.CodeStorageUnavailable, Detail: "It cannot be found out whether this is frozen.",
			}
		}
		return set.([]authmethods.Freeze), nil
	})
}

// stopped looks at the freezes of the platform, of the tenant, and of the borrower's
// own tenant.
func stopped(tenant authmethods.TenantID, method string, svc *authmethods.Service, of func(authmethods.TenantID) ([]authmethods.Freeze, error)) error {
	wide, err := of(authmethods.Platform)
	if err != nil {
		return err
	}
	for i := range wide {
		if wide[i].Scope == authmethods.FreezeEverything {
			return wide[i].Problem()
		}
	}
	borrower := authmethods.ID("")
	if svc != nil && svc.Tenant == tenant {
		borrower = svc.ID
	}
	if err := first(of, tenant, method, borrower); err != nil || svc == nil || svc.Tenant == tenant {
		return err
	}
	return first(of, svc.Tenant, "", svc.ID)
}

func first(of func(authmethods.TenantID) ([]authmethods.Freeze, error), tenant authmethods.TenantID, method string, service authmethods.ID) error {
	set, err := of(tenant)
	if err != nil {
		return err
	}
	for i := range set {
		if set[i].Covers(method, service) {
			return set[i].Problem()
		}
	}
	return nil
}

// load reads what is frozen in a tenant. What took longer to read than memory is
// trusted, or was read while something changed, is read again: the process may have
// been stopped meanwhile.
func (f *Frozen) load(ctx context.Context, of authmethods.TenantID) ([]authmethods.Freeze, error) {
	in, err := f.o.System.For(of, "finding out what is frozen")
	if err != nil {
		return nil, err
	}
	for {
		begun, before := time.Now(), f.forgets.Load()
		set, err := freezesOf(ctx, in)
		if err != nil {
			return nil, err
		}
		if took := max(time.Since(begun), time.Now().Round(0).Sub(begun.Round(0))); took > trusted {
			continue
		}
		f.known.Store(of, set)
		if f.forgets.Load() == before {
			return set, nil
		}
		f.known.Delete(of) // it may have been read before a change
	}
}

// SignIn is Check for people who are not known yet: they are told that they cannot
// sign in, and no more.
func (f *Frozen) SignIn(ctx context.Context, tenant authmethods.TenantID, method string) error {
	err := f.Check(ctx, tenant, method, nil)
	if authmethods.KindOf(err) != authmethods.HumanNeeded {
		return err
	}
	return &authmethods.Problem{
		Kind: authmethods.HumanNeeded, Code: authmethods.CodeFrozen, Detail: "Nobody can sign in here at present.", Err: err,
	}
}

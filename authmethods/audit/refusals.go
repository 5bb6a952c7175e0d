package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
)

// Refusal is something that somebody was refused.
type Refusal struct {
	Code      authmethods.Code // why
	Operation string           // what was asked for
	From      string           // the address; empty: not known
}

// Refusals counts what is refused, and writes it down from time to time: one event for
// what one actor was refused for one reason. Whoever floods us with what is refused
// must not flood the log with it, so that of a tenant only so many different ones are
// kept apart; a crash loses those of the last minute, of which the ordinary log has a
// line each. It may be shared.
type Refusals struct {
	system db.System

	mu      sync.Mutex
	tallies map[authmethods.TenantID]map[about]*tally
}

// NewRefusals returns Refusals. Have [Refusals.Flush] write them down.
func NewRefusals(system db.System) *Refusals {
	return &Refusals{system: system, tallies: map[authmethods.TenantID]map[about]*tally{}}
}

// about is what refusals are counted by.
type about struct {
	actor     authmethods.Actor
	code      authmethods.Code
	operation string
}

type tally struct {
	count       int64
	first, last time.Time
	request     string // of the first
	from        []string
}

// What is kept apart between two writings.
const (
	maxApart = 50   // refusals of a tenant; the others are counted together
	maxFrom  = 5    // addresses of one
	maxOf    = 1000 // tenants; the others' are in the ordinary log alone
)

// others stands for what is not kept apart.
var others = about{actor: authmethods.Actor{Kind: authmethods.ActorPerson, Name: "several"}, code: "several", operation: "several"}

// Add counts a refusal. It never waits for the database.
func (r *Refusals) Add(c authmethods.Caller, what Refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	of := r.tallies[c.Tenant()]
	if of == nil {
		if len(r.tallies) >= maxOf {
			return
		}
		of = map[about]*tally{}
		r.tallies[c.Tenant()] = of
	}
	key := about{c.Actor(), what.Code, what.Operation}
	if of[key] == nil && len(of) >= maxApart {
		key = others
	}
	t, now := of[key], time.Now()
	if t == nil {
		t = &tally{first: now, request: c.RequestID()}
		of[key] = t
	}
	t.count++
	t.last = now
	if what.From != "" && len(t.from) < maxFrom && !slices.Contains(t.from, what.From) {
		t.from = append(t.from, what.From)
	}
}

// Flush writes down what was counted. What cannot be written is lost for the log, and
// the error says how much.
func (r *Refusals) Flush(ctx context.Context) error {
	r.mu.Lock()
	taken := r.tallies
	r.tallies = map[authmethods.TenantID]map[about]*tally{}
	r.mu.Unlock()
	var faults []error
	for tenant, of := range taken {
		if err := r.write(ctx, tenant, of); err != nil {
			faults = append(faults, fmt.Errorf("audit: %d kinds of refusals of tenant %s: %w", len(of), tenant, err))
		}
	}
	return errors.Join(faults...)
}

func (r *Refusals) write(ctx context.Context, tenant authmethods.TenantID, of map[about]*tally) error {
	in, err := r.system.For(tenant, "writing refusals down")
	if err != nil {
		return err
	}
	return db.Tx(ctx, in, func(in db.Tenant) error {
		for key, t := range of {
			c := authmethods.NewCaller(tenant, key.actor, nil, t.request)
			err := Record(ctx, in, c, authmethods.Event{
				Action: "request.refused", ObjectRef: key.operation, Changes: map[string]authmethods.Change{
					"code": {To: key.code}, "count": {To: t.count}, "from": {To: t.from},
					"first": {To: t.first.UTC().Format(time.RFC3339)}, "last": {To: t.last.UTC().Format(time.RFC3339)},
				},
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

package main

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"time"

	"latchkey/authmethods/db"
	"latchkey/authmethods/replica"
	"latchkey/migrations"
	"latchkey/tokens/bank"
	"latchkey/web/admin/system"
)

// operations tells operators of the installation, by what the server itself works with.
type operations struct {
	*app
	startedAt time.Time
}

// Process implements [system.Operations].
func (o operations) Process() system.Process {
	p := system.Process{ID: o.keys.process, Version: programVersion(), Go: runtime.Version(), StartedAt: o.startedAt}
	held := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(held)
	p.Memory = int64(held[0].Value.Uint64() - held[1].Value.Uint64())
	if boat := o.storage.lifeboat; boat != nil {
		p.Boat = &system.Boat{Aboard: len(boat.Records()), Damaged: boat.Damaged()}
	}
	return p
}

// Checks implements [system.Operations].
func (o operations) Checks(ctx context.Context) (all []system.Check) {
	for _, c := range o.ready(ctx) {
		all = append(all, system.Check(c))
	}
	return all
}

// Database implements [system.Operations].
func (o operations) Database(ctx context.Context) (system.Database, error) {
	s := o.storage.db
	d := system.Database{Kind: "postgres", Known: migrations.Known(s.Dialect())}
	if s.Dialect() == migrations.SQLite {
		d.Kind, d.File = "sqlite", o.cfg.sqlitePath()
	}
	began := time.Now()
	err := s.Ping(ctx)
	d.Took = time.Since(began)
	if err == nil {
		d.Version, err = s.SchemaVersion(ctx)
	}
	if err == nil {
		d.Size, err = s.Size(ctx)
	}
	return d, err
}

// Replicas implements [system.Operations].
func (o operations) Replicas(ctx context.Context) ([]system.Replica, error) {
	live, err := replica.Live(ctx, o.storage.system)
	all := make([]system.Replica, 0, len(live))
	for _, r := range live {
		all = append(all, system.Replica{
			ID: r.ID, Host: r.Host, Version: r.Version, StartedAt: r.StartedAt, SeenAt: r.SeenAt, Here: r.ID == o.keys.process,
		})
	}
	return all, err
}

// Keys implements [system.Operations].
func (o operations) Keys(ctx context.Context) (system.Keys, error) {
	states, err := o.keys.rotator.KeyStates(ctx)
	all := system.Keys{Source: o.cfg.KeyringFile}
	for _, k := range states {
		all.Keys = append(all.Keys, system.Key{ID: k.ID, Active: k.Active, DataKeys: k.DataKeys})
	}
	return all, err
}

// Network implements [system.Operations].
func (o operations) Network(ctx context.Context) (system.Network, error) {
	n := system.Network{Allowed: texts(o.cfg.OutboundAllow), Trusted: texts(o.cfg.TrustedProxies)}
	for _, h := range o.gate.Hosts() {
		n.Hosts = append(n.Hosts, system.Host(h))
	}
	balances, err := bank.New(o.storage.system).Balances(ctx)
	for _, b := range balances {
		kind, name, _ := strings.Cut(b.Key, ":")
		if kind == "host" {
			name = strings.TrimPrefix(name, "host:")
		}
		n.Budgets = append(n.Budgets, system.Budget{Name: name, FullAt: b.FullAt, ClosedUntil: b.ClosedUntil})
	}
	return n, err
}

func texts(networks []netip.Prefix) (all []string) {
	for _, n := range networks {
		all = append(all, n.String())
	}
	return all
}

// Jobs implements [system.Operations].
func (o operations) Jobs(ctx context.Context) (system.Jobs, error) {
	held, err := db.Duties(ctx, o.storage.system)
	all := system.Jobs{Done: o.journal.list()}
	for _, d := range held {
		all.Duties = append(all.Duties, system.Duty{Name: d.ID, Holder: d.Holder, Until: d.HeldUntil})
	}
	return all, err
}

// Settings implements [system.Operations].
func (o operations) Settings() (all []system.Setting) {
	for _, e := range effectiveConfig(o.cfg) {
		all = append(all, system.Setting(e))
	}
	return all
}

// journal remembers what this server did again and again, and how it went.
type journal struct {
	mu   sync.Mutex
	jobs []system.Job
}

// begin notes that something will be done.
func (j *journal) begin(name string, every time.Duration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.jobs = append(j.jobs, system.Job{Name: name, Every: every})
}

// did notes how it went.
func (j *journal) did(name string, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range j.jobs {
		if j.jobs[i].Name == name {
			j.jobs[i].LastAt, j.jobs[i].Fault = time.Now(), ""
			if err != nil {
				j.jobs[i].Fault = fmt.Sprint(err)
			}
		}
	}
}

func (j *journal) list() []system.Job {
	j.mu.Lock()
	defer j.mu.Unlock()
	all := slices.Clone(j.jobs)
	slices.SortFunc(all, func(a, b system.Job) int { return strings.Compare(a.Name, b.Name) })
	return all
}

package pages

import (
	"context"
	"time"

	"latchkey/web/admin/system"
)

// Installation is what operators are told of the installation that a site pretends to
// be. A test may change it.
type Installation struct {
	Me       system.Process
	Found    []system.Check
	Store    system.Database
	Running  []system.Replica
	Ring     system.Keys
	Outside  system.Network
	Work     system.Jobs
	Counting []system.Setting
}

// installation is one that works, with two servers.
func installation() *Installation {
	now := time.Now()
	const here, there = "proc_01JD7Q8K6ZT3M5V9N2B4C6D8F0", "proc_01JD7Q8K6ZT3M5V9N2B4C6D8F1"
	return &Installation{
		Me:    system.Process{ID: here, Version: "v1.2.3", Go: "go1.26", StartedAt: now.Add(-time.Hour), Memory: 64 << 20, Boat: &system.Boat{}},
		Found: []system.Check{{Name: "serving", OK: true}, {Name: "database", OK: true}, {Name: "migrations", OK: true}, {Name: "keys", OK: true}, {Name: "feed", OK: true}},
		Store: system.Database{Kind: "sqlite", File: "/var/lib/latchkey/latchkey.db", Version: 10, Known: 10, Size: 3 << 20, Took: time.Millisecond},
		Running: []system.Replica{
			{ID: here, Host: "broker-1", Version: "v1.2.3", StartedAt: now.Add(-time.Hour), SeenAt: now, Here: true},
			{ID: there, Host: "broker-2", Version: "v1.2.2", StartedAt: now.Add(-48 * time.Hour), SeenAt: now.Add(-time.Minute)},
		},
		Ring: system.Keys{Source: "/run/secrets/keyring", Keys: []system.Key{{ID: "k1", DataKeys: 3}, {ID: "k2", Active: true, DataKeys: 12}}},
		Outside: system.Network{
			Allowed: []string{"10.0.0.0/8"}, Trusted: []string{"192.0.2.1/32"},
			Hosts:   []system.Host{{Name: "accounts.zoho.eu", InFlight: 2}, {Name: "accounts.zoho.com", Waiting: 12, Failures: 5, LastFailure: now, ClosedUntil: now.Add(time.Minute)}},
			Budgets: []system.Budget{{Name: "accounts.zoho.eu", FullAt: now.Add(-time.Minute)}, {Name: "accounts.zoho.eu:1000.ABC", FullAt: now.Add(time.Minute)}},
		},
		Work: system.Jobs{
			Duties: []system.Duty{{Name: "refresh", Holder: here, Until: now.Add(10 * time.Second)}},
			Done: []system.Job{
				{Name: "renewing the keys of sessions", Every: time.Hour, LastAt: now.Add(-time.Minute)},
				{Name: "counting sign-ins that began", Every: time.Minute, LastAt: now, Fault: "the database is away"}, {Name: "something new", Every: time.Minute},
			},
		},
		Counting: []system.Setting{{Name: "LATCHKEY_DATABASE_URL", Value: "(set, hidden)", Source: "file"}, {Name: "LATCHKEY_LOG_LEVEL", Value: "info", Source: "default"}},
	}
}

// Process implements [system.Operations], as the rest does.
func (i *Installation) Process() system.Process { return i.Me }

// Checks returns Found.
func (i *Installation) Checks(context.Context) []system.Check { return i.Found }

// Database returns Store.
func (i *Installation) Database(context.Context) (system.Database, error) { return i.Store, nil }

// Replicas returns Running.
func (i *Installation) Replicas(context.Context) ([]system.Replica, error) { return i.Running, nil }

// Keys returns Ring.
func (i *Installation) Keys(context.Context) (system.Keys, error) { return i.Ring, nil }

// Network returns Outside.
func (i *Installation) Network(context.Context) (system.Network, error) { return i.Outside, nil }

// Jobs returns Work.
func (i *Installation) Jobs(context.Context) (system.Jobs, error) { return i.Work, nil }

// Settings returns Counting.
func (i *Installation) Settings() []system.Setting { return i.Counting }

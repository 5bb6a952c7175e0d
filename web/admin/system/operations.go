package system

import (
	"context"
	"time"
)

// Operations tells what the installation is and how it is. It tells no secrets.
type Operations interface {
	// Process is the server that answers.
	Process() Process
	// Checks are what the server needs to work, and whether it has it.
	Checks(context.Context) []Check
	Database(context.Context) (Database, error)
	// Replicas are the servers that run.
	Replicas(context.Context) ([]Replica, error)
	Keys(context.Context) (Keys, error)
	Network(context.Context) (Network, error)
	Jobs(context.Context) (Jobs, error)
	// Settings are the values that count, without secrets.
	Settings() []Setting
}

// Process is a server.
type Process struct {
	ID, Version, Go string
	StartedAt       time.Time
	Memory          int64 // bytes that it has of the system
	// Boat says what the lifeboat holds; nil: there is none.
	Boat *Boat
}

// Boat is the file for answers that come while the database is away.
type Boat struct{ Aboard, Damaged int }

// Check is one thing that a server needs.
type Check struct {
	Name   string
	OK     bool
	Detail string // in English
}

// Database is where everything is kept.
type Database struct {
	Kind           string // sqlite or postgres
	File           string // of SQLite
	Version, Known int    // of the schema: that it has, and that this program knows
	Size           int64  // bytes
	Took           time.Duration
}

// Replica is one of the servers on the database.
type Replica struct {
	ID, Host, Version string
	StartedAt, SeenAt time.Time
	Here              bool // it is the one that answers
}

// Keys are the key-encryption keys.
type Keys struct {
	Source string // where the keyring is
	Keys   []Key
}

// Key is one of them.
type Key struct {
	ID     string
	Active bool
	// DataKeys is how many data keys it wraps.
	DataKeys int
}

// Network is how the server reaches providers, and is reached.
type Network struct {
	Allowed []string // private networks that providers may live in
	Trusted []string // proxies whose word counts
	Hosts   []Host
	// Budgets are what all servers share of the requests to providers.
	Budgets []Budget
}

// Host is somewhere that token requests go, as this server sees it.
type Host struct {
	Name              string
	InFlight, Waiting int
	Failures          int // in a row
	LastFailure       time.Time
	ClosedUntil       time.Time // nothing leaves until then; zero: open
}

// Budget is a limit on requests to a host, or of a client there.
type Budget struct {
	Name        string
	FullAt      time.Time // when all of it is there again
	ClosedUntil time.Time // zero: open
}

// Jobs are what is done that nobody asks for.
type Jobs struct {
	Duties []Duty
	Done   []Job
}

// Duty is work that one server at a time does for all.
type Duty struct {
	Name, Holder string
	Until        time.Time
}

// Job is what this server does again and again.
type Job struct {
	Name   string // in English, as in the log
	Every  time.Duration
	LastAt time.Time // zero: not yet
	Fault  string    // of the last time, in English; empty: none
}

// Setting is one value of the configuration.
type Setting struct{ Name, Value, Source string }

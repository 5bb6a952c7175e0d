package replica

import (
	"context"
	"time"

	"latchkey/authmethods/db"
)

type row struct {
	db.Shared   `gorm:"-"`
	ID          string `gorm:"primaryKey"`
	Host        string
	Version     string
	StartedAt   db.Time
	SeenAt      db.Time
	GraceMicros int64
	Applied     int64
	Keys        *db.JSON[[]string]
}

// TableName implements GORM's naming.
func (row) TableName() string { return "replicas" }

// Replica is a server as the others see it.
type Replica struct {
	ID        string
	Host      string
	Version   string
	StartedAt time.Time
	SeenAt    time.Time // by the database's clock
	// Grace is how long it lends from memory while the database is away.
	Grace time.Duration
	// Applied is the number of the latest change that it has heard of.
	Applied int64
	// Keys are the key-encryption keys that it holds; nil: it did not say.
	Keys []string

	silent time.Duration // when it was read
}

// Lapsed reports whether the server was silent for so long that it does not lend
// from memory any more, if it runs at all.
func (r *Replica) Lapsed() bool { return r.silent > life+r.lending() }

// lending is how long the server lends from memory without news, with a margin.
func (r *Replica) lending() time.Duration { return max(r.Grace, trusted) + margin }

// Live lists the servers that run, as far as can be known: those that have said so
// lately enough to be lending still.
func Live(ctx context.Context, s db.System) ([]Replica, error) {
	all, err := list(ctx, s)
	live := all[:0]
	for _, r := range all {
		if !r.Lapsed() {
			live = append(live, r)
		}
	}
	return live, err
}

func list(ctx context.Context, s db.System) ([]Replica, error) {
	// The clock first: a pause between the two must not make a server look silent.
	now, err := db.Now(ctx, s)
	if err != nil {
		return nil, err
	}
	rows, err := db.ListShared[row](ctx, s, "id")
	if err != nil {
		return nil, err
	}
	all := make([]Replica, 0, len(rows))
	for _, r := range rows {
		one := Replica{
			ID: r.ID, Host: r.Host, Version: r.Version, StartedAt: r.StartedAt.Time(), SeenAt: r.SeenAt.Time(),
			Grace: time.Duration(r.GraceMicros) * time.Microsecond, Applied: r.Applied, silent: now.Sub(r.SeenAt.Time()),
		}
		if r.Keys != nil {
			one.Keys = r.Keys.V
		}
		all = append(all, one)
	}
	return all, nil
}

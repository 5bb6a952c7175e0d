package db

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"latchkey/authmethods"
)

// Change tells the caches of every process that something of a tenant is no
// longer what they remember.
type Change struct {
	Shared    `gorm:"-"`
	Seq       int64 `gorm:"primaryKey;autoIncrement"`
	TenantID  authmethods.TenantID
	Kind      string
	ObjectID  authmethods.ID
	CreatedAt Time `gorm:"autoCreateTime:false"`
}

// TableName implements GORM's naming.
func (Change) TableName() string { return "changes" }

// Announce records a change in the transaction that makes it, so that it is
// heard if and only if it happened. Its time is the database's: replicas whose
// clocks differ would miss each other's changes.
func Announce(ctx context.Context, in Tenant, kind string, object authmethods.ID) error {
	err := in.h.write.WithContext(ctx).Exec(
		"INSERT INTO changes (tenant_id, kind, object_id, created_at) VALUES (?, ?, ?, "+in.h.now+")",
		in.id, kind, object).Error
	return fail("announcing a change", err)
}

// ChangesWithin returns the changes recorded in the last d by the database's
// clock. Callers overlap their windows: a change becomes visible when its
// transaction ends, later than its time and out of the order of its number.
func ChangesWithin(ctx context.Context, s System, d time.Duration) ([]Change, error) {
	return ListShared[Change](ctx, s, "seq", newer("created_at", d))
}

// PruneChanges forgets the changes that are older than d by the database's clock.
func PruneChanges(ctx context.Context, s System, d time.Duration) error {
	_, err := DeleteShared[Change](ctx, s, older("created_at", d))
	return err
}

// newer and older compare with a moment in the past. The subquery makes it a
// constant to PostgreSQL, which would not use an index for a moving clock.
func newer(col string, d time.Duration) Filter { return ago(col, ">", d) }
func older(col string, d time.Duration) Filter { return ago(col, "<", d) }

func ago(col, op string, d time.Duration) Filter {
	return Filter{func(now string) clause.Expression {
		return clause.Expr{SQL: "? " + op + " (SELECT " + now + ") - ?", Vars: []any{column(col), d.Microseconds()}}
	}}
}

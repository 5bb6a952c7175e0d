package db

import (
	"context"
	"time"

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
// heard if and only if it happened.
func Announce(ctx context.Context, in Tenant, kind string, object authmethods.ID) error {
	c := Change{TenantID: in.id, Kind: kind, ObjectID: object, CreatedAt: At(time.Now())}
	return fail("announcing a change", in.h.write.WithContext(ctx).Omit("seq").Create(&c).Error)
}

// ChangesAfter returns the changes recorded at or after since, by the clocks of
// the processes that recorded them. Callers overlap their windows: sequence
// numbers may become visible out of order.
func ChangesAfter(ctx context.Context, s System, since time.Time) ([]Change, error) {
	return ListShared[Change](ctx, s, "seq", After("created_at", At(since)))
}

// PruneChanges forgets the changes from before the given time.
func PruneChanges(ctx context.Context, s System, before time.Time) error {
	_, err := DeleteShared[Change](ctx, s, Below("created_at", At(before)))
	return err
}

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
// heard if and only if it happened, and notifies those who [Listen] when
// it is committed. Its time is the database's: replicas whose clocks differ
// would miss each other's changes.
func Announce(ctx context.Context, in Tenant, kind string, object authmethods.ID) error {
	_, err := AnnounceSeq(ctx, in, kind, object)
	return err
}

// AnnounceSeq is [Announce] for who needs to know the number of the change.
func AnnounceSeq(ctx context.Context, in Tenant, kind string, object authmethods.ID) (seq int64, err error) {
	text := "INSERT INTO changes (tenant_id, kind, object_id, created_at) VALUES (?, ?, ?, " + in.h.now + ") RETURNING seq"
	if in.h.listen != nil { // one round trip for both
		text = "WITH made AS (" + text + "), told AS (SELECT pg_notify('" + channel + "', '') FROM made) SELECT seq FROM made, told"
	}
	err = in.h.write.WithContext(in.seeing(ctx)).Raw(text, in.id, kind, object).Scan(&seq).Error
	return seq, fail("announcing a change", err)
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

package store

import (
	"context"
	"errors"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
)

// restoredRow marks a grant that came back with a backup. It counts as long as the
// grant has the same version: no answer was applied and no consent given since.
type restoredRow struct {
	db.Owned
	Version int64
	TakenAt db.Time // when the backup was made
}

func (restoredRow) TableName() string { return "restored_grants" }

// backupOf is when the backup was made that the grant in this version came back
// with; zero: it did not.
func (s *slot) backupOf(ctx context.Context, in db.Tenant, version int64) (time.Time, error) {
	mark, err := db.First[restoredRow](ctx, in, db.Eq("id", s.id), db.Eq("version", version))
	if errors.Is(err, authmethods.NotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	return mark.TakenAt.Time(), nil
}

// blameBackup puts the loss of a grant that nobody refreshed since it was restored
// down to the backup's age: the refresh token in it was most likely replaced.
func (s *slot) blameBackup(ctx context.Context, in db.Tenant, broken authmethods.Code) error {
	if broken != authmethods.CodeGrantLost && broken != authmethods.CodeResponseLost {
		return nil
	}
	grant, err := db.Get[grantRow](ctx, in, s.id)
	if err != nil {
		return err
	}
	at, err := s.backupOf(ctx, in, grant.Version)
	if err != nil || at.IsZero() {
		return err
	}
	_, err = db.UpdateIf[grantRow](ctx, in, s.id, []db.Set{db.To("broken_code", authmethods.CodeLostSinceBackup)})
	return err
}

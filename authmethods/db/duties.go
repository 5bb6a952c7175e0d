package db

import (
	"context"
	"time"
)

// Duty is work that one process at a time does for all, and who does it; see [Hold].
type Duty struct {
	ID, Holder string
	HeldUntil  time.Time // by the database's clock
}

type dutyRow struct {
	Shared    `gorm:"-"`
	ID        string `gorm:"primaryKey"`
	Holder    string
	HeldUntil Time
}

func (dutyRow) TableName() string { return "duties" }

// Duties lists the duties that somebody has at present.
func Duties(ctx context.Context, s System) ([]Duty, error) {
	rows, err := ListShared[dutyRow](ctx, s, "id", Ahead("held_until"))
	duties := make([]Duty, 0, len(rows))
	for _, r := range rows {
		duties = append(duties, Duty{r.ID, r.Holder, r.HeldUntil.Time()})
	}
	return duties, err
}

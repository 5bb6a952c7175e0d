package db

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm/clause"

	"latchkey/authmethods"
)

// System is the database as the installation itself sees it: rows that belong to
// no tenant, and references to rows that do. It is made once, in cmd.
type System struct{ h *handle }

// NewSystem opens the door. A test holds the list of files that may call it.
func NewSystem(d *DB) System { return System{&d.handle} }

// For narrows the system to one tenant. reason says why, for the reader.
func (s System) For(tenant authmethods.TenantID, reason string) (Tenant, error) {
	if !isTenant(tenant) || reason == "" {
		return Tenant{}, authmethods.ErrNoCaller
	}
	return Tenant{tenant, s.h}, nil
}

// SystemTx runs f in one transaction; see [Tx].
func SystemTx(ctx context.Context, s System, f func(s System) error) error {
	return s.h.tx(ctx, func(h handle) error { return f(System{&h}) })
}

// Shared is embedded by the row types that belong to no tenant.
type Shared struct{}

func (*Shared) shared() {}

// SharedRow is a pointer to a struct that embeds [Shared]. A row type that
// belongs to a tenant cannot be one by accident.
type SharedRow[T any] interface {
	*T
	shared()
}

// ListShared returns the rows of no tenant that pass every filter, ordered by
// order.
func ListShared[T any, P SharedRow[T]](ctx context.Context, s System, order string, fs ...Filter) ([]T, error) {
	var rows []T
	q := s.h.read.WithContext(s.seeing(ctx)).Order(clause.OrderByColumn{Column: clause.Column{Name: order}})
	if conds := s.h.conditions(fs); len(conds) > 0 {
		q = q.Clauses(clause.Where{Exprs: conds})
	}
	if err := q.Find(&rows).Error; err != nil {
		return nil, fail(fmt.Sprintf("listing %T", *new(T)), err)
	}
	return rows, nil
}

// InsertShared stores a row of no tenant.
func InsertShared[T any, P SharedRow[T]](ctx context.Context, s System, row P) error {
	return fail(fmt.Sprintf("inserting %T", *row), create(s.seeing(ctx), s.h.write, row))
}

// UpdateShared applies sets to the rows of no tenant that pass the filters and
// returns how many there were.
func UpdateShared[T any, P SharedRow[T]](ctx context.Context, s System, sets []Set, fs ...Filter) (int64, error) {
	cols := make(map[string]any, len(sets))
	for _, set := range sets {
		cols[set.col] = set.v(s.h.now)
	}
	res := s.h.write.WithContext(s.seeing(ctx)).Model(new(T)).Clauses(clause.Where{Exprs: s.h.conditions(fs)}).Updates(cols)
	return res.RowsAffected, fail(fmt.Sprintf("updating %T", *new(T)), res.Error)
}

// DeleteShared deletes the rows of no tenant that pass the filters.
func DeleteShared[T any, P SharedRow[T]](ctx context.Context, s System, fs ...Filter) (int64, error) {
	if len(fs) == 0 {
		return 0, fmt.Errorf("db: deleting every %T", *new(T))
	}
	res := s.h.write.WithContext(s.seeing(ctx)).Clauses(clause.Where{Exprs: s.h.conditions(fs)}).Delete(new(T))
	return res.RowsAffected, fail(fmt.Sprintf("deleting %T", *new(T)), res.Error)
}

// Now returns the time by the database's clock.
func Now(ctx context.Context, s System) (time.Time, error) {
	var t Time
	err := s.h.read.WithContext(ctx).Raw("SELECT " + s.h.now).Scan(&t).Error
	return t.Time(), fail("reading the clock", err)
}

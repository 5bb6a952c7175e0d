package db

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"latchkey/authmethods"
)

// Owned is embedded by every row type that belongs to a tenant. Embedding it is
// the only way to satisfy [Row], because the method it promotes is unexported.
type Owned struct {
	TenantID  authmethods.TenantID `gorm:"primaryKey"`
	ID        authmethods.ID       `gorm:"primaryKey"`
	CreatedAt Time                 `gorm:"autoCreateTime:false"`
	UpdatedAt Time                 `gorm:"autoUpdateTime:false"`
}

func (o *Owned) owned() *Owned { return o }

// Row is a pointer to a struct that embeds [Owned].
type Row[T any] interface {
	*T
	owned() *Owned
}

// where begins a query of the tenant's own rows on g.
func (t Tenant) where(ctx context.Context, g *gorm.DB, fs []Filter) *gorm.DB {
	if g == nil {
		panic("db: zero Tenant")
	}
	conds := append([]clause.Expression{clause.Eq{Column: column("tenant_id"), Value: t.id}}, t.h.conditions(fs)...)
	// One And: a filter that is itself an Or stays inside it.
	return g.WithContext(t.seeing(ctx)).Clauses(clause.Where{Exprs: []clause.Expression{clause.And(conds...)}})
}

// Get returns the row with the given id. A row that does not exist and a row of
// another tenant are the same [authmethods.Missing].
func Get[T any, P Row[T]](ctx context.Context, in Tenant, id authmethods.ID) (*T, error) {
	return First[T, P](ctx, in, Eq("id", id))
}

// First returns the first row that passes every filter, or
// [authmethods.Missing].
func First[T any, P Row[T]](ctx context.Context, in Tenant, fs ...Filter) (*T, error) {
	row := new(T)
	if err := in.where(ctx, in.h.read, fs).Limit(1).Take(row).Error; err != nil {
		return nil, fail(fmt.Sprintf("reading %T", *row), err)
	}
	return row, nil
}

// timed is a row together with the database's time at which it was read.
type timed[T any] struct {
	Row   T    `gorm:"embedded"`
	DBNow Time `gorm:"column:db_now"`
}

// GetNow is [Get] together with the time by the database's clock, the only clock
// that replicas share.
func GetNow[T any, P Row[T]](ctx context.Context, in Tenant, id authmethods.ID) (*T, time.Time, error) {
	var out timed[T]
	about := gorm.Statement{DB: in.h.read}
	if err := about.Parse(&out.Row); err != nil {
		return nil, time.Time{}, fmt.Errorf("reading %T: %w", out.Row, err)
	}
	// Columns are named for the reason that [gormOn] gives.
	res := in.where(ctx, in.h.read.Model(new(T)), []Filter{Eq("id", id)}).
		Select(strings.Join(about.Schema.DBNames, ", ") + ", " + in.h.now + " AS db_now").Limit(1).Scan(&out)
	err := res.Error
	if err == nil && res.RowsAffected == 0 {
		err = gorm.ErrRecordNotFound
	}
	if err != nil {
		return nil, time.Time{}, fail(fmt.Sprintf("reading %T", out.Row), err)
	}
	return &out.Row, out.DBNow.Time(), nil
}

// List returns the tenant's rows that pass every filter, in the order of their
// ids, which is the order of their creation.
func List[T any, P Row[T]](ctx context.Context, in Tenant, fs ...Filter) ([]T, error) {
	var rows []T
	if err := in.where(ctx, in.h.read, fs).Order("id").Find(&rows).Error; err != nil {
		return nil, fail(fmt.Sprintf("listing %T", *new(T)), err)
	}
	return rows, nil
}

// Page returns up to limit rows whose ids come after the given one.
func Page[T any, P Row[T]](ctx context.Context, in Tenant, after authmethods.ID, limit int, fs ...Filter) ([]T, error) {
	if after != "" {
		fs = append(fs, After("id", after))
	}
	var rows []T
	if err := in.where(ctx, in.h.read, fs).Order("id").Limit(limit).Find(&rows).Error; err != nil {
		return nil, fail(fmt.Sprintf("listing %T", *new(T)), err)
	}
	return rows, nil
}

// Newest returns up to limit rows with the highest values of col, highest first.
func Newest[T any, P Row[T]](ctx context.Context, in Tenant, col string, limit int, fs ...Filter) ([]T, error) {
	return ordered[T](ctx, in, clause.OrderByColumn{Column: column(col), Desc: true}, limit, fs)
}

// Oldest returns up to limit rows with the lowest values of col, lowest first.
func Oldest[T any, P Row[T]](ctx context.Context, in Tenant, col string, limit int, fs ...Filter) ([]T, error) {
	return ordered[T](ctx, in, clause.OrderByColumn{Column: column(col)}, limit, fs)
}

func ordered[T any](ctx context.Context, in Tenant, order clause.OrderByColumn, limit int, fs []Filter) ([]T, error) {
	var rows []T
	if err := in.where(ctx, in.h.read, fs).Order(order).Limit(limit).Find(&rows).Error; err != nil {
		return nil, fail(fmt.Sprintf("listing %T", *new(T)), err)
	}
	return rows, nil
}

// Count returns how many of the tenant's rows pass every filter.
func Count[T any, P Row[T]](ctx context.Context, in Tenant, fs ...Filter) (int64, error) {
	var n int64
	err := in.where(ctx, in.h.read.Model(new(T)), fs).Count(&n).Error
	return n, fail(fmt.Sprintf("counting %T", *new(T)), err)
}

// Insert stamps row with the tenant and the time and stores it. A row that would
// break a uniqueness rule is refused with [ErrDuplicate].
func Insert[T any, P Row[T]](ctx context.Context, in Tenant, row P) error {
	o := row.owned()
	if o.TenantID != "" && o.TenantID != in.id {
		return fmt.Errorf("db: row of tenant %q inserted into %q", o.TenantID, in.id)
	}
	if o.ID == "" {
		return fmt.Errorf("db: %T without an id", *row)
	}
	o.TenantID = in.id
	if o.CreatedAt == 0 {
		o.CreatedAt = At(time.Now())
	}
	o.UpdatedAt = o.CreatedAt
	return fail(fmt.Sprintf("inserting %T", *row), create(in.seeing(ctx), in.h.write, row))
}

// UpdateIf applies sets to the row with the given id if every guard holds, and
// reports whether it did. There is no other update: every write is a
// compare-and-swap.
func UpdateIf[T any, P Row[T]](ctx context.Context, in Tenant, id authmethods.ID, sets []Set, guards ...Filter) (bool, error) {
	n, err := UpdateAll[T, P](ctx, in, sets, append([]Filter{Eq("id", id)}, guards...)...)
	return n == 1, err
}

// UpdateAll applies sets to every row of the tenant that passes the filters and
// returns how many there were.
func UpdateAll[T any, P Row[T]](ctx context.Context, in Tenant, sets []Set, fs ...Filter) (int64, error) {
	cols := make(map[string]any, len(sets)+1)
	cols["updated_at"] = At(time.Now())
	for _, s := range sets {
		cols[s.col] = s.v(in.h.now)
	}
	res := in.where(ctx, in.h.write.Model(new(T)), fs).Updates(cols)
	return res.RowsAffected, fail(fmt.Sprintf("updating %T", *new(T)), res.Error)
}

// DeleteIf deletes the tenant's rows that pass every filter and returns how many
// there were. At least one filter is required.
func DeleteIf[T any, P Row[T]](ctx context.Context, in Tenant, fs ...Filter) (int64, error) {
	if len(fs) == 0 {
		return 0, fmt.Errorf("db: deleting every %T", *new(T))
	}
	res := in.where(ctx, in.h.write, fs).Delete(new(T))
	return res.RowsAffected, fail(fmt.Sprintf("deleting %T", *new(T)), res.Error)
}

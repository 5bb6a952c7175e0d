package db

import (
	"context"
	"fmt"
	"reflect"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"latchkey/authmethods"
)

// Ref points to a row of some tenant without saying anything about it.
type Ref struct {
	TenantID authmethods.TenantID
	ID       authmethods.ID
}

// Refs returns references to the rows of type T, of every tenant, that pass the
// filters, in the order of the given column, at most limit.
func Refs[T any, P Row[T]](ctx context.Context, s System, order string, limit int, fs ...Filter) ([]Ref, error) {
	var refs []Ref
	if err := s.refs(ctx, new(T), order, limit, fs).Select("tenant_id", "id").Scan(&refs).Error; err != nil {
		return nil, fail(fmt.Sprintf("finding %T", *new(T)), err)
	}
	return refs, nil
}

// Due is a reference together with a time of the row that it points to.
type Due struct {
	Ref
	At Time
}

// RefsBy is [Refs] for the rows that have a time in the given column, with that
// time. It refuses a column of any other type: a System says when, never what.
func RefsBy[T any, P Row[T]](ctx context.Context, s System, col string, limit int, fs ...Filter) ([]Due, error) {
	parsed := &gorm.Statement{DB: s.h.read}
	if err := parsed.Parse(new(T)); err != nil {
		return nil, fmt.Errorf("db: reading the columns of %T: %w", *new(T), err)
	}
	if field := parsed.Schema.FieldsByDBName[col]; field == nil || field.FieldType != reflect.TypeFor[Time]() {
		return nil, fmt.Errorf("db: %q of %T is not a column of times", col, *new(T))
	}
	var found []Due
	q := s.refs(ctx, new(T), col, limit, append([]Filter{NotNull(col)}, fs...))
	if err := q.Select("tenant_id", "id", col+" AS at").Scan(&found).Error; err != nil {
		return nil, fail(fmt.Sprintf("finding %T", *new(T)), err)
	}
	return found, nil
}

func (s System) refs(ctx context.Context, of any, order string, limit int, fs []Filter) *gorm.DB {
	q := s.h.read.WithContext(ctx).Model(of).Order(clause.OrderByColumn{Column: column(order)}).Limit(limit)
	if conds := s.h.conditions(fs); len(conds) > 0 {
		q = q.Clauses(clause.Where{Exprs: conds})
	}
	return q
}

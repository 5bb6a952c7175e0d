package db

import (
	"context"
	"fmt"

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

func (s System) refs(ctx context.Context, of any, order string, limit int, fs []Filter) *gorm.DB {
	q := s.h.read.WithContext(s.seeing(ctx)).Model(of).Order(clause.OrderByColumn{Column: column(order)}).Limit(limit)
	if conds := s.h.conditions(fs); len(conds) > 0 {
		q = q.Clauses(clause.Where{Exprs: conds})
	}
	return q
}

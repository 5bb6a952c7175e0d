package db

import (
	"context"
	"fmt"

	"gorm.io/gorm/clause"
)

// Lasting returns the same tenant outside any transaction, for what is kept beyond
// the one in which t may be.
func (t Tenant) Lasting() Tenant { return Tenant{t.id, t.h.base} }

// InTx reports whether t is in a transaction.
func (t Tenant) InTx() bool { return t.h.runWrite.inTx() }

// Pin keeps others from deleting a row of no tenant until the transaction of in is
// over, and reports whether the row is there. It is for rows that tenants' rows
// depend on without saying so to the database.
func Pin[T any, P SharedRow[T]](ctx context.Context, in Tenant, id string) (bool, error) {
	// Writing what is there takes the lock on both databases.
	res := in.h.write.WithContext(ctx).Model(new(T)).Clauses(clause.Where{Exprs: in.h.conditions([]Filter{Eq("id", id)})}).UpdateColumn("id", id)
	return res.RowsAffected == 1, fail(fmt.Sprintf("pinning %T", *new(T)), res.Error)
}

// AnyShared reports whether there is any row of no tenant of this type, as seen by the
// transaction of in.
func AnyShared[T any, P SharedRow[T]](ctx context.Context, in Tenant) (bool, error) {
	var n int64
	err := in.h.read.WithContext(ctx).Model(new(T)).Count(&n).Error
	return n > 0, fail(fmt.Sprintf("counting %T", *new(T)), err)
}

package db

import (
	"context"

	"gorm.io/gorm"
)

// RefsSQL returns the text of the query of [Refs], for its plan.
func RefsSQL[T any](ctx context.Context, s System, col string, limit int, fs ...Filter) (string, []any) {
	dry := *s.h
	dry.read = dry.read.Session(&gorm.Session{DryRun: true})
	var found []Ref
	st := System{&dry}.refs(ctx, new(T), col, limit, fs).Select("tenant_id", "id").Scan(&found).Statement
	return st.SQL.String(), st.Vars
}

// CountUnfiltered counts the rows of a table as a statement that forgets the tenant
// would, with what it may see.
func CountUnfiltered(ctx context.Context, in Tenant, table string) (n int64, err error) {
	err = in.h.read.WithContext(in.seeing(ctx)).Raw("SELECT count(*) FROM " + table).Scan(&n).Error
	return n, err
}

// CountSystem is CountUnfiltered for the installation.
func CountSystem(ctx context.Context, s System, table string) (n int64, err error) {
	err = s.h.read.WithContext(s.seeing(ctx)).Raw("SELECT count(*) FROM " + table).Scan(&n).Error
	return n, err
}

// CountBlind is CountUnfiltered for a statement that says nothing of what it may see.
func CountBlind(ctx context.Context, in Tenant, table string) (n int64, err error) {
	err = in.h.read.WithContext(ctx).Raw("SELECT count(*) FROM " + table).Scan(&n).Error
	return n, err
}

// Unfiltered is a statement that [Prepare] would refuse: it forgets the tenant. Its
// only argument is the tenant's id.
func Unfiltered(text string) *Statement {
	return &Statement{doing: "forgetting the tenant", reads: true, postgres: text, sqlite: text}
}

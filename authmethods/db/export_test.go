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

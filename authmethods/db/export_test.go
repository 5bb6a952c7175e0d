package db

import (
	"context"

	"gorm.io/gorm"
)

// RefsSQL returns the text of the query of [RefsBy], for its plan.
func RefsSQL[T any](ctx context.Context, s System, col string, limit int, fs ...Filter) (string, []any) {
	s.h.read = s.h.read.Session(&gorm.Session{DryRun: true})
	var found []Due
	st := s.refs(ctx, new(T), col, limit, append([]Filter{NotNull(col)}, fs...)).Scan(&found).Statement
	return st.SQL.String(), st.Vars
}

package db

import (
	"time"

	"gorm.io/gorm/clause"
)

// Filter narrows a query. It is a value and not SQL text, so that none can widen
// one.
type Filter struct {
	expr func(now string) clause.Expression
}

// conditions are the filters as GORM takes them.
func (h handle) conditions(fs []Filter) (conds []clause.Expression) {
	for _, f := range fs {
		conds = append(conds, f.expr(h.now))
	}
	return conds
}

func fixed(e clause.Expression) Filter {
	return Filter{func(string) clause.Expression { return e }}
}

func column(name string) clause.Column { return clause.Column{Table: clause.CurrentTable, Name: name} }

// Eq keeps the rows whose column col equals v.
func Eq(col string, v any) Filter { return fixed(clause.Eq{Column: column(col), Value: v}) }

// Sifting is [Eq] of a text that no index is searched for: it sifts what the other
// conditions find, where those find less.
func Sifting(col string, text string) Filter {
	return fixed(clause.Expr{SQL: "? || '' = ?", Vars: []any{column(col), text}})
}

// Not keeps the rows whose column col has another value than v.
func Not(col string, v any) Filter { return fixed(clause.Neq{Column: column(col), Value: v}) }

// After keeps the rows whose column col is greater than v.
func After(col string, v any) Filter { return fixed(clause.Gt{Column: column(col), Value: v}) }

// Below keeps the rows whose column col is less than v.
func Below(col string, v any) Filter { return fixed(clause.Lt{Column: column(col), Value: v}) }

// IsNull keeps the rows whose column col is NULL: the thing has not happened.
func IsNull(col string) Filter { return fixed(clause.Eq{Column: column(col), Value: nil}) }

// NotNull keeps the rows whose column col is not NULL.
func NotNull(col string) Filter { return fixed(clause.Neq{Column: column(col), Value: nil}) }

// In keeps the rows whose column col equals one of the values. Keep the number of
// values fixed: each length is a statement of its own.
func In(col string, values []string) Filter {
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = v
	}
	return fixed(clause.IN{Column: column(col), Values: list})
}

// Set is one column of an update.
type Set struct {
	col string
	v   func(now string) any
}

// To sets col to v. It panics for the columns that make a row the row it is.
func To(col string, v any) Set {
	v = orNull(v)
	return Set{mutable(col), func(string) any { return v }}
}

// ToFromNow sets col to d after the database's present time.
func ToFromNow(col string, d time.Duration) Set {
	return Set{mutable(col), func(now string) any {
		return clause.Expr{SQL: now + " + ?", Vars: []any{d.Microseconds()}}
	}}
}

// Plus adds n to col.
func Plus(col string, n int64) Set {
	return Set{mutable(col), func(string) any {
		return clause.Expr{SQL: "? + ?", Vars: []any{clause.Column{Name: col}, n}}
	}}
}

func mutable(col string) string {
	if col == "tenant_id" || col == "id" {
		panic("db: " + col + " is immutable")
	}
	return col
}

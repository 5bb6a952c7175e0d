package db

import (
	"time"

	"gorm.io/gorm/clause"
)

// Past keeps the rows whose column col is past by the database's clock. A NULL,
// what has not happened, is not.
func Past(col string) Filter { return fromNow(col, "<=", 0) }

// Ahead keeps the rows whose column col is in the future by the database's
// clock.
func Ahead(col string) Filter { return fromNow(col, ">", 0) }

// BeforeNow keeps the rows whose column col is earlier than d after the present by
// the database's clock.
func BeforeNow(col string, d time.Duration) Filter { return fromNow(col, "<", d) }

// NotPast keeps the rows whose column col is NULL or in the future by the
// database's clock.
func NotPast(col string) Filter {
	return Filter{func(now string) clause.Expression {
		return clause.Or(clause.Eq{Column: column(col), Value: nil}, Ahead(col).expr(now))
	}}
}

// newer and older compare with a moment in the past.
func newer(col string, d time.Duration) Filter { return fromNow(col, ">", -d) }
func older(col string, d time.Duration) Filter { return fromNow(col, "<", -d) }

// fromNow compares a column with the moment that is d from the present. The
// subquery makes it a constant to PostgreSQL, which would not use an index for a
// moving clock.
func fromNow(col, op string, d time.Duration) Filter {
	return Filter{func(now string) clause.Expression {
		sql, vars := "? "+op+" (SELECT "+now+")", []any{column(col)}
		if d != 0 {
			sql, vars = sql+" + ?", append(vars, d.Microseconds())
		}
		return clause.Expr{SQL: sql, Vars: vars}
	}}
}

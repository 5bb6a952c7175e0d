package db

import (
	"fmt"
	"strconv"
	"strings"

	"latchkey/migrations"
)

// Statement is an SQL text for both databases that was found to reach the rows
// of one tenant only; see [Prepare].
type Statement struct {
	doing    string // what it does, for errors
	reads    bool
	args     int
	sqlite   string
	postgres string
}

// Prepare makes a statement for the paths on which the time that GORM takes
// counts. It belongs into a package variable: it panics at a text that might reach
// past the tenant.
//
// In the text, {tenant} is the tenant's id, {now} the database's clock in Unix
// microseconds, a constant throughout the statement, and each ? an argument. The
// rules, each there so that the next is easy to hold:
//
//   - It is one SELECT, INSERT, UPDATE or DELETE, without comments, quoted names,
//     WITH, UNION or a list of tables with commas. An OR stands in parentheses.
//   - The WHERE of each table after FROM or UPDATE begins with
//     alias.tenant_id = {tenant}, alias being the table's name if it has no other;
//     so does the ON of each table after JOIN. AND is all that may follow.
//   - An INSERT names tenant_id first and begins each row of VALUES, or its SELECT,
//     with {tenant}. What ON CONFLICT updates conflicts in (tenant_id, …).
//   - tenant_id stands nowhere else without its table: it cannot be set.
//
// A subquery in parentheses is held to the same rules.
func Prepare(text string) *Statement {
	st, err := prepare(text)
	if err != nil {
		panic(fmt.Sprintf("db: %v in the statement %s", err, text))
	}
	return st
}

func prepare(text string) (*Statement, error) {
	tokens, err := scan(text)
	if err != nil {
		return nil, err
	}
	c := checker{tokens: tokens, scopes: []*scope{{query: true}}}
	if err := c.check(); err != nil {
		return nil, err
	}
	st := &Statement{doing: c.doing, reads: tokens[0].lower == "select"}
	st.sqlite, st.args = render(text, tokens, "?", sqliteNow)
	st.postgres, _ = render(text, tokens, "$", postgresNow)
	return st, nil
}

// String returns the text as PostgreSQL gets it.
func (st *Statement) String() string { return st.postgres }

func (st *Statement) text(d migrations.Dialect) string {
	if d == migrations.Postgres {
		return st.postgres
	}
	return st.sqlite
}

// render writes the text with numbered parameters, the tenant's id being the
// first, and returns how many follow it. The clock is a subquery: PostgreSQL takes
// it for a constant then, which an index can be searched with.
func render(text string, tokens []lexeme, mark, now string) (string, int) {
	var out strings.Builder
	args, from := 0, 0
	for _, t := range tokens {
		var with string
		switch t.lower {
		case "?":
			args++
			with = mark + strconv.Itoa(args+1)
		case placeTenant:
			with = mark + "1"
		case placeNow:
			with = "(SELECT " + now + ")"
		default:
			continue
		}
		out.WriteString(text[from:t.from])
		out.WriteString(with)
		from = t.to
	}
	out.WriteString(text[from:])
	return out.String(), args
}

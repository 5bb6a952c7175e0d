package db

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"latchkey/migrations"
)

// Table is a table as the database describes it.
type Table struct {
	Name    string   `json:"name"`
	Columns []Column `json:"columns"`
}

// Column is a column of a table.
type Column struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
}

// Kind is what a column holds, in words that both databases share.
type Kind string

// The kinds. A flag of PostgreSQL is a number in SQLite.
const (
	Text   Kind = "text"
	Number Kind = "number"
	Flag   Kind = "flag"
	Bytes  Kind = "bytes"
)

// kinds are the column types that migrations use.
var kinds = map[string]Kind{
	"text": Text, "integer": Number, "bigint": Number, "boolean": Flag, "blob": Bytes, "bytea": Bytes,
}

// describing are the queries that tell columns, in their order, and references.
var describing = map[migrations.Dialect]struct{ columns, references string }{
	migrations.SQLite: {
		columns: `SELECT m.name, c.name, lower(c.type) FROM sqlite_schema m, pragma_table_info(m.name) c
			WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.cid`,
		references: `SELECT DISTINCT m.name, k."table" FROM sqlite_schema m, pragma_foreign_key_list(m.name) k WHERE m.type = 'table'`,
	},
	migrations.Postgres: {
		columns: `SELECT c.table_name::text, c.column_name::text, c.data_type::text FROM information_schema.columns c
			JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE'
			WHERE c.table_schema = current_schema() ORDER BY c.table_name, c.ordinal_position`,
		references: `SELECT DISTINCT t.relname::text, o.relname::text FROM pg_constraint c
			JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class o ON o.oid = c.confrelid
			WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace`,
	},
}

// tables describes all tables but that of the schema version, each after those that
// it refers to.
func tables(ctx context.Context, in reader, d migrations.Dialect) ([]Table, error) {
	var all []Table
	err := in.query(ctx, describing[d].columns, func(row []any) error {
		table, column := row[0].(string), row[1].(string)
		if table == "schema_version" {
			return nil
		}
		kind, ok := kinds[row[2].(string)]
		if !ok {
			return fmt.Errorf("the column %s of %s has the unknown type %s", column, table, row[2])
		}
		if len(all) == 0 || all[len(all)-1].Name != table {
			all = append(all, Table{Name: table})
		}
		last := &all[len(all)-1]
		last.Columns = append(last.Columns, Column{column, kind})
		return nil
	})
	if err != nil {
		return nil, fail("describing the tables", err)
	}
	refers := map[string][]string{}
	err = in.query(ctx, describing[d].references, func(row []any) error {
		from, to := row[0].(string), row[1].(string)
		if from != to {
			refers[from] = append(refers[from], to)
		}
		return nil
	})
	if err != nil {
		return nil, fail("describing the tables", err)
	}
	return inOrder(all, refers)
}

// inOrder puts tables behind those that they refer to, and by name among others.
func inOrder(all []Table, refers map[string][]string) ([]Table, error) {
	slices.SortFunc(all, func(a, b Table) int { return strings.Compare(a.Name, b.Name) })
	var sorted []Table
	done := map[string]bool{}
	for len(sorted) < len(all) {
		before := len(sorted)
		for _, t := range all {
			if !done[t.Name] && !slices.ContainsFunc(refers[t.Name], func(to string) bool { return !done[to] }) {
				done[t.Name] = true
				sorted = append(sorted, t)
			}
		}
		if len(sorted) == before {
			return nil, fmt.Errorf("db: tables refer to each other in a circle")
		}
	}
	return sorted, nil
}

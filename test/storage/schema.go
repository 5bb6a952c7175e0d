package storage

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"latchkey/migrations"
)

// Table is a table as the database itself describes it.
type Table struct {
	Columns    map[string]Column
	PrimaryKey []string
	Unique     []string // column lists, sorted
	References []string // "columns -> table (columns)", sorted
	Indexes    []string // "name (columns)", those of constraints left out, sorted
}

// Column is a column of a table, in words that both databases share.
type Column struct {
	Kind     string // text, number or bytes
	Nullable bool
}

// Tables describes every table but that of the schema version.
func Tables(ctx context.Context, pool *sql.DB, d migrations.Dialect) (map[string]*Table, error) {
	q := ofSQLite
	if d == migrations.Postgres {
		q = ofPostgres
	}
	tables := map[string]*Table{}
	table := func(name string) *Table {
		if tables[name] == nil {
			tables[name] = &Table{Columns: map[string]Column{}}
		}
		return tables[name]
	}
	err := rows(ctx, pool, q.columns, 4, func(v []string) error {
		kind, ok := kinds[strings.ToLower(v[2])]
		if !ok {
			return fmt.Errorf("column %s.%s has the unknown type %s", v[0], v[1], v[2])
		}
		table(v[0]).Columns[v[1]] = Column{Kind: kind, Nullable: v[3] == "1"}
		return nil
	})
	lists := []struct {
		query string
		put   func(t *Table, v []string)
	}{
		{q.keys, func(t *Table, v []string) { t.PrimaryKey = strings.Split(v[1], ",") }},
		{q.unique, func(t *Table, v []string) { t.Unique = append(t.Unique, v[1]) }},
		{q.references, func(t *Table, v []string) { t.References = append(t.References, v[1]) }},
		{q.indexes, func(t *Table, v []string) { t.Indexes = append(t.Indexes, v[1]) }},
	}
	for _, list := range lists {
		err = cmp.Or(err, rows(ctx, pool, list.query, 2, func(v []string) error {
			list.put(table(v[0]), v)
			return nil
		}))
	}
	for _, t := range tables {
		slices.Sort(t.Unique)
		slices.Sort(t.References)
		slices.Sort(t.Indexes)
	}
	delete(tables, "schema_version")
	return tables, err
}

var kinds = map[string]string{
	"text": "text", "integer": "number", "bigint": "number", "boolean": "number", "blob": "bytes", "bytea": "bytes",
}

func rows(ctx context.Context, pool *sql.DB, query string, width int, f func([]string) error) error {
	found, err := pool.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("describing the tables: %w", err)
	}
	defer found.Close()
	values, into := make([]string, width), make([]any, width)
	for i := range values {
		into[i] = &values[i]
	}
	for found.Next() {
		if err := cmp.Or(found.Scan(into...), f(values)); err != nil {
			return fmt.Errorf("describing the tables: %w", err)
		}
	}
	return found.Err()
}

// describing are the queries that describe a database. Column lists are joined by
// commas in their own order.
type describing struct{ columns, keys, unique, references, indexes string }

var ofSQLite = describing{
	columns: `SELECT m.name, c.name, c.type, CASE c."notnull" WHEN 0 THEN '1' ELSE '0' END
		FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'
		AND NOT (c.pk = 1 AND m.name = 'changes')
		UNION ALL SELECT 'changes', 'seq', 'integer', '0'`, // a rowid is never NULL, whatever is declared
	keys: `SELECT name, group_concat(col) FROM (
			SELECT m.name, c.name AS col FROM sqlite_schema m, pragma_table_info(m.name) c
			WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND c.pk > 0 ORDER BY m.name, c.pk) GROUP BY name`,
	unique: `SELECT tbl, group_concat(col) FROM (
			SELECT m.name AS tbl, i.name AS idx, c.name AS col FROM sqlite_schema m, pragma_index_list(m.name) i, pragma_index_info(i.name) c
			WHERE m.type = 'table' AND i.origin = 'u' ORDER BY m.name, i.name, c.seqno) GROUP BY tbl, idx`,
	references: `SELECT tbl, group_concat(f) || ' -> ' || other || ' (' || group_concat(t) || ')' FROM (
			SELECT m.name AS tbl, k.id AS id, k."table" AS other, k."from" AS f, k."to" AS t FROM sqlite_schema m, pragma_foreign_key_list(m.name) k
			WHERE m.type = 'table' ORDER BY m.name, k.id, k.seq) GROUP BY tbl, id`,
	indexes: `SELECT tbl, idx || ' (' || group_concat(col) || ')' || partial FROM (
			SELECT m.name AS tbl, i.name AS idx, c.name AS col, CASE i.partial WHEN 1 THEN ' partial' ELSE '' END AS partial
			FROM sqlite_schema m, pragma_index_list(m.name) i, pragma_index_info(i.name) c
			WHERE m.type = 'table' AND i.origin = 'c' ORDER BY m.name, i.name, c.seqno) GROUP BY tbl, idx`,
}

var ofPostgres = describing{
	columns: `SELECT table_name, column_name, data_type, CASE is_nullable WHEN 'YES' THEN '1' ELSE '0' END
		FROM information_schema.columns WHERE table_schema = current_schema()`,
	keys:   constraint("p"),
	unique: constraint("u"),
	references: `SELECT c.conrelid::regclass::text, ` + columnList("c.conrelid", "c.conkey") + ` || ' -> ' || c.confrelid::regclass::text || ' (' || ` +
		columnList("c.confrelid", "c.confkey") + ` || ')' FROM pg_constraint c WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace`,
	indexes: `SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text || ' (' || ` + columnList("i.indrelid", "i.indkey::int2[]") + ` || ')' ||
			CASE WHEN i.indpred IS NULL THEN '' ELSE ' partial' END
		FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
		WHERE t.relnamespace = current_schema()::regnamespace AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)`,
}

func constraint(kind string) string {
	return `SELECT c.conrelid::regclass::text, ` + columnList("c.conrelid", "c.conkey") +
		` FROM pg_constraint c WHERE c.contype = '` + kind + `' AND c.connamespace = current_schema()::regnamespace`
}

// columnList turns column numbers into names, in their own order.
func columnList(table, numbers string) string {
	return `(SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(` + numbers + `) WITH ORDINALITY k(num, n)
		JOIN pg_attribute a ON a.attrelid = ` + table + ` AND a.attnum = k.num)`
}

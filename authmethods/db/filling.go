package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/ncruces/go-sqlite3"
	"gorm.io/gorm"

	"latchkey/migrations"
)

// Filling is a transaction that puts the rows of a backup into an empty database,
// past all walls. A test holds the list of files that may begin one.
type Filling struct {
	System System // in the same transaction
	h      handle
	tables map[string]Table

	at     string // the table of what follows
	kinds  []Kind
	text   string
	insert *sqlite3.Stmt // SQLite
	rows   [][]any       // PostgreSQL: not yet sent
}

// Fill runs f in one transaction: all of it is there afterwards, or nothing.
func Fill(ctx context.Context, s System, f func(*Filling) error) error {
	ctx = s.h.seeing(ctx, everything)
	pool, err := s.h.write.DB()
	if err != nil {
		return fail("filling the database", err)
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return fail("filling the database", err)
	}
	defer conn.Close()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fail("filling the database", err)
	}
	h, err := s.h.filling(ctx, conn, tx)
	if err == nil {
		err = h.fill(ctx, f)
	}
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return fail("committing", tx.Commit())
}

// filling returns h in the transaction tx.
func (h handle) filling(ctx context.Context, conn *sql.Conn, tx *sql.Tx) (handle, error) {
	if h.runWrite.dialect == migrations.SQLite {
		raw, err := rawOf(conn)
		if err != nil {
			return h, fail("filling the database", err)
		}
		return h.in(tx, newLine(raw)), nil
	}
	if _, err := tx.ExecContext(ctx, "SET LOCAL "+idle+" = 0"); err != nil { // the file may be slow
		return h, fail("filling the database", err)
	}
	g := h.write.Session(&gorm.Session{NewDB: true, Context: ctx})
	g.Statement.ConnPool = tx
	return h.within(g), nil
}

func (h handle) fill(ctx context.Context, f func(*Filling) error) error {
	filling := &Filling{System: System{&h}, h: h, tables: map[string]Table{}}
	defer filling.forget()
	all, err := tables(ctx, h.reader(), h.runWrite.dialect)
	if err != nil {
		return err
	}
	for _, t := range all {
		filling.tables[t.Name] = t
	}
	if err := f(filling); err != nil {
		return err
	}
	return filling.Flush(ctx)
}

// reader reads in the transaction that h is.
func (h handle) reader() reader {
	if h.runWrite.line != nil {
		return liteReader{h.runWrite.line.conn}
	}
	return txReader{h.runWrite.tx}
}

// txReader reads texts alone.
type txReader struct{ tx *sql.Tx }

func (r txReader) query(ctx context.Context, text string, each func(row []any) error) error {
	rows, err := r.tx.QueryContext(ctx, text)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	row, dest := make([]any, len(columns)), make([]any, len(columns))
	for i := range dest {
		dest[i] = &row[i]
	}
	for rows.Next() {
		if err := errors.Join(rows.Scan(dest...), each(row)); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Empty tells whether no table holds a row.
func (f *Filling) Empty(ctx context.Context) (bool, error) {
	for name := range f.tables {
		found := false
		err := f.h.reader().query(f.h.seeing(ctx, everything), "SELECT 1 FROM "+quoted(name)+" LIMIT 1", func([]any) error { found = true; return nil })
		if err != nil || found {
			return false, fail("looking for rows", err)
		}
	}
	return true, nil
}

// Table begins the rows of a table; columns are what each of them has.
func (f *Filling) Table(ctx context.Context, name string, columns []string) error {
	if err := f.Flush(ctx); err != nil {
		return err
	}
	f.forget()
	t, ok := f.tables[name]
	if !ok {
		return fmt.Errorf("db: there is no table %q", name)
	}
	f.at, f.kinds = name, f.kinds[:0]
	var names, marks []string
	for i, column := range columns {
		kind, ok := t.kind(column)
		if !ok {
			return fmt.Errorf("db: the table %s has no column %q", name, column)
		}
		f.kinds = append(f.kinds, kind)
		names = append(names, quoted(column))
		marks = append(marks, "$"+strconv.Itoa(i+1)+"::"+arrays[kind])
	}
	into := "INSERT INTO " + quoted(name) + " (" + strings.Join(names, ", ") + ") "
	if f.h.runWrite.dialect == migrations.Postgres {
		f.text = into + "SELECT * FROM unnest(" + strings.Join(marks, ", ") + ")"
		return nil
	}
	f.text = into + "VALUES (?" + strings.Repeat(", ?", len(columns)-1) + ")"
	var err error
	f.insert, _, err = f.h.runWrite.line.conn.Prepare(f.text)
	return fail("filling the table "+name, err)
}

func (t *Table) kind(column string) (Kind, bool) {
	for _, c := range t.Columns {
		if c.Name == column {
			return c.Kind, true
		}
	}
	return "", false
}

// arrays are the types in which PostgreSQL takes the values of a column.
var arrays = map[Kind]string{Text: "text[]", Number: "bigint[]", Flag: "boolean[]", Bytes: "bytea[]"}

// together is how many rows are sent at once.
const together = 1000

// Put adds a row to the table that was begun last, its values as a [Snapshot] has
// them. They are not to be changed afterwards.
func (f *Filling) Put(ctx context.Context, row []any) error {
	if len(row) != len(f.kinds) {
		return fmt.Errorf("db: %d values for %d columns of %s", len(row), len(f.kinds), f.at)
	}
	if f.insert == nil {
		if f.rows = append(f.rows, row); len(f.rows) < together {
			return nil
		}
		return f.Flush(ctx)
	}
	for i, v := range row {
		if err := bindTo(f.insert, i+1, v); err != nil {
			return fail("filling the table "+f.at, err)
		}
	}
	return fail("filling the table "+f.at, f.insert.Exec())
}

// Flush sends the rows that wait.
func (f *Filling) Flush(ctx context.Context) error {
	if len(f.rows) == 0 {
		return nil
	}
	args := make([]any, len(f.kinds))
	for i, kind := range f.kinds {
		var err error
		if args[i], err = array(kind, f.rows, i); err != nil {
			return fmt.Errorf("db: filling the table %s: %w", f.at, err)
		}
	}
	f.rows = f.rows[:0]
	_, err := f.h.runWrite.tx.ExecContext(f.h.seeing(ctx, everything), f.text, args...)
	return fail("filling the table "+f.at, err)
}

// array is a column of rows as PostgreSQL takes it.
func array(kind Kind, rows [][]any, at int) (any, error) {
	switch kind {
	case Text:
		return valuesOf[string](rows, at)
	case Number:
		return valuesOf[int64](rows, at)
	case Flag:
		numbers, err := valuesOf[int64](rows, at)
		flags := make([]*bool, len(numbers))
		for i, n := range numbers {
			if n != nil {
				set := *n != 0
				flags[i] = &set
			}
		}
		return flags, err
	}
	values := make([][]byte, len(rows))
	for i, row := range rows {
		v, ok := row[at].([]byte)
		if !ok && row[at] != nil {
			return nil, fmt.Errorf("a value of the type %T for bytes", row[at])
		}
		values[i] = v
	}
	return values, nil
}

func valuesOf[T any](rows [][]any, at int) ([]*T, error) {
	values := make([]*T, len(rows))
	for i, row := range rows {
		v, ok := row[at].(T)
		switch {
		case ok:
			values[i] = &v
		case row[at] != nil:
			return nil, fmt.Errorf("a value of the type %T for a %T", row[at], v)
		}
	}
	return values, nil
}

// forget gives up the statement of the last table.
func (f *Filling) forget() {
	if f.insert != nil {
		f.insert.Close()
		f.insert = nil
	}
}

// Run runs a statement, whose arguments are ? on both databases, {now} being the
// database's clock, and returns how many rows it wrote.
func (f *Filling) Run(ctx context.Context, text string, args ...any) (int64, error) {
	if err := f.Flush(ctx); err != nil {
		return 0, err
	}
	res := f.h.write.WithContext(f.h.seeing(ctx, everything)).Exec(strings.ReplaceAll(text, "{now}", f.h.now), args...)
	return res.RowsAffected, fail("filling the database", res.Error)
}

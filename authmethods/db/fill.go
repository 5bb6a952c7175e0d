package db

import (
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/ncruces/go-sqlite3"

	"latchkey/authmethods"
)

// cells are the values of one row as a database's own driver has them. bytes are
// the driver's, and good until the next row.
type cells interface {
	null(i int) bool
	bytes(i int) []byte
	integer(i int) (int64, error)
}

// fill puts the values of a row where a query wants them, as database/sql would,
// without its detour over values of any type.
func fill(row cells, dest []any) error {
	for i, d := range dest {
		if err := fillOne(row, i, d); err != nil {
			return fmt.Errorf("column %d: %w", i, err)
		}
	}
	return nil
}

func fillOne(row cells, i int, dest any) (err error) {
	switch d := dest.(type) {
	case *string:
		*d, err = textOf[string](row, i)
	case *authmethods.ID:
		*d, err = textOf[authmethods.ID](row, i)
	case *authmethods.Code:
		*d, err = textOf[authmethods.Code](row, i)
	case *authmethods.Environment:
		*d, err = textOf[authmethods.Environment](row, i)
	case *int64:
		*d, err = numberOf[int64](row, i)
	case *int:
		*d, err = numberOf[int](row, i)
	case *bool:
		var n int64
		n, err = numberOf[int64](row, i)
		*d = n != 0
	case *Time:
		*d = 0
		if !row.null(i) {
			*d, err = numberOf[Time](row, i)
		}
	case *[]byte:
		*d = nil
		if !row.null(i) {
			*d = append([]byte{}, row.bytes(i)...)
		}
	case texts: // before Scanner, which it is too
		return d.scanText(row.bytes(i))
	case sql.Scanner:
		if row.null(i) {
			return d.Scan(nil)
		}
		return fmt.Errorf("a %T, which only database/sql fills", dest)
	default:
		return fillKind(row, i, dest)
	}
	return err
}

// texts is what reads itself from text, such as [JSON].
type texts interface{ scanText([]byte) error }

// fillKind fills a type of ours by the kind that it is.
func fillKind(row cells, i int, dest any) error {
	v := reflect.ValueOf(dest)
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		switch v := v.Elem(); v.Kind() {
		case reflect.String:
			s, err := textOf[string](row, i)
			v.SetString(s)
			return err
		case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
			n, err := numberOf[int64](row, i)
			v.SetInt(n)
			return err
		case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
			n, err := numberOf[int64](row, i)
			v.SetUint(uint64(n))
			return err
		}
	}
	return fmt.Errorf("nothing fills a %T", dest)
}

var errNull = errors.New("NULL where a value is wanted")

func textOf[T ~string](row cells, i int) (T, error) {
	if b := row.bytes(i); len(b) > 0 {
		return T(b), nil
	}
	if row.null(i) {
		return "", errNull
	}
	return "", nil
}

func numberOf[T ~int | ~int64](row cells, i int) (T, error) {
	n, err := row.integer(i)
	if n == 0 && err == nil && row.null(i) {
		return 0, errNull
	}
	return T(n), err
}

// liteRow is the row at which a statement of SQLite stands.
type liteRow struct{ *sqlite3.Stmt }

func (r liteRow) null(i int) bool              { return r.ColumnType(i) == sqlite3.NULL }
func (r liteRow) bytes(i int) []byte           { return r.ColumnRawBlob(i) } // of a text too: it is not converted
func (r liteRow) integer(i int) (int64, error) { return r.ColumnInt64(i), nil }

// pgRow is a row of PostgreSQL.
type pgRow struct{ values [][]byte }

func (r pgRow) null(i int) bool    { return r.values[i] == nil }
func (r pgRow) bytes(i int) []byte { return r.values[i] }

func (r pgRow) integer(i int) (int64, error) {
	switch v := r.values[i]; len(v) {
	case 0:
		return 0, nil
	case 1: // a boolean
		return int64(v[0]), nil
	case 4:
		return int64(int32(binary.BigEndian.Uint32(v))), nil
	case 8:
		return int64(binary.BigEndian.Uint64(v)), nil
	default:
		return 0, fmt.Errorf("a number of %d bytes", len(v))
	}
}

// scanPg fills dest with the row at which rows stands. Behind a pooler all values
// come as text, and pgx has to find out what they are.
func scanPg(rows pgx.Rows, dest []any) error {
	fields := rows.FieldDescriptions()
	if len(fields) != len(dest) {
		return fmt.Errorf("%d columns for %d values", len(fields), len(dest))
	}
	for i := range fields {
		if fields[i].Format != pgx.BinaryFormatCode && fields[i].DataTypeOID != pgtype.TextOID {
			return rows.Scan(dest...)
		}
	}
	return fill(pgRow{rows.RawValues()}, dest)
}

// value turns an argument into what drivers take, as database/sql does by itself.
func value(v any) (driver.Value, error) {
	switch v := v.(type) {
	case nil, string, int64, []byte, bool:
		return v, nil
	case authmethods.ID:
		return string(v), nil
	case int:
		return int64(v), nil
	case Time:
		return v.Value()
	}
	return driver.DefaultParameterConverter.ConvertValue(v)
}

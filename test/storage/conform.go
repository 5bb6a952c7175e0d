package storage

import (
	"reflect"
	"slices"
	"sync"
	"testing"

	"gorm.io/gorm/schema"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
)

// RowType is a row type under test.
type RowType struct {
	model   any
	partial bool
	walk    func(t *testing.T, a, b db.Tenant, idA, idB authmethods.ID)
}

// Row returns the RowType of T, which maps its whole table.
func Row[T any, P db.Row[T]]() RowType {
	return RowType{model: new(T), walk: walk[T, P]}
}

// Part returns the RowType of T, which maps some columns of a table that another
// package owns.
func Part[T any, P db.Row[T]]() RowType {
	r := Row[T, P]()
	r.partial = true
	return r
}

// Conform holds the row types of a package against the real tables on both
// databases, and walks through every operation of db with each to show that it
// reaches no other tenant. A table that the package owns and gives no row type for
// fails the test.
func Conform(t *testing.T, owner string, types ...RowType) {
	t.Helper()
	EachURL(t, func(t *testing.T, url string) {
		d := Open(t, url)
		tables := Seed(t, Raw(t, url), DialectOf(url))
		sys := db.NewSystem(d)
		a, errA := sys.For(TenantA, "test")
		b, errB := sys.For(TenantB, "test")
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		covered := map[string]bool{}
		for _, r := range types {
			parsed, err := schema.Parse(r.model, &sync.Map{}, schema.NamingStrategy{IdentifierMaxLength: 64})
			if err != nil {
				t.Fatal(err)
			}
			table := tables[parsed.Table]
			if table == nil {
				t.Fatalf("%T is of the table %s, which does not exist", r.model, parsed.Table)
			}
			covered[parsed.Table] = covered[parsed.Table] || !r.partial
			t.Run(parsed.Table, func(t *testing.T) {
				compare(t, parsed, table, r.partial)
				r.walk(t, a, b, RowID(TenantA), RowID(TenantB))
			})
		}
		for _, table := range Owned() {
			if Owner(table) == owner && !covered[table] {
				t.Errorf("%s owns the table %s and has no row type for it", owner, table)
			}
		}
	})
}

// compare holds the fields of a row type against the columns of its table.
func compare(t *testing.T, parsed *schema.Schema, table *Table, partial bool) {
	for _, f := range parsed.Fields {
		column, ok := table.Columns[f.DBName]
		if !ok {
			t.Errorf("%s.%s has no column %q", parsed.Name, f.Name, f.DBName)
			continue
		}
		if column.Nullable && !takesNull(f.FieldType) {
			t.Errorf("%s.%s cannot be NULL, its column can", parsed.Name, f.Name)
		}
		if kind := kindOf(f.FieldType); kind != column.Kind {
			t.Errorf("%s.%s is %s, its column %s", parsed.Name, f.Name, kind, column.Kind)
		}
	}
	for name := range table.Columns {
		if !partial && parsed.FieldsByDBName[name] == nil {
			t.Errorf("%s has no field for the column %q", parsed.Name, name)
		}
	}
	primary := slices.Clone(parsed.PrimaryFieldDBNames)
	if !slices.Equal(primary, table.PrimaryKey) {
		t.Errorf("primary key of %s is %v, of its table %v", parsed.Name, primary, table.PrimaryKey)
	}
}

var (
	timeType  = reflect.TypeFor[db.Time]()
	bytesType = reflect.TypeFor[[]byte]()
)

func takesNull(f reflect.Type) bool {
	return f == timeType || f == bytesType || f.Kind() == reflect.Pointer
}

func kindOf(f reflect.Type) string {
	if f.Kind() == reflect.Pointer {
		f = f.Elem()
	}
	switch f.Kind() {
	case reflect.String, reflect.Struct: // db.JSON
		return "text"
	case reflect.Slice, reflect.Array:
		return "bytes"
	}
	return "number"
}

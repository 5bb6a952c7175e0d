package storage

import (
	"context"
	"reflect"
	"testing"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
)

// walk tries every operation of db as tenant b on the row of tenant a.
func walk[T any, P db.Row[T]](t *testing.T, a, b db.Tenant, idA, idB authmethods.ID) {
	ctx := t.Context()
	before, err := db.Get[T, P](ctx, a, idA)
	if err != nil {
		t.Fatalf("tenant a does not find its own row: %v", err)
	}
	walkReads[T, P](t, b, idA, idB)
	walkWrites[T, P](t, a, b, idA, idB)
	after, err := db.Get[T, P](ctx, a, idA)
	if err != nil {
		t.Fatalf("the row of tenant a is gone: %v", err)
	}
	if !reflect.DeepEqual(before, after) {
		t.Errorf("the row of tenant a was changed by tenant b:\n%+v\n%+v", before, after)
	}
}

func walkReads[T any, P db.Row[T]](t *testing.T, b db.Tenant, idA, idB authmethods.ID) {
	ctx := t.Context()
	_, foreign := db.Get[T, P](ctx, b, idA)
	_, absent := db.Get[T, P](ctx, b, "no such row")
	sameMissing(t, "Get", foreign, absent)
	_, _, foreign = db.GetNow[T, P](ctx, b, idA)
	_, _, absent = db.GetNow[T, P](ctx, b, "no such row")
	sameMissing(t, "GetNow", foreign, absent)
	_, err := db.First[T, P](ctx, b, db.Eq("id", idA))
	sameMissing(t, "First", err, absent)

	for name, list := range map[string]func(context.Context, ...db.Filter) ([]T, error){
		"List": func(ctx context.Context, fs ...db.Filter) ([]T, error) { return db.List[T, P](ctx, b, fs...) },
		"Page": func(ctx context.Context, fs ...db.Filter) ([]T, error) { return db.Page[T, P](ctx, b, "", 100, fs...) },
		"Newest": func(ctx context.Context, fs ...db.Filter) ([]T, error) {
			return db.Newest[T, P](ctx, b, "created_at", 100, fs...)
		},
	} {
		all, err := list(ctx)
		if err != nil || len(all) != 1 || idOf(&all[0]) != idB {
			t.Errorf("%s as tenant b: %d rows, %v; want its own row only", name, len(all), err)
		}
		for what, narrowed := range map[string]db.Filter{
			"the id of a's row": db.Eq("id", idA), "the id of tenant a": db.Eq("tenant_id", TenantA),
			"an always true one": db.NotPast("id"),
		} {
			rows, err := list(ctx, narrowed)
			for i := range rows {
				if idOf(&rows[i]) == idA {
					t.Errorf("%s as tenant b, filtered by %s, finds a's row", name, what)
				}
			}
			if err != nil && what != "an always true one" { // ids are no times to PostgreSQL
				t.Errorf("%s filtered by %s: %v", name, what, err)
			}
		}
	}
	if n, err := db.Count[T, P](ctx, b); n != 1 || err != nil {
		t.Errorf("Count as tenant b: %d, %v; want 1", n, err)
	}
}

func walkWrites[T any, P db.Row[T]](t *testing.T, a, b db.Tenant, idA, idB authmethods.ID) {
	ctx := t.Context()
	sets := []db.Set{db.To("updated_at", db.Time(77))}
	if ok, err := db.UpdateIf[T, P](ctx, b, idA, sets); ok || err != nil {
		t.Errorf("UpdateIf as tenant b on a's row: %t, %v", ok, err)
	}
	if n, err := db.UpdateAll[T, P](ctx, b, sets); n != 1 || err != nil {
		t.Errorf("UpdateAll as tenant b: %d rows, %v; want its own one", n, err)
	}
	if n, err := db.UpdateAll[T, P](ctx, b, sets, db.Eq("tenant_id", TenantA)); n != 0 || err != nil {
		t.Errorf("UpdateAll as tenant b of a's rows: %d rows, %v", n, err)
	}
	if n, err := db.DeleteIf[T, P](ctx, b, db.Eq("id", idA)); n != 0 || err != nil {
		t.Errorf("DeleteIf as tenant b on a's row: %d rows, %v", n, err)
	}
	if n, err := db.DeleteIf[T, P](ctx, b); n != 0 || err == nil {
		t.Errorf("DeleteIf without a filter: %d rows, no error", n)
	}
	row := new(T)
	reflect.ValueOf(row).Elem().FieldByName("TenantID").Set(reflect.ValueOf(a.ID()))
	reflect.ValueOf(row).Elem().FieldByName("ID").Set(reflect.ValueOf(authmethods.ID("x")))
	if err := db.Insert(ctx, b, P(row)); err == nil {
		t.Error("Insert as tenant b took a row of tenant a")
	}
	if _, err := db.Get[T, P](ctx, b, idB); err != nil {
		t.Errorf("tenant b lost its own row: %v", err)
	}
}

func sameMissing(t *testing.T, op string, foreign, absent error) {
	t.Helper()
	if authmethods.KindOf(foreign) != authmethods.NotFound || foreign.Error() != absent.Error() {
		t.Errorf("%s as tenant b on a's row says %q, on no row %q; want the same Missing", op, foreign, absent)
	}
}

func idOf(row any) authmethods.ID {
	return reflect.ValueOf(row).Elem().FieldByName("ID").Interface().(authmethods.ID)
}

package session_test

import (
	"testing"

	"latchkey/migrations"
	"latchkey/test/storage"
)

// readOnly has the database refuse every update of a table.
func (w *world) readOnly(t testing.TB, table string) {
	t.Helper()
	if storage.DialectOf(w.url) == migrations.SQLite {
		w.raw(t, "CREATE TRIGGER refuse BEFORE UPDATE ON "+table+" BEGIN SELECT RAISE(ABORT, 'refused'); END")
		return
	}
	w.raw(t, "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$")
	w.raw(t, "CREATE TRIGGER refuse BEFORE UPDATE ON "+table+" FOR EACH ROW EXECUTE FUNCTION refuse()")
}

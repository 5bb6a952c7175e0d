package fleet

import (
	"os"
	"path/filepath"
	"testing"

	"latchkey/test/postgres"
)

// Move takes the world to a new machine: one server, not started, with an empty
// database of the given kind and an empty data directory, in a folder of its own.
// Nothing of before is there but a copy of the keyring, whose path it returns. The
// provider is the same.
func (w *World) Move(t testing.TB, to Storage) (keyring string) {
	t.Helper()
	types, old := filepath.Join(w.Dir, "types"), filepath.Join(w.Dir, "keyring")
	w.Dir = t.TempDir()
	data := filepath.Join(w.Dir, "data")
	must(t, os.Mkdir(data, 0o700))
	must(t, os.CopyFS(filepath.Join(w.Dir, "types"), os.DirFS(types)))
	keys, err := os.ReadFile(old)
	must(t, err)
	keyring = filepath.Join(w.Dir, "keyring")
	must(t, os.WriteFile(keyring, keys, 0o600))
	w.Storage, w.URL = to, "sqlite:"+filepath.Join(data, "latchkey.db")
	if to == Postgres {
		w.URL = postgres.URL(t)
	}
	w.environ = settings(w.environ, []string{
		dataDir + data, "LATCHKEY_DATABASE_URL=" + w.URL, "LATCHKEY_KEYRING_FILE=" + keyring,
		"LATCHKEY_INTEGRATIONS_DIR=" + filepath.Join(w.Dir, "types"),
	})
	w.Processes = nil
	w.addProcess(t, "the new machine")
	return keyring
}

package storage

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FindText looks for a text in everything that the database at url stores, its
// write-ahead log included, and returns where it stands; "" if nowhere.
func FindText(t testing.TB, url, text string) string {
	t.Helper()
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		return findInFiles(t, path, text)
	}
	pool := Raw(t, url)
	tables, err := Tables(t.Context(), pool, DialectOf(url))
	if err != nil {
		t.Fatal(err)
	}
	for name := range tables {
		var n int
		// A row as text shows bytes in hex, so both spellings are looked for.
		query := fmt.Sprintf(`SELECT count(*) FROM %q r WHERE position($1 in r::text) > 0 OR position($2 in r::text) > 0`, name)
		if err := pool.QueryRowContext(t.Context(), query, text, fmt.Sprintf("%x", text)).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return "table " + name
		}
	}
	return ""
}

func findInFiles(t testing.TB, path, text string) string {
	t.Helper()
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) == 0 {
		t.Fatal("no database files at", path, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte(text)) {
			return filepath.Base(file)
		}
	}
	return ""
}

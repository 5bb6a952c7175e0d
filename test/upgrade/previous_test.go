package upgrade_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/test/fleet"
	"latchkey/test/postgres"
)

var folder string // of what is built, for as long as the tests run

func TestMain(m *testing.M) {
	os.Exit(func() int {
		defer postgres.Stop()
		defer func() { os.RemoveAll(folder) }()
		return m.Run()
	}())
}

// versions are the programs to go from and to.
type versions struct {
	old, now             string // paths
	oldSchema, nowSchema int
}

// both builds the program of before and this one.
func both(t *testing.T) versions {
	t.Helper()
	path, err := previous()
	v := versions{old: path, now: fleet.Binary(t, false)}
	if errors.Is(err, errNoHistory) {
		t.Logf("this program takes the place of the one before: %v", err)
		v.old = v.now
	} else if err != nil {
		t.Fatal(err)
	}
	v.oldSchema, v.nowSchema = schemaOf(t, v.old), schemaOf(t, v.now)
	if v.oldSchema > v.nowSchema {
		t.Fatalf("the program of before has schema version %d, this one %d", v.oldSchema, v.nowSchema)
	}
	t.Logf("from schema version %d to %d", v.oldSchema, v.nowSchema)
	return v
}

var errNoHistory = errors.New("the history does not hold it")

// previous builds the program of before, unless LATCHKEY_TEST_PREVIOUS names one that
// is built already.
var previous = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("LATCHKEY_TEST_PREVIOUS"); path != "" {
		return path, nil
	}
	content, err := os.ReadFile("previous")
	if err != nil {
		return "", err
	}
	commit := strings.TrimSpace(string(content))
	if folder, err = place(commit); err != nil {
		return "", err
	}
	source, path := filepath.Join(folder, "source"), filepath.Join(folder, "latchkey")
	if err := os.Mkdir(source, 0o700); err != nil {
		return "", err
	}
	// A clone that belongs to somebody else is read, too.
	archive := exec.Command("git", "-c", "safe.directory=*", "-C", filepath.Join("..", ".."), "archive", commit)
	packed, err := archive.Output()
	if err != nil {
		return "", fmt.Errorf("%w: git archive %s: %w", errNoHistory, commit, err)
	}
	unpack := exec.Command("tar", "-x", "-C", source)
	unpack.Stdin = bytes.NewReader(packed)
	if said, err := unpack.CombinedOutput(); err != nil {
		return "", fmt.Errorf("unpacking %s: %w\n%s", commit, err, said)
	}
	build := exec.Command("go", "build", "-buildvcs=false", "-o", path, "./cmd/latchkey")
	build.Dir = source
	if said, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the program of %s: %w\n%s", commit, err, said)
	}
	return path, nil
})

// place makes a folder to build a commit in. It has the same name each time, unless
// another run uses that one, so that the build cache knows what is in it.
func place(commit string) (string, error) {
	path := filepath.Join(os.TempDir(), "latchkey-upgrade-"+commit)
	if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > time.Hour {
		os.RemoveAll(path) // a run that was killed left it
	}
	if err := os.Mkdir(path, 0o700); err == nil {
		return path, nil
	}
	return os.MkdirTemp("", "latchkey-upgrade-")
}

// schemaOf asks a program which schema version it brings.
func schemaOf(t *testing.T, program string) int {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, "version", "--json").Output()
	must(t, err)
	var about struct {
		Schema int `json:"schema_version"`
	}
	must(t, json.Unmarshal(out, &about))
	return about.Schema
}

// schema is the version of the database's schema.
func schema(t *testing.T, w *fleet.World) (version int) {
	t.Helper()
	_, err := fmt.Sscan(w.Rows(t, "SELECT COALESCE(MAX(version), 0) FROM schema_version")[0][0], &version)
	must(t, err)
	return version
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

package backup_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"latchkey/test/fleet"
)

// of a secret that came with the environment nothing is left there once the
// server runs, and none is on its command line. Core dumps are off.
func TestARunningServerShowsNoSecretInItsProcess(t *testing.T) {
	const canary = "canary-7f3c91d2e8"
	w := fleet.New(t, fleet.Options{Settings: []string{
		"LATCHKEY_MAIL_URL=smtp://someone:" + canary + "@127.0.0.1:1", "LATCHKEY_MAIL_FROM=a@example.com",
	}})
	read := func(name string) []byte {
		t.Helper()
		content, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", w.Processes[0].PID(), name))
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	environ := read("environ")
	if !bytes.Contains(environ, []byte("LATCHKEY_DATA_DIR=")) {
		t.Fatalf("this is not the server's environment: %q", environ)
	}
	for _, name := range []string{"environ", "cmdline"} {
		if bytes.Contains(read(name), []byte(canary)) {
			t.Errorf("the secret is in the %s of the process", name)
		}
	}
	if !regexp.MustCompile(`Max core file size\s+0\s`).Match(read("limits")) {
		t.Errorf("core dumps are on:\n%s", read("limits"))
	}
}

// whatever the server keeps is its own alone: the directory, the database, its
// log and the log's index, the keyring, the lifeboat.
func TestNobodyElseCanReadWhatAServerKeeps(t *testing.T) {
	w := fleet.New(t, fleet.Options{})
	seen := 0
	err := filepath.WalkDir(w.Processes[0].DataDir(), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		seen++
		if mode := info.Mode().Perm(); mode&0o077 != 0 {
			t.Errorf("%s has the mode %04o", path, mode)
		}
		return nil
	})
	if err != nil || seen < 5 { // the directory, latchkey.db, -wal, -shm, .lock
		t.Errorf("%d names were seen, %v", seen, err)
	}
}

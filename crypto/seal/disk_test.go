package seal_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/crypto/seal"
)

func TestACreatedKeyringFileIsPrivateAndLoadsAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keyring")
	ring, err := seal.CreateKeyringFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	again, err := seal.LoadKeyringFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(checks(t, ring), checks(t, again)); d != "" {
		t.Error(d)
	}
	before, _ := os.ReadFile(path)
	if _, err := seal.CreateKeyringFile(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("created a second time: %v", err)
	}
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Error("the keyring was overwritten")
	}
}

//
func TestOnlyPrivateRegularKeyringFilesLoad(t *testing.T) {
	for mode, ok := range map[fs.FileMode]bool{0o600: true, 0o400: true, 0o640: false, 0o604: false, 0o620: false, 0o601: false, 0o644: false, 0o660: false} {
		path := filepath.Join(t.TempDir(), "keyring")
		if _, err := seal.CreateKeyringFile(path); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := seal.LoadKeyringFile(path)
		if ok != (err == nil) {
			t.Errorf("mode %#o: %v", mode, err)
		}
		if err != nil && !strings.Contains(err.Error(), "chmod 600 "+path) {
			t.Errorf("mode %#o: no advice in %q", mode, err)
		}
	}

	dir := t.TempDir()
	if _, err := seal.LoadKeyringFile(dir); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a directory: %v", err)
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.LoadKeyringFile(pipe); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a named pipe: %v", err)
	}
	if _, err := seal.LoadKeyringFile(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func add(k *seal.Keyring) (*seal.Keyring, error) {
	next, id := k.Add()
	return next.Activate(id)
}

func TestEditingReplacesTheFileOrLeavesIt(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keyring")
	if _, err := seal.CreateKeyringFile(path); err != nil {
		t.Fatal(err)
	}
	edited, err := seal.EditKeyringFile(path, add)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := seal.LoadKeyringFile(path)
	if err != nil || loaded.Active() != "k2" {
		t.Fatalf("loaded with active key %q, %v", loaded.Active(), err)
	}
	if d := cmp.Diff(checks(t, edited), checks(t, loaded)); d != "" {
		t.Error(d)
	}

	refused := errors.New("refused")
	if _, err := seal.EditKeyringFile(path, func(*seal.Keyring) (*seal.Keyring, error) { return nil, refused }); !errors.Is(err, refused) {
		t.Errorf("got %v", err)
	}
	if loaded, err := seal.LoadKeyringFile(path); err != nil || loaded.Active() != "k2" {
		t.Errorf("a refused edit changed the file: %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}

	// What a killed edit left is in nobody's way, and is not believed.
	if err := os.WriteFile(path+".new", []byte("k9 half a line"), 0o644); err != nil {
		t.Fatal(err)
	}
	if edited, err := seal.EditKeyringFile(path, add); err != nil || edited.Active() != "k3" {
		t.Fatalf("after an edit that was cut off: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}

	// One that is under way is waited for by nobody.
	_, err = seal.EditKeyringFile(path, func(k *seal.Keyring) (*seal.Keyring, error) {
		if _, err := seal.EditKeyringFile(path, add); !errors.Is(err, fs.ErrExist) {
			t.Errorf("during another edit: got %v", err)
		}
		return add(k)
	})
	if err != nil {
		t.Errorf("an edit during which another one was tried: %v", err)
	}
}

func TestEditsAtOnceLoseNoKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keyring")
	if _, err := seal.CreateKeyringFile(path); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	made := make([]*seal.Keyring, 8)
	for i := range made {
		wg.Go(func() { made[i], _ = seal.EditKeyringFile(path, add) })
	}
	wg.Wait()
	final, err := seal.LoadKeyringFile(path)
	if err != nil {
		t.Fatal(err)
	}
	succeeded := 0
	for _, ring := range made {
		if ring == nil {
			continue
		}
		succeeded++
		if err := final.Verify(t.Context(), checks(t, ring)); err != nil {
			t.Error(err)
		}
	}
	if succeeded == 0 {
		t.Error("every edit was refused")
	}
}

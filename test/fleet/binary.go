package fleet

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// built is the program of this process. It is the one variable here that varies:
// tests of one process have nothing else in common that could hold it.
var built = map[bool]func() (string, error){
	false: sync.OnceValues(func() (string, error) { return build(false) }),
	true:  sync.OnceValues(func() (string, error) { return build(true) }),
}

// Binary returns the path of the program, which it builds if this process has not
// yet. race asks for the race detector, as LATCHKEY_TEST_RACE=1 does.
func Binary(t testing.TB, race bool) string {
	t.Helper()
	path, err := built[race || os.Getenv("LATCHKEY_TEST_RACE") == "1"]()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

const folderPrefix = "latchkey-fleet-"

// build leaves a program in a folder of its own, which the next test process takes
// away when this one is gone.
func build(race bool) (string, error) {
	if path := os.Getenv("LATCHKEY_TEST_BINARY"); path != "" {
		return path, nil
	}
	removeLeftovers()
	dir, err := os.MkdirTemp("", folderPrefix)
	if err != nil {
		return "", fmt.Errorf("fleet: making a folder for the program: %w", err)
	}
	if _, err := lock(dir); err != nil {
		return "", fmt.Errorf("fleet: locking %s: %w", dir, err)
	}
	path := filepath.Join(dir, "latchkey")
	args := []string{"build", "-buildvcs=false", "-o", path}
	if race {
		args = append(args, "-race")
	}
	if out, err := exec.Command("go", append(args, "latchkey/cmd/latchkey")...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("fleet: building the program: %w\n%s", err, out)
	}
	return path, nil
}

// lock holds a folder as long as this process lives, so that another can tell a
// folder in use from one left over. It is a bare descriptor, which nobody closes.
func lock(dir string) (fd int, err error) {
	fd, err = syscall.Open(filepath.Join(dir, "lock"), syscall.O_RDWR|syscall.O_CREAT|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return -1, err
	}
	if err := syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		syscall.Close(fd)
		return -1, err
	}
	return fd, nil
}

// removeLeftovers removes folders that no process holds. A young one is left
// alone, since its maker may not have locked it yet.
func removeLeftovers() {
	dirs, _ := filepath.Glob(filepath.Join(os.TempDir(), folderPrefix+"*")) // the pattern is well-formed
	for _, dir := range dirs {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || time.Since(info.ModTime()) < 10*time.Second {
			continue
		}
		if fd, err := lock(dir); err == nil {
			os.RemoveAll(dir)
			syscall.Close(fd)
		}
	}
}

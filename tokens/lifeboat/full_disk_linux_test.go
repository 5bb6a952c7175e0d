package lifeboat_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"reflect"
	"syscall"
	"testing"

	"latchkey/tokens/lifeboat"
)

func init() {
	errands["TestAFullDiskDoesNotMatter"] = onFullDisk
	errands["TestAFullDiskDoesNotMatter/limited"] = withoutRoom
	errands["TestAFileThatGetsNoRoomIsNotOpened"] = withinLimit
}

func TestAFullDiskDoesNotMatter(t *testing.T) {
	cmd := child(t, "TestAFullDiskDoesNotMatter", t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	if err != nil && (errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) || bytes.Contains(out, []byte(noMount))) {
		t.Logf("no right to mount a disk to fill (%v): files may not grow instead", err)
		out, err = child(t, "TestAFullDiskDoesNotMatter/limited", t.TempDir()).CombinedOutput()
	}
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// noMount is how a child says that it may not mount.
const noMount = "mounting is not permitted"

// withoutRoom makes the boat and lets no file grow beyond it from then on.
func withoutRoom(dir string) error {
	path := filepath.Join(dir, "lifeboat")
	b, err := lifeboat.Open(path)
	if err != nil {
		return err
	}
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: fileSize, Max: fileSize}); err != nil {
		return err
	}
	return use(b, path)
}

// onFullDisk mounts a disk of 2 MiB, which nobody else sees, and fills it.
func onFullDisk(dir string) error {
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m"); err != nil {
		return fmt.Errorf("%s: %w", noMount, err)
	}
	path := filepath.Join(dir, "lifeboat")
	b, err := lifeboat.Open(path)
	if err != nil {
		return err
	}
	if err := fill(filepath.Join(dir, "filler")); err != nil {
		return err
	}
	if _, err := lifeboat.Open(path + ".second"); !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("opening a new one: %v, want that the disk is full", err)
	}
	return use(b, path)
}

// use stows and lands more than there is room for at once, and opens the boat again
// and again.
func use(b *lifeboat.Boat, path string) error {
	for i := range 300 {
		r := answerOf(fmt.Sprintf("att_%d", i), 60_000)
		if err := b.Stow(r); err != nil {
			return err
		}
		if i%10 == 9 {
			if err := landAll(b); err != nil {
				return err
			}
		}
		if i%37 == 0 {
			before := b.Records()
			b.Close()
			var err error
			if b, err = lifeboat.Open(path); err != nil {
				return err
			}
			if after := b.Records(); !reflect.DeepEqual(before, after) {
				return fmt.Errorf("%d records before and %d after, or other ones", len(before), len(after))
			}
		}
	}
	return b.Close()
}

func landAll(b *lifeboat.Boat) error {
	for _, r := range b.Records() {
		if err := b.Land(r.Attempt); err != nil {
			return err
		}
	}
	return nil
}

// fill writes to a file until the disk is full.
func fill(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		if _, err := f.Write(make([]byte, blockSize)); err != nil {
			if errors.Is(err, syscall.ENOSPC) {
				return nil
			}
			return err
		}
	}
}

func TestAFileThatGetsNoRoomIsNotOpened(t *testing.T) {
	if out, err := child(t, "TestAFileThatGetsNoRoomIsNotOpened", newPath(t)).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// withinLimit opens the boat while files may not grow beyond half its size, again
// without that limit, and then lets writes fail.
func withinLimit(path string) error {
	signal.Ignore(syscall.SIGXFSZ)
	var usual syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &usual); err != nil {
		return err
	}
	limit := func(size uint64) error {
		return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: usual.Max})
	}
	if err := limit(fileSize / 2); err != nil {
		return err
	}
	if _, err := lifeboat.Open(path); !errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("opened without room: %v", err)
	}
	if err := limit(usual.Cur); err != nil {
		return err
	}
	b, err := lifeboat.Open(path)
	if err != nil {
		return err
	}
	first, second := answerOf("att_1", 600), answerOf("att_2", 6000)
	if err := b.Stow(first); err != nil {
		return err
	}
	// The limit is in the middle of the second record.
	if err := limit(3*blockSize + 100); err != nil {
		return err
	}
	if err := b.Stow(second); !errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("stowed beyond the limit: %v", err)
	}
	if got := b.Records(); !same(got, []lifeboat.Record{first}) {
		return fmt.Errorf("after a failed Stow, on board are%s", list(got))
	}
	if err := limit(usual.Cur); err != nil {
		return err
	}
	if err := b.Stow(second); err != nil {
		return err
	}
	b.Close()
	if b, err = lifeboat.Open(path); err != nil {
		return err
	}
	if got := b.Records(); !same(got, []lifeboat.Record{first, second}) || b.Damaged() != 0 {
		return fmt.Errorf("%d damaged places, and on board are%s", b.Damaged(), list(got))
	}
	return b.Close()
}

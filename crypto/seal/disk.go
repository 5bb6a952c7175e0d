package seal

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"latchkey/crypto/secret"
)

// LoadKeyringFile reads the keyring in the file at path. It refuses a file that
// anybody but its owner may touch. kinds are those that its lines may name.
func LoadKeyringFile(path string, kinds ...Kind) (*Keyring, error) {
	// Looked at before it is opened: opening a named pipe would wait for a writer.
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading the keyring: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("keyring %s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the keyring: %w", err)
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return nil, fmt.Errorf("reading the keyring: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("keyring %s is not a regular file", path)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("keyring %s has mode %#o, others than its owner may use it: run «chmod 600 %s», and if others could read it, rotate its keys", path, mode, path)
	}
	ring, err := ParseKeyring(f, kinds...)
	if err != nil {
		return nil, fmt.Errorf("keyring %s: %w", path, err)
	}
	return ring, nil
}

// CreateKeyringFile writes a new keyring to a new file, readable by its owner
// only and on the disk when it returns. It never touches a file that is there.
func CreateKeyringFile(path string) (*Keyring, error) {
	ring := GenerateKeyring()
	if err := writeNew(path, ring.Marshal()); err != nil {
		return nil, fmt.Errorf("creating the keyring: %w", err)
	}
	return ring, nil
}

// EditKeyringFile replaces the keyring file at path by what edit makes of it, and
// returns that. A crash leaves the old file or the new one, and nothing between;
// of two edits at once one is refused, so that no key is lost.
func EditKeyringFile(path string, edit func(*Keyring) (*Keyring, error), kinds ...Kind) (*Keyring, error) {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, fmt.Errorf("changing the keyring: %w", err)
	}
	// The new file is locked before the old one is read. The lock goes with the
	// process, so what a killed one left is in nobody's way.
	f, err := claim(path + ".new")
	if err != nil {
		return nil, fmt.Errorf("changing the keyring: %w", err)
	}
	defer f.Close() // and with it the lock; it is closed already if all went well
	ring, err := replace(path, f, edit, kinds)
	if err != nil {
		os.Remove(f.Name())
		return nil, fmt.Errorf("changing the keyring: %w", err)
	}
	// From the rename on the change is made: whatever fails now must not undo it.
	if err := syncDir(filepath.Dir(path)); err != nil {
		return ring, fmt.Errorf("changing the keyring: the new file is in place but may not survive a power failure: %w", err)
	}
	return ring, nil
}

// claim opens the file, makes it if need be, and locks it.
func claim(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err = claimed(f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func claimed(f *os.File) error {
	busy := fmt.Errorf("another change is being made, try again when it is over: %w", fs.ErrExist)
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return busy
	}
	// Between opening and locking it may have become the keyring.
	mine, err := f.Stat()
	if err != nil {
		return err
	}
	if there, err := os.Lstat(f.Name()); err != nil || !os.SameFile(mine, there) {
		return busy
	}
	if err := f.Chmod(0o600); err != nil {
		return err
	}
	return f.Truncate(0)
}

func replace(path string, next *os.File, edit func(*Keyring) (*Keyring, error), kinds []Kind) (*Keyring, error) {
	ring, err := LoadKeyringFile(path, kinds...)
	if err != nil {
		return nil, err
	}
	if ring, err = edit(ring); err != nil {
		return nil, err
	}
	old, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	// Root may rotate the key of a server that runs as somebody else.
	if owner, ok := old.Sys().(*syscall.Stat_t); ok && os.Geteuid() == 0 {
		if err := next.Chown(int(owner.Uid), int(owner.Gid)); err != nil {
			return nil, err
		}
	}
	if err := put(next, ring.Marshal()); err != nil {
		return nil, err
	}
	return ring, os.Rename(next.Name(), path) // still locked
}

// writeNew writes text to a file that must not exist, mode 0600, and sees to it
// that the file and its name are on the disk.
func writeNew(path string, text secret.Text) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := writeOut(f, text); err != nil {
		f.Close()
		os.Remove(path)
		return err
	}
	return syncDir(filepath.Dir(path))
}

func writeOut(f *os.File, text secret.Text) error {
	if err := put(f, text); err != nil {
		return err
	}
	return f.Close()
}

func put(f *os.File, text secret.Text) error {
	if _, err := f.WriteString(text.Reveal()); err != nil {
		return err
	}
	return f.Sync()
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return &fs.PathError{Op: "sync", Path: dir, Err: err}
	}
	return nil
}

package lifeboat

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

const (
	fileMagic     = "LKBOAT\r\n"
	formatVersion = 1
)

// Open opens the lifeboat at path, and makes it if there is none. It refuses a
// symbolic link, a file that others can read, one that another process has open,
// and one that is no lifeboat of this version; it leaves those as they are.
func Open(path string) (*Boat, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if errors.Is(err, syscall.ELOOP) {
		return nil, fmt.Errorf("lifeboat: %s is a symbolic link; a file is needed", path)
	}
	if err != nil {
		return nil, fmt.Errorf("lifeboat: %w", err)
	}
	b := &Boat{file: f}
	if err := b.launch(path); err != nil {
		f.Close()
		return nil, fmt.Errorf("lifeboat: %w", err)
	}
	return b, nil
}

// launch takes the file for this process, reads it and sees to its room.
func (b *Boat) launch(path string) error {
	if err := claim(b.file, path); err != nil {
		return err
	}
	info, err := b.file.Stat()
	if err != nil {
		return err
	}
	image := make([]byte, fileSize)
	n, err := b.file.ReadAt(image, 0)
	if err != nil && err != io.EOF {
		return err
	}
	if info.Size() > fileSize || !isZero(image) {
		if err := identify(image[:n], info.Size()); err != nil {
			return fmt.Errorf("%s %w", path, err)
		}
		b.board(image)
		return b.keepRoom(image, info)
	}
	return b.build(image, path)
}

// claim checks that f is a file of our own, which is still the one at path, and
// locks it. The system releases the lock when the process ends, however it ends.
func claim(f *os.File, path string) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", path)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("%s can be read by others (mode %04o); run: chmod 600 %s", path, mode, path)
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && int(owner.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to another user (%d)", path, owner.Uid)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("%s is open already; each process needs a file of its own", path)
	} else if err != nil {
		return &fs.PathError{Op: "flock", Path: path, Err: err}
	}
	there, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !os.SameFile(info, there) {
		return fmt.Errorf("%s was replaced while it was opened", path)
	}
	return nil
}

// identify says what is wrong with a file that starts with head, if anything is.
func identify(head []byte, size int64) error {
	if len(head) < len(fileMagic)+4 || string(head[:len(fileMagic)]) != fileMagic {
		return errors.New("is not a lifeboat, or its header is damaged; it was left as it is")
	}
	if v := binary.BigEndian.Uint32(head[len(fileMagic):]); v != formatVersion {
		return fmt.Errorf("is a lifeboat of version %d, and this program knows version %d only; it was left as it is", v, formatVersion)
	}
	if size > fileSize {
		return fmt.Errorf("is %d bytes long, and a lifeboat is %d; it was left as it is", size, fileSize)
	}
	return nil
}

// board takes over what is in the image of the file.
func (b *Boat) board(image []byte) {
	b.aboard, b.damaged = scan(image)
	b.found = b.damaged.runs()
	for _, at := range b.aboard {
		b.number = max(b.number, at.number)
	}
}

// keepRoom gives a file its whole room again that has lost some of it, as copies
// may. Every byte is written as it is, so being cut off does no harm.
func (b *Boat) keepRoom(image []byte, info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if info.Size() == fileSize && ok && stat.Blocks*512 >= fileSize {
		return nil
	}
	if err := b.write(image, 0); err != nil {
		return err
	}
	return b.file.Sync()
}

// build makes a new file of an empty image: first all of its room, then, when
// that is sure, the header.
func (b *Boat) build(image []byte, path string) error {
	if err := b.write(image, 0); err != nil {
		return err
	}
	if err := b.file.Sync(); err != nil {
		return err
	}
	header := binary.BigEndian.AppendUint32([]byte(fileMagic), formatVersion)
	if err := b.write(header, 0); err != nil {
		return err
	}
	if err := b.file.Sync(); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

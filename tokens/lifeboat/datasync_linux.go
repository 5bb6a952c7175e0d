package lifeboat

import (
	"os"
	"syscall"
)

// datasync returns when what was written is on the disk. Times of the file need
// not be: they would cost a second write.
func datasync(f *os.File) error {
	for {
		err := syscall.Fdatasync(int(f.Fd()))
		if err != syscall.EINTR {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}

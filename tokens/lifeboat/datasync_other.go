//go:build !linux

package lifeboat

import "os"

// datasync returns when what was written is on the disk.
func datasync(f *os.File) error { return f.Sync() }

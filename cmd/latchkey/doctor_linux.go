package main

import "syscall"

// freeSpace is how much may still be written where path is, in bytes.
func freeSpace(path string) (uint64, error) {
	var s syscall.Statfs_t
	err := syscall.Statfs(path, &s)
	return s.Bavail * uint64(s.Bsize), err
}

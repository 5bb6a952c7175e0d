package main

import (
	"syscall"
	"time"
)

// nanosleep sleeps in the kernel.
func nanosleep(d time.Duration) {
	left := syscall.NsecToTimespec(int64(d))
	for syscall.Nanosleep(&left, &left) == syscall.EINTR {
	}
}

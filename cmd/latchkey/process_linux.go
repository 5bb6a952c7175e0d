package main

import "syscall"

// undumpable keeps the process's memory, with the secrets in it, out of dumps and
// out of the reach of other processes of the same user.
func undumpable() error {
	const setDumpable = 4 // PR_SET_DUMPABLE
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, setDumpable, 0, 0, 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

package fleet

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
	"unsafe"
)

// dieWithParent has the kernel kill cmd when this process ends, even when it is
// killed itself.
func dieWithParent(cmd *exec.Cmd) { cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL }

// Unlimited is no limit for [Process.LimitFiles].
const Unlimited = math.MaxUint64

// LimitFiles lets the server write no byte beyond so many of any file: it gets
// EFBIG, where a disk that is full says ENOSPC. Go programs do not heed the signal
// that comes with it. The server's user may do that to it without any other right.
func (p *Process) LimitFiles(bytes uint64) error {
	var limit syscall.Rlimit
	err := prlimit(p.PID(), nil, &limit)
	if err == nil {
		limit.Cur = min(bytes, limit.Max)
		err = prlimit(p.PID(), &limit, nil)
	}
	if err != nil {
		return fmt.Errorf("fleet: limiting the files of %s: %w", p.Name, err)
	}
	return nil
}

func prlimit(pid int, limit, old *syscall.Rlimit) error {
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(pid), syscall.RLIMIT_FSIZE,
		uintptr(unsafe.Pointer(limit)), uintptr(unsafe.Pointer(old)), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// awaitStop returns when every thread of a process stands still, which is some
// time after the signal was sent.
func awaitStop(pid int) error {
	deadline := time.Now().Add(startPatience)
	for !stopped(pid) {
		if time.Now().After(deadline) {
			return fmt.Errorf("fleet: process %d does not stop", pid)
		}
		time.Sleep(time.Millisecond)
	}
	return nil
}

func stopped(pid int) bool {
	stats, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid)) // the pattern is well-formed
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		_, state, found := bytes.Cut(stat, []byte(") "))
		if err == nil && (!found || state[0] != 'T') {
			return false // a thread that is gone does not run either
		}
	}
	return true
}

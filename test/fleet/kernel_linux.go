package fleet

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// dieWithParent has the kernel kill cmd when this process ends, even when it is
// killed itself.
func dieWithParent(cmd *exec.Cmd) { cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL }

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

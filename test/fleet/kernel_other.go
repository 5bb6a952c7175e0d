//go:build !linux

package fleet

import "os/exec"

// dieWithParent does nothing here: only Linux ties the life of one process to
// another's.
func dieWithParent(*exec.Cmd) {}

// awaitStop does nothing here: there is no telling when a process stands still.
func awaitStop(int) error { return nil }

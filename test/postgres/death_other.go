//go:build !linux

package postgres

import "os/exec"

// dieWithParent does nothing where the kernel has no such service: call [Stop] in
// TestMain there.
func dieWithParent(*exec.Cmd) {}

//go:build !linux

package rotation_test

import "testing"

func TestRotationIsOnlyKilledOnLinux(t *testing.T) {
	t.Skip("processes are traced with ptrace(2), which is Linux's")
}

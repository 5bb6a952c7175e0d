package postgres

import (
	"os/exec"
	"syscall"
)

// dieWithParent has the kernel stop cmd when this process ends, even when it is
// killed. SIGQUIT is PostgreSQL's shutdown without ceremony.
func dieWithParent(cmd *exec.Cmd) { cmd.SysProcAttr.Pdeathsig = syscall.SIGQUIT }

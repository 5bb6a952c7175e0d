package crash

import (
	"syscall"
	"unsafe"
)

// Requests and options of ptrace(2). Those that package syscall lacks are the same
// on every architecture.
const (
	ptraceSyscall     = 24
	ptraceDetach      = 17
	ptraceSeize       = 0x4206
	ptraceInterrupt   = 0x4207
	ptraceSyscallInfo = 0x420e

	traceSysGood = 1
	traceClone   = 8
)

func ptrace(request, tid, data int) error {
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PTRACE, uintptr(request), uintptr(tid), 0, uintptr(data), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// info is struct ptrace_syscall_info, which needs Linux 5.3.
type info struct {
	op      uint8
	_       [3]byte
	arch    uint32
	ip, sp  uint64
	nr      uint64 // on exit the result
	args    [6]uint64
	seccomp uint64
}

// What a thread stopped at.
const (
	opEntry = 1
	opExit  = 2
)

// result is what the call returned; negative numbers are errors.
func (i *info) result() int64 { return int64(i.nr) }

func syscallInfo(tid int) (*info, error) {
	var i info
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PTRACE, ptraceSyscallInfo, uintptr(tid), unsafe.Sizeof(i), uintptr(unsafe.Pointer(&i)), 0, 0)
	if errno != 0 {
		return nil, errno
	}
	return &i, nil
}

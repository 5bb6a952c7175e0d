package crash

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Point is a call at which a process can be killed.
type Point struct {
	Kind string // "before write", "after receive", …
	What string // "latchkey.db-wal", "the provider", …
}

func (p Point) String() string { return p.Kind + " " + p.What }

// Watch says which files and connections of a process matter.
type Watch struct {
	// Files is the folder whose files count.
	Files string
	// Remote names the peers that the process connects to, by port; Local names by
	// its own port those that connect to it.
	Remote, Local map[int]string
	// Database is the peer that is the database, if any. To it, having sent
	// something is no point of its own: it is one to have got the answer.
	Database string

	peers map[string]string // that were found, by the inodes of their sockets
}

type moment string

const (
	before moment = "before"
	after  moment = "after"
)

// call is a system call on a file descriptor.
type call struct {
	number int
	fd     int
}

// action is what a call does; empty for those that do not matter. Sends are what
// files take as writes.
func (c call) action() string {
	switch c.number {
	case syscall.SYS_WRITE, syscall.SYS_PWRITE64, syscall.SYS_WRITEV, syscall.SYS_PWRITEV, syscall.SYS_SENDTO, syscall.SYS_SENDMSG:
		return "write"
	case syscall.SYS_FSYNC, syscall.SYS_FDATASYNC:
		return "sync"
	case syscall.SYS_FTRUNCATE, syscall.SYS_FALLOCATE:
		return "resize"
	case syscall.SYS_READ, syscall.SYS_READV, syscall.SYS_RECVFROM, syscall.SYS_RECVMSG:
		return "read"
	}
	return ""
}

// point tells whether the process may be killed at this moment of a call. Before
// it is made, for what changes something. After it, for what came from outside or
// went there: nobody but the peer can tell whether it did.
func (w *Watch) point(pid int, c call, m moment, result int64) (Point, bool) {
	action := c.action()
	if action == "" || m == after && (result <= 0 || action == "sync" || action == "resize") || m == before && action == "read" {
		return Point{}, false
	}
	what, socket := w.target(pid, c.fd)
	switch {
	case what == "" || !socket && (action == "read" || m == after):
		return Point{}, false
	case what == w.Database && action == "write" && m == after:
		return Point{}, false
	case socket && action == "write":
		action = "send to"
	case socket:
		action = "receive from"
	}
	return Point{string(m) + " " + action, what}, true
}

// target names what a descriptor stands for; "" if it does not matter.
func (w *Watch) target(pid, fd int) (name string, socket bool) {
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, fd))
	if err != nil {
		return "", false
	}
	if inode, ok := strings.CutPrefix(path, "socket:["); ok {
		name := w.peers[inode]
		if name == "" {
			name = w.peer(pid, strings.TrimSuffix(inode, "]"))
		}
		if name != "" { // one that is not connected yet may become somebody
			w.peers[inode] = name
		}
		return name, true
	}
	if filepath.Dir(path) == w.Files {
		return filepath.Base(path), false
	}
	return "", false
}

// peer names who is at the other end of a TCP connection, by the kernel's table of
// them (proc(5)).
func (w *Watch) peer(pid int, inode string) string {
	for _, table := range []string{"tcp", "tcp6"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, table))
		if err != nil {
			continue
		}
		for line := range bytes.Lines(text) {
			f := strings.Fields(string(line))
			if len(f) < 10 || f[9] != inode {
				continue
			}
			if name := w.Remote[port(f[2])]; name != "" {
				return name
			}
			return w.Local[port(f[1])]
		}
	}
	return ""
}

// port reads the port of an address such as 0100007F:1F90.
func port(address string) (n int) {
	_, hex, _ := strings.Cut(address, ":")
	fmt.Sscanf(hex, "%X", &n) // 0 is nobody's
	return n
}

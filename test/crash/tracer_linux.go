package crash

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"
)

// Outcome is what became of a traced span.
type Outcome struct {
	Killed bool    // false: the span ended before so many points were seen
	Points []Point // those that were seen; at the last one it was killed
}

// Aim chooses a point: the N-th of those that are called Of, or of all if Of is
// empty. N is 0 for none.
type Aim struct {
	N  int
	Of string
}

// KillAt traces the process while during runs, and kills it at the point that is
// aimed at. during must return when the process dies.
func KillAt(pid int, aim Aim, w *Watch, during func()) (Outcome, error) {
	w.peers = map[string]string{}
	t := &tracer{pid: pid, aim: aim, watch: w, threads: map[int]*thread{}}
	seized, done := make(chan error, 1), make(chan error, 1)
	go t.run(seized, done)
	if err := <-seized; err != nil {
		return Outcome{}, err
	}
	during()
	t.over.Store(true)
	// The tracer sleeps until the process does something it is told of. This
	// signal is one that Go programs get all the time.
	if err := syscall.Kill(pid, syscall.SIGURG); err != nil && !errors.Is(err, syscall.ESRCH) {
		return Outcome{}, fmt.Errorf("crash: waking the tracer: %w", err)
	}
	err := <-done
	return t.outcome, err
}

// tracer follows all threads of a process from one thread of ours, to which the
// kernel ties them.
type tracer struct {
	pid     int
	aim     Aim
	seen    int // of those that are aimed at
	watch   *Watch
	over    atomic.Bool
	threads map[int]*thread
	outcome Outcome
	leaving bool
}

// thread is a thread that is traced.
type thread struct {
	inside bool // a system call
	call   call
}

func (t *tracer) run(seized, done chan<- error) {
	runtime.LockOSThread() // for good: this thread ends with its goroutine, and its tracing with it
	err := t.seize()
	seized <- err
	if err == nil {
		done <- t.follow()
	}
}

// seize attaches to every thread. Those that they start are attached to by the
// kernel.
func (t *tracer) seize() error {
	for again := true; again; {
		again = false
		entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", t.pid))
		if err != nil {
			return fmt.Errorf("crash: %w", err)
		}
		for _, e := range entries {
			tid, err := strconv.Atoi(e.Name())
			if err != nil || t.threads[tid] != nil {
				continue
			}
			err = ptrace(ptraceSeize, tid, traceSysGood|traceClone)
			if err != nil && len(t.threads) == 0 {
				return fmt.Errorf("crash: tracing process %d: %w", t.pid, err)
			}
			t.threads[tid], again = &thread{}, true // traced by now, or gone
			if err == nil {
				err = ptrace(ptraceInterrupt, tid, 0)
			}
			if err != nil && !errors.Is(err, syscall.ESRCH) && !errors.Is(err, syscall.EPERM) {
				return fmt.Errorf("crash: stopping thread %d: %w", tid, err)
			}
		}
	}
	return nil
}

// follow lets the threads run from stop to stop until the process is dead or let
// go.
func (t *tracer) follow() error {
	for len(t.threads) > 0 {
		var ws syscall.WaitStatus
		// Only what this thread of ours traces or once started.
		tid, err := syscall.Wait4(-1, &ws, syscall.WALL|syscall.WNOTHREAD, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.ECHILD):
			return nil // whoever started the process was told of its end first
		case err != nil:
			return fmt.Errorf("crash: waiting: %w", err)
		case ws.Exited() || ws.Signaled():
			delete(t.threads, tid)
			continue
		case !ws.Stopped():
			continue
		}
		if t.threads[tid] == nil {
			t.threads[tid] = &thread{}
		}
		if err := t.stopped(tid, ws); err != nil && !errors.Is(err, syscall.ESRCH) { // it may be dying
			return fmt.Errorf("crash: thread %d: %w", tid, err)
		}
	}
	return nil // a thread that was just born is let go when ours ends
}

// stopped handles the stop of a thread and lets it go on.
func (t *tracer) stopped(tid int, ws syscall.WaitStatus) error {
	pass := 0 // the signal that it gets
	switch sig := ws.StopSignal(); {
	case sig == syscall.SIGTRAP|0x80:
		if err := t.syscallStop(tid); err != nil {
			return err
		}
	case uint32(ws)>>16 != 0: // an event of ptrace
	default:
		pass = int(sig)
	}
	if !t.over.Load() || t.outcome.Killed {
		return ptrace(ptraceSyscall, tid, pass)
	}
	if !t.leaving {
		t.leaving = true
		for other := range t.threads {
			if other != tid {
				_ = ptrace(ptraceInterrupt, other, 0) // those that are gone need none
			}
		}
	}
	delete(t.threads, tid)
	return ptrace(ptraceDetach, tid, pass)
}

// syscallStop looks at a call before or after it is made, and kills the process if
// it is the point.
func (t *tracer) syscallStop(tid int) error {
	info, err := syscallInfo(tid)
	if err != nil {
		return err
	}
	th := t.threads[tid]
	switch info.op {
	case opEntry:
		th.inside = true
		th.call = call{number: int(info.nr), fd: int(int32(info.args[0]))}
		t.point(th.call, before, 0)
	case opExit:
		if th.inside {
			t.point(th.call, after, info.result())
		}
		th.inside = false
	}
	return nil
}

func (t *tracer) point(c call, m moment, result int64) {
	if t.outcome.Killed || t.over.Load() {
		return
	}
	p, ok := t.watch.point(t.pid, c, m, result)
	if !ok {
		return
	}
	t.outcome.Points = append(t.outcome.Points, p)
	if t.aim.Of != "" && t.aim.Of != p.String() {
		return
	}
	if t.seen++; t.seen == t.aim.N {
		t.outcome.Killed = true
		_ = syscall.Kill(t.pid, syscall.SIGKILL) // it stands still, so it is there
	}
}

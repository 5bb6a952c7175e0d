package fleet

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"latchkey/test/judge"
)

// Process is one server. It can be started, ended and started again; it finds new
// ports each time. Its methods may be called from several goroutines.
type Process struct {
	Name string

	path    string
	dir     string
	environ []string
	world   *World

	log     lines // of all its lives
	printed lines // on standard output

	mu               sync.Mutex
	life             *life // nil before the first start
	public, internal string
}

// life is one run of the program.
type life struct {
	cmd   *exec.Cmd
	ready chan map[string]string // the line of the log that says so; closed at the end
	gone  chan struct{}
	code  int
}

// startPatience is far above what a start takes.
const startPatience = 3 * time.Minute

// Start starts the server and returns when it is ready.
func (p *Process) Start() error {
	if err := p.Launch(); err != nil {
		return err
	}
	return p.Ready()
}

// Upgrade has the next start be that of another program.
func (p *Process) Upgrade(program string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.path = program
}

// Launch starts the server and does not wait for it; see [Process.Ready].
func (p *Process) Launch() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life != nil && p.life.running() {
		return fmt.Errorf("fleet: %s runs already", p.Name)
	}
	l := &life{ready: make(chan map[string]string, 1), gone: make(chan struct{})}
	l.cmd = &exec.Cmd{Path: p.path, Args: []string{"latchkey", "serve"}, Env: p.environ, Dir: p.dir}
	l.cmd.Stdout = &p.printed
	l.cmd.SysProcAttr = &syscall.SysProcAttr{}
	dieWithParent(l.cmd)
	log, err := l.cmd.StderrPipe()
	if err != nil {
		return fmt.Errorf("fleet: starting %s: %w", p.Name, err)
	}
	started := make(chan error)
	go l.own(log, &p.log, started)
	if err := <-started; err != nil {
		return fmt.Errorf("fleet: starting %s: %w", p.Name, err)
	}
	p.life = l
	return nil
}

// own runs the program to its end. The kernel kills it when the thread ends that
// started it, so this goroutine keeps one thread to itself. Nothing waits for the
// program before its log has ended: whoever traces it must be the only one to
// hear of its stops.
func (l *life) own(log io.Reader, keep *lines, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := l.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	defer close(l.gone)
	defer close(l.ready)
	scanner := bufio.NewScanner(log)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		keep.add(scanner.Bytes())
		if line := fields(scanner.Bytes()); line["msg"] == "ready" {
			l.ready <- line
		}
	}
	l.code = -1
	if err := l.cmd.Wait(); err == nil || l.cmd.ProcessState != nil {
		l.code = l.cmd.ProcessState.ExitCode()
	}
}

// Ready waits until a launched server takes requests.
func (p *Process) Ready() error {
	l := p.now()
	select {
	case line, ok := <-l.ready:
		if !ok {
			<-l.gone
			return fmt.Errorf("fleet: %s ended with %d before it was ready:\n%s", p.Name, l.code, p.Log())
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.public, p.internal = "http://"+line["public"], "http://"+line["internal"]
		return nil
	case <-time.After(startPatience):
		return fmt.Errorf("fleet: %s is not ready after %s:\n%s", p.Name, startPatience, p.Log())
	}
}

func (p *Process) now() *life {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.life
}

func (l *life) running() bool {
	select {
	case <-l.gone:
		return false
	default:
		return true
	}
}

// Running reports whether the server's process is there, stopped or not.
func (p *Process) Running() bool {
	l := p.now()
	return l != nil && l.running()
}

// PID is the id of the newest process.
func (p *Process) PID() int { return p.now().cmd.Process.Pid }

// DataDir is the server's data directory.
func (p *Process) DataDir() string {
	i := slices.IndexFunc(p.environ, func(entry string) bool { return strings.HasPrefix(entry, dataDir) })
	return strings.TrimPrefix(p.environ[i], dataDir)
}

// Public is the address of the public listener, such as http://127.0.0.1:40123;
// that of the last life while the server is down.
func (p *Process) Public() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.public
}

// Internal is the address of the internal listener; see [Process.Public].
func (p *Process) Internal() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.internal
}

// Kill ends the server at once (SIGKILL), notes the crash for the judge, and
// returns when the process is gone.
func (p *Process) Kill() error {
	if err := p.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	p.Wait()
	p.Crashed(time.Now())
	return nil
}

// Crashed notes for the judge that the process was found dead, if something else
// than [Process.Kill] killed it. captured names the connections of which an answer
// lies captured but not applied.
func (p *Process) Crashed(at time.Time, captured ...string) {
	p.world.addCrash(judge.Crash{At: at, Process: p.Name, Captured: captured})
}

// Stop suspends the server (SIGSTOP), as a machine does that hangs, and returns
// when it stands still.
func (p *Process) Stop() error {
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	return awaitStop(p.PID())
}

// Continue lets a stopped server go on.
func (p *Process) Continue() error { return p.Signal(syscall.SIGCONT) }

// Terminate asks the server to end (SIGTERM), waits until it has, and returns an
// error unless it ended well.
func (p *Process) Terminate() error {
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if code := p.Wait(); code != 0 {
		return fmt.Errorf("fleet: %s ended with %d:\n%s", p.Name, code, p.Log())
	}
	return nil
}

// Signal sends a signal.
func (p *Process) Signal(s os.Signal) error {
	l := p.now()
	if l == nil || !l.running() {
		return fmt.Errorf("fleet: %s does not run", p.Name)
	}
	if err := l.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("fleet: signalling %s: %w", p.Name, err)
	}
	return nil
}

// Wait waits for the end of the process and of its log, and returns the exit
// code: -1 if a signal ended it.
func (p *Process) Wait() int {
	l := p.now()
	<-l.gone
	return l.code
}

// Log returns what the server wrote to its log, in all its lives.
func (p *Process) Log() string { return p.log.text() }

// Printed returns what the server wrote to its standard output, in all its lives.
func (p *Process) Printed() string { return p.printed.text() }

// Logged returns the lines of the log with this message, each as its texts.
func (p *Process) Logged(message string) (found []map[string]string) {
	for line := range strings.Lines(p.Log()) {
		if f := fields([]byte(line)); f["msg"] == message {
			found = append(found, f)
		}
	}
	return found
}

// fields reads a line of the log. Values that are no texts are left out.
func fields(line []byte) map[string]string {
	all := map[string]any{}
	if json.Unmarshal(line, &all) != nil {
		return nil
	}
	texts := map[string]string{}
	for name, value := range all {
		if text, ok := value.(string); ok {
			texts[name] = text
		}
	}
	return texts
}

// lines is a log in memory.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) add(line []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b.Write(line)
	l.b.WriteByte('\n')
}

// Write adds what comes as it is.
func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

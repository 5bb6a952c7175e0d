package fleet

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"
)

// Run runs a command of the program beside the servers and returns its exit code
// and what it wrote.
func (w *World) Run(t testing.TB, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return w.RunWith(t, nil, args...)
}

// RunWith is [World.Run] with settings that are added or replaced.
func (w *World) RunWith(t testing.TB, with []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, said bytes.Buffer
	cmd := &exec.Cmd{Path: w.path, Args: append([]string{"latchkey"}, args...), Env: settings(w.environ, with), Dir: w.Dir, Stdout: &out, Stderr: &said}
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("running latchkey %s: %v", strings.Join(args, " "), err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), said.String()
}

// Command returns a command of the program that was not started yet, for those who
// want to do something to it.
func (w *World) Command(args ...string) *exec.Cmd {
	return &exec.Cmd{Path: w.path, Args: append([]string{"latchkey"}, args...), Env: settings(w.environ), Dir: w.Dir}
}

// MustRun is [World.Run] for a command that must succeed. into, unless nil, takes
// the JSON that it prints.
func (w *World) MustRun(t testing.TB, into any, args ...string) {
	t.Helper()
	code, out, said := w.Run(t, args...)
	if code != 0 {
		t.Fatalf("latchkey %s ended with %d: %s%s", strings.Join(args, " "), code, out, said)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal([]byte(out), into); err != nil {
		t.Fatalf("latchkey %s printed %q: %v", strings.Join(args, " "), out, err)
	}
}

// Upgrade has commands be those of another program from now on. Servers are
// upgraded one by one: see [Process.Upgrade].
func (w *World) Upgrade(program string) { w.path = program }

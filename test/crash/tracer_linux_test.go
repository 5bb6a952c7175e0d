package crash_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"latchkey/test/crash"
	"latchkey/test/postgres"
)

// writerFolder makes this test binary the program that is killed.
const writerFolder = "LATCHKEY_CRASH_WRITER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerFolder); dir != "" {
		if err := writeThrice(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	postgres.Stop()
	os.Exit(code)
}

// writeThrice waits for a line of its input before each round, and makes each
// round durable before it says so.
func writeThrice(dir string) error {
	f, err := os.Create(filepath.Join(dir, "file"))
	if err != nil {
		return err
	}
	fmt.Println("ready")
	in := bufio.NewScanner(os.Stdin)
	in.Scan()
	for i := range 3 {
		if _, err := fmt.Fprint(f, i); err != nil {
			return err
		}
		if err := f.Sync(); err != nil {
			return err
		}
	}
	fmt.Println("done")
	in.Scan() // it lives on
	return nil
}

// TestAProcessIsKilledExactlyBeforeTheCallThatIsAskedFor counts what a process got
// done that was killed at each of its points. Where nothing may be traced, it must
// not suffer from the attempt.
func TestAProcessIsKilledExactlyBeforeTheCallThatIsAskedFor(t *testing.T) {
	all := []string{
		"before write file", "before sync file", "before write file", "before sync file", "before write file", "before sync file",
	}
	for n, want := range []string{"012", "", "0", "0", "01", "01", "012", "012"} {
		dir := t.TempDir()
		o, said, traced := killWriter(t, dir, n)
		content, err := os.ReadFile(filepath.Join(dir, "file"))
		if err != nil {
			t.Fatal(err)
		}
		killed := traced && n > 0 && n <= len(all)
		if !traced {
			want = "012"
		}
		if string(content) != want || o.Killed != killed || said == killed {
			t.Errorf("killed at %d: it wrote %q, want %q; killed %t, said that it was done %t", n, content, want, o.Killed, said)
		}
		var points []string
		for _, p := range o.Points {
			points = append(points, p.String())
		}
		seen := all
		switch {
		case killed:
			seen = all[:n]
		case !traced:
			seen = nil
		}
		if !slices.Equal(points, seen) {
			t.Errorf("killed at %d: the points were %v", n, points)
		}
	}
}

// killWriter runs the program, killed at its n-th point, and tells whether it said
// that it was done, and whether it could be traced at all.
func killWriter(t *testing.T, dir string, n int) (o crash.Outcome, done, traced bool) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := &exec.Cmd{Path: self, Args: []string{self}, Env: append(os.Environ(), writerFolder+"="+dir), Stderr: os.Stderr}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out := bufio.NewScanner(pipe)
	out.Scan()
	during := func() {
		fmt.Fprintln(in)
		done = out.Scan() && strings.HasPrefix(out.Text(), "done")
	}
	o, err = crash.KillAt(cmd.Process.Pid, crash.Aim{N: n}, &crash.Watch{Files: dir}, during)
	switch {
	case err == nil:
		traced = true
	case refused(err):
		t.Logf("no right to trace here: %v", err)
		during()
	default:
		t.Fatal(err)
	}
	in.Close()
	for out.Scan() { // nothing may wait for it before it is gone
	}
	_ = cmd.Wait() // that it was killed is what we want
	return o, done, traced
}

func TestAProcessThatIsLetGoRunsOn(t *testing.T) {
	dir := t.TempDir()
	if o, done, _ := killWriter(t, dir, 0); o.Killed || !done {
		t.Errorf("it was killed: %t, and done: %t", o.Killed, done)
	}
}

func TestAProcessThatIsNotThereCannotBeTraced(t *testing.T) {
	if _, err := crash.KillAt(1<<30, crash.Aim{N: 1}, &crash.Watch{}, func() {}); err == nil {
		t.Error("it was traced")
	}
}

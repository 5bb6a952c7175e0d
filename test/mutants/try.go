package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// verdict is what became of a fault.
type verdict string

const (
	noticed  verdict = "noticed"   // a test failed
	survived verdict = "SURVIVED"  // all tests passed
	useless  verdict = "NOT TRIED" // the program does not build with it, or no test ran
)

// patience is for a fault that makes a program run for ever. A test that ends by it has
// noticed.
const patience = 5 * time.Minute

// tryAll tries one fault after the other and fails unless each was noticed.
func tryAll(ctx context.Context, out io.Writer, root string, faults []fault) error {
	bad := 0
	for _, f := range faults {
		began := time.Now()
		v, said, err := try(ctx, root, f)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%-10s %s  (%s)\n", v, f.name, time.Since(began).Round(100*time.Millisecond))
		if v == survived || v == useless {
			bad++
			fmt.Fprintf(out, "           %q\n        →  %q\n           %s\n%s", f.Find, f.Put, f.Test, said)
		}
	}
	fmt.Fprintf(out, "%d of %d faults noticed\n", len(faults)-bad, len(faults))
	if bad > 0 {
		return fmt.Errorf("%d faults were not noticed", bad)
	}
	return nil
}

// try runs the test of a fault with the fault laid over its file.
func try(ctx context.Context, root string, f fault) (verdict, string, error) {
	scratch, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return "", "", fmt.Errorf("making a place for the fault: %w", err)
	}
	defer os.RemoveAll(scratch)
	overlay, err := f.overlay(root, scratch)
	if err != nil {
		return "", "", err
	}
	args := []string{"test", "-count=1", "-failfast", "-vet=off", "-v", "-timeout", patience.String(), "-overlay", overlay}
	pkg, name, _ := strings.Cut(f.Test, " ")
	if name != "" {
		args = append(args, "-run", "^("+name+")$")
	}
	run := exec.CommandContext(ctx, "go", append(args, pkg)...)
	run.Dir = root
	run.WaitDelay = time.Second
	said, err := run.CombinedOutput()
	if ctx.Err() != nil {
		return "", "", ctx.Err()
	}
	return judge(err, string(said)), tail(string(said)), nil
}

// overlay writes the file with the fault, and the list that go test reads.
func (f fault) overlay(root, scratch string) (string, error) {
	file, err := filepath.Abs(filepath.Join(root, f.File))
	if err != nil {
		return "", fmt.Errorf("%s: %w", f.name, err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("%s: %w", f.name, err)
	}
	changed, err := f.in(string(text))
	if err != nil {
		return "", err
	}
	twin, list := filepath.Join(scratch, filepath.Base(file)), filepath.Join(scratch, "overlay.json")
	content, err := json.Marshal(map[string]map[string]string{"Replace": {file: twin}})
	if err != nil {
		return "", fmt.Errorf("%s: %w", f.name, err)
	}
	return list, errors.Join(os.WriteFile(twin, []byte(changed), 0o600), os.WriteFile(list, content, 0o600))
}

var anyTest = regexp.MustCompile(`(?m)^=== RUN`)

// judge reads what go test said.
func judge(err error, said string) verdict {
	switch {
	case !anyTest.MatchString(said): // it did not build, or there is no such test
		return useless
	case err != nil:
		return noticed
	}
	return survived
}

// tail is the end of what go test said, indented.
func tail(said string) string {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	return "           " + strings.Join(lines[max(0, len(lines)-4):], "\n           ") + "\n"
}

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// event is one line of «go test -json».
type event struct {
	Action      string
	Package     string
	ImportPath  string // of build output
	Test        string
	Elapsed     float64
	Output      string
	FailedBuild string
}

// key is what output belongs to: a test, or its package where test is empty.
type key struct{ pkg, test string }

// report gathers events. Output is kept until its test has ended, since only
// that of failures and skips is shown.
type report struct {
	out            io.Writer
	output         map[key]*strings.Builder
	builds         map[string]*strings.Builder // compiler messages by import path
	passed, failed int
	packages       int
	broken         int      // packages that failed, for whatever reason
	skipped        []string // each with its reason
}

func newReport(out io.Writer) *report {
	return &report{out: out, output: map[key]*strings.Builder{}, builds: map[string]*strings.Builder{}}
}

func (r *report) ok() bool {
	return r.failed == 0 && r.broken == 0 && r.packages > 0
}

func (r *report) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			r.line(line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading test output: %w", err)
		}
	}
}

// line takes one line. What is no event comes from the go command itself and is
// shown as it is.
func (r *report) line(line string) {
	var e event
	if err := json.Unmarshal([]byte(line), &e); err != nil || e.Action == "" {
		fmt.Fprint(r.out, line)
		return
	}
	k := key{e.Package, e.Test}
	switch e.Action {
	case "output":
		add(r.output, k, e.Output)
	case "build-output":
		add(r.builds, e.ImportPath, e.Output)
	case "pass", "fail", "skip":
		r.end(k, e)
		delete(r.output, k)
	}
}

func add[K comparable](to map[K]*strings.Builder, k K, text string) {
	if to[k] == nil {
		to[k] = &strings.Builder{}
	}
	to[k].WriteString(text)
}

func (r *report) said(k key) string {
	if b := r.output[k]; b != nil {
		return b.String()
	}
	return ""
}

// end counts a test or a package that has ended and prints what it has to say.
func (r *report) end(k key, e event) {
	if k.test == "" {
		r.endPackage(k, e)
		return
	}
	switch e.Action {
	case "pass":
		r.passed++
	case "fail":
		r.failed++
		fmt.Fprintf(r.out, "\n=== %s: %s\n%s\n", k.pkg, k.test, r.said(k))
	case "skip":
		r.skipped = append(r.skipped, fmt.Sprintf("%s: %s: %s", k.pkg, k.test, reason(r.said(k))))
	}
}

func (r *report) endPackage(k key, e event) {
	if e.Action == "skip" {
		return // it has no tests
	}
	r.packages++
	if e.Action == "pass" {
		fmt.Fprintf(r.out, "ok    %-40s %6.1fs\n", k.pkg, e.Elapsed)
		return
	}
	r.broken++
	if b := r.builds[e.FailedBuild]; b != nil {
		fmt.Fprint(r.out, b.String())
	}
	fmt.Fprintf(r.out, "%sFAIL  %-40s %6.1fs\n", r.said(k), k.pkg, e.Elapsed)
	// A crash or a time limit ends the package in the middle of its tests: what
	// they had said by then is the only trace.
	for other, b := range r.output {
		if other.pkg == k.pkg && other.test != "" {
			fmt.Fprintf(r.out, "\n=== %s: %s did not end\n%s\n", other.pkg, other.test, b.String())
			delete(r.output, other)
		}
	}
}

// reason returns what a skipped test said, without the marks of go test.
func reason(said string) string {
	var words []string
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "=== ") && !strings.HasPrefix(line, "--- ") {
			words = append(words, line)
		}
	}
	return strings.Join(words, " ")
}

func (r *report) finish() {
	fmt.Fprintln(r.out)
	for _, s := range r.skipped {
		fmt.Fprintln(r.out, "skipped:", s)
	}
	if r.broken > 0 {
		fmt.Fprintf(r.out, "%d of %d packages failed\n", r.broken, r.packages)
	}
	if r.packages == 0 {
		fmt.Fprintln(r.out, "no package was tested")
	}
	fmt.Fprintf(r.out, "%d passed, %d failed, %d skipped\n", r.passed, r.failed, len(r.skipped))
}

package main

import (
	"strings"
	"testing"
)

// events joins the lines of a run of package p.
func events(lines ...string) string { return strings.Join(lines, "\n") + "\n" }

const (
	runA  = `{"Action":"run","Package":"p","Test":"TestA"}`
	saidA = `{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:7: because of this\n"}`
	passA = `{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.1}`
	failA = `{"Action":"fail","Package":"p","Test":"TestA","Elapsed":0.1}`
	skipA = `{"Action":"skip","Package":"p","Test":"TestA","Elapsed":0.1}`
	passP = `{"Action":"pass","Package":"p","Elapsed":0.2}`
	failP = `{"Action":"fail","Package":"p","Elapsed":0.2}`
	noneQ = `{"Action":"skip","Package":"q","Elapsed":0}`
)

func TestTheReport(t *testing.T) {
	for _, c := range []struct {
		name, in string
		strict   bool
		code     int
		has      []string
		hasNot   []string
	}{
		{"a pass is one line", events(runA, saidA, passA, passP, noneQ), true, 0, []string{"ok    p", "1 passed, 0 failed, 0 skipped"}, []string{"because of this"}},
		{"a failure is shown in full", events(runA, saidA, failA, failP), false, 1, []string{"=== p: TestA", "because of this", "FAIL  p", "1 of 1 packages failed", "0 passed, 1 failed, 0 skipped"}, nil},
		{"a skip is listed with its reason", events(runA, saidA, skipA, passP), false, 0, []string{"skipped: p: TestA: a_test.go:7: because of this", "0 passed, 0 failed, 1 skipped"}, nil},
		{"a skip in CI fails", events(runA, saidA, skipA, passP), true, 1, []string{"In CI a skipped test is a failure"}, nil},
		{"a build that breaks", events(`{"ImportPath":"p","Action":"build-output","Output":"p/x.go:1: syntax error\n"}`, `{"ImportPath":"p","Action":"build-fail"}`, `{"Action":"fail","Package":"p","Elapsed":0,"FailedBuild":"p"}`), false, 1, []string{"syntax error", "FAIL  p"}, nil},
		{"a crash in the middle of a test", events(runA, saidA, `{"Action":"output","Package":"p","Output":"panic: no\n"}`, failP), false, 1, []string{"panic: no", "TestA did not end", "because of this"}, nil},
		{"words of the go command", "go: downloading x v1.0.0\n" + events(runA, passA, passP), false, 0, []string{"go: downloading x v1.0.0"}, nil},
		{"nothing at all", "", false, 1, []string{"no package was tested"}, nil},
		{"no package with tests", events(noneQ), false, 1, []string{"no package was tested"}, nil},
		{"a last line without an end", events(runA, passA) + passP, false, 0, []string{"1 passed"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			if code := run(strings.NewReader(c.in), &out, c.strict); code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			for _, s := range c.has {
				if !strings.Contains(out.String(), s) {
					t.Errorf("%q is missing in:\n%s", s, out.String())
				}
			}
			for _, s := range c.hasNot {
				if strings.Contains(out.String(), s) {
					t.Errorf("%q is in:\n%s", s, out.String())
				}
			}
		})
	}
}

package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the table of requirements in the documentation")

const root = "../.."

func TestEveryRequirementHasATestThatNamesIt(t *testing.T) {
	list, err := readRequirements(root)
	if err != nil {
		t.Fatal(err)
	}
	marked, err := markedTests(root)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, r := range list {
		if known[r.ID] {
			t.Errorf("%s is there twice", r.ID)
		}
		known[r.ID] = true
		if len(marked[r.ID]) == 0 {
			t.Errorf("no test names %s: %s", r.ID, r.Rule)
		}
		if len(r.Faults) == 0 && r.Absent == "" {
			t.Errorf("%s has neither a fault that a test notices nor a reason why there is none", r.ID)
		}
	}
	for id, tests := range marked {
		if !known[id] {
			t.Errorf("%s names %s, which is no requirement", tests[0], id)
		}
	}
}

func TestEveryFaultCanBePlanted(t *testing.T) {
	list, err := readRequirements(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list {
		for _, f := range r.Faults {
			text, err := os.ReadFile(filepath.Join(root, f.File))
			if err != nil {
				t.Errorf("%s: %v", f.name, err)
				continue
			}
			changed, err := f.in(string(text))
			if err != nil || changed == string(text) {
				t.Errorf("%s changes nothing: %v", f.name, err)
			}
			pkg, name, ok := strings.Cut(f.Test, " ")
			if !ok || !hasTest(t, pkg, name) {
				t.Errorf("%s: there is no test %q", f.name, f.Test)
			}
		}
	}
}

// hasTest reports whether the package has a test of this name.
func hasTest(t *testing.T, pkg, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nfunc "+name+"(") {
			return true
		}
	}
	return false
}

func TestTheDocumentationListsTheRequirements(t *testing.T) {
	have, want, err := document(root)
	if err != nil {
		t.Fatal(err)
	}
	if have == want {
		return
	}
	if *update {
		if err := os.WriteFile(filepath.Join(root, securityDoc), []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("go test ./test/mutants -run Documentation -update brings %s up to date (-want +got):\n%s", securityDoc, cmp.Diff(want, have))
}

// sample is a module with a check and two tests, of which one looks.
const sample = `package gate

func Open(age int) bool {
	if age < 18 || age > 99 {
		return false
	}
	return true
}
`

const sampleTest = `package gate

import "testing"

func TestLooks(t *testing.T) {
	if Open(17) || !Open(18) {
		t.Error("wrong")
	}
}

func TestLooksAway(*testing.T) { Open(17) }
`

func TestAFaultIsNoticedExactlyByATestThatLooks(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module gate\n\ngo 1.26\n", "gate.go": sample, "gate_test.go": sampleTest} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		f    fault
		want verdict
	}{
		"noticed":        {fault{File: "gate.go", Find: "age < 18", Put: "false", Test: ". TestLooks"}, noticed},
		"survived":       {fault{File: "gate.go", Find: "age < 18", Put: "false", Test: ". TestLooksAway"}, survived},
		"does not build": {fault{File: "gate.go", Find: "age < 18", Put: "old", Test: ". TestLooks"}, useless},
		"no such test":   {fault{File: "gate.go", Find: "age < 18", Put: "false", Test: ". TestOfNobody"}, useless},
	} {
		t.Run(name, func(t *testing.T) {
			got, said, err := try(t.Context(), dir, c.f)
			if err != nil || got != c.want {
				t.Errorf("%s %v: %s", got, err, said)
			}
		})
	}
	if _, _, err := try(t.Context(), dir, fault{File: "gate.go", Find: "age", Put: "x", Test: "."}); err == nil {
		t.Error("a piece that is there twice was replaced")
	}
	var out strings.Builder
	err := tryAll(t.Context(), &out, dir, []fault{{File: "gate.go", Find: "age < 18", Put: "false", Test: ". TestLooksAway"}})
	if err == nil || !strings.Contains(out.String(), "0 of 1 faults noticed") {
		t.Errorf("a fault that survived is no failure: %v %s", err, &out)
	}
}

func TestFaultsAreMadeByRule(t *testing.T) {
	faults, err := byRule("gate/gate.go", sample)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, f := range faults {
		changed, err := f.in(sample)
		if err != nil || f.Test != "./gate" {
			t.Fatal(f, err)
		}
		got[strings.TrimSpace(strings.Split(changed, "\n")[3])] = true
	}
	for _, want := range []string{
		"if false && (age < 18 || age > 99) {", "if true || (age < 18 || age > 99) {",
		"if age <= 18 || age > 99 {", "if age < 18 || age >= 99 {", "if age < 18 && age > 99 {",
	} {
		if !got[want] {
			t.Errorf("there is no fault %q", want)
		}
	}
	if len(got) != 5 {
		t.Errorf("%d faults", len(got))
	}
	for _, file := range policies {
		if _, err := policyFaults(root, file); err != nil {
			t.Error(err)
		}
	}
}

package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const (
	securityDoc = "docs/security.md"
	beginTable  = "<!-- requirements: generated, do not edit -->\n"
	endTable    = "<!-- end of requirements -->\n"
)

var mark = regexp.MustCompile(`\bR-\d\d\b`)

// markedTests returns, by requirement, the tests that name it in the comment above
// them, as «package TestName».
func markedTests(root string) (map[string][]string, error) {
	marked := map[string][]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		tree, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("reading tests: %w", err)
		}
		folder, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return fmt.Errorf("reading tests: %w", err)
		}
		for _, d := range tree.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil || f.Doc == nil || !isTest(f.Name.Name) {
				continue
			}
			for _, id := range slices.Compact(slices.Sorted(slices.Values(mark.FindAllString(f.Doc.Text(), -1)))) {
				marked[id] = append(marked[id], filepath.ToSlash(folder)+" "+f.Name.Name)
			}
		}
		return nil
	})
	return marked, err
}

func isTest(name string) bool {
	return strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz")
}

// table is the list of requirements in Markdown: rule, tests, state.
func table(list []requirement, marked map[string][]string) string {
	var b strings.Builder
	b.WriteString("\n| | Rule | Tests | State |\n| --- | --- | --- | --- |\n")
	for _, r := range list {
		tests := slices.Sorted(slices.Values(marked[r.ID]))
		for i, t := range tests {
			tests[i] = "`" + t + "`"
		}
		fmt.Fprintf(&b, "| **%s** | %s | %s | %s |\n", r.ID, r.Rule, strings.Join(tests, "<br>"), r.state(len(tests)))
	}
	b.WriteString("\n")
	return b.String()
}

// state says in words how far the requirement is fulfilled and proved.
func (r requirement) state(tests int) string {
	proof := fmt.Sprintf("tests fail with the check removed (%d faults)", len(r.Faults))
	if len(r.Faults) == 1 {
		proof = "tests fail with the check removed"
	}
	switch {
	case tests == 0:
		return "**not proved**. " + r.Open + r.Absent
	case r.Absent != "":
		return r.Absent
	case len(r.Faults) == 0:
		return "tested. " + r.Open
	case r.Open != "":
		return "in part: " + r.Open + "; of the rest, " + proof
	}
	return proof
}

// document returns what the security document holds and what it ought to.
func document(root string) (have, want string, err error) {
	list, err := readRequirements(root)
	if err != nil {
		return "", "", err
	}
	marked, err := markedTests(root)
	if err != nil {
		return "", "", err
	}
	text, err := os.ReadFile(filepath.Join(root, securityDoc))
	if err != nil {
		return "", "", fmt.Errorf("reading the document: %w", err)
	}
	before, rest, ok := strings.Cut(string(text), beginTable)
	_, after, ended := strings.Cut(rest, endTable)
	if !ok || !ended {
		return "", "", fmt.Errorf("%s has lost the marks of its table", securityDoc)
	}
	return string(text), before + beginTable + table(list, marked) + endTable + after, nil
}

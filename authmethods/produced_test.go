package authmethods_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"latchkey/authmethods"
)

// names are the codes of code.go by the names of their constants.
func names(t *testing.T) map[string]authmethods.Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "code.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]authmethods.Code{}
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok {
			value, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			all[v.Names[0].Name] = authmethods.Code(value)
		}
		return true
	})
	return all
}

// saying are the places that speak about codes and bring none about.
var saying = map[string]bool{"authmethods/code.go": true, "authmethods/diagnoses.go": true, "authmethods/diagnoses_sign_in.go": true, "web/page/login.go": true}

// A diagnosis that nothing leads to helps nobody: each code of the catalogue is given by
// some code of the program.
func TestEveryDiagnosisIsBroughtAbout(t *testing.T) {
	known, used := names(t), map[authmethods.Code]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		place := filepath.ToSlash(strings.TrimPrefix(path, ".."+string(filepath.Separator)))
		if d.IsDir() && (place == "test" || place == "zohosim" || strings.HasPrefix(d.Name(), ".git")) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || saying[place] {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				if code, ok := known[id.Name]; ok {
					used[code] = true
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range authmethods.Diagnoses() {
		if !used[d.Code] {
			t.Errorf("%s %s: nothing brings it about", d.Ref, d.Code)
		}
	}
	explained := map[authmethods.Code]bool{}
	for _, d := range authmethods.Diagnoses() {
		explained[d.Code] = true
	}
	for name, code := range known {
		if !explained[code] {
			t.Errorf("%s is explained by no diagnosis", name)
		}
	}
}

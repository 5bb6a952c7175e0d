package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// layer says which packages of this module a package may import. A path that
// ends in "/..." is a folder: the package of that name and all below it.
type layer struct {
	name string
	may  []string
	pure bool // must not reach the network or a database, even indirectly
	// tests is what its tests may import beside that and forTests.
	tests []string
}

// product is what the program is built of; cmd wires it together.
var product = []string{".", "crypto/...", "migrations", "authmethods/...", "tokens/...", "sso/...", "web/...", "zohosim/...", "client/..."}

// layers is the whole order of the house. A package without a layer is an error:
// where it belongs is decided here, in review.
var layers = []layer{
	{name: "."}, // api.yaml, embedded
	{name: "crypto/...", may: []string{"crypto/..."}, pure: true},
	{name: "migrations"},
	{name: "authmethods", may: []string{"crypto/..."}, pure: true},
	{name: "authmethods/catalog", may: []string{"crypto/...", "authmethods"}, pure: true},
	{name: "authmethods/db", may: []string{"crypto/...", "authmethods", "migrations"}},
	{name: "authmethods/vault", may: []string{"crypto/...", "authmethods", "authmethods/audit", "authmethods/db", "authmethods/feed"}},
	{name: "authmethods/vault/kms", may: []string{"crypto/..."}},
	{name: "authmethods/audit", may: []string{"crypto/...", "authmethods", "authmethods/db"}},
	{name: "authmethods/feed", may: []string{"authmethods", "authmethods/db"}},
	{name: "authmethods/replica", may: []string{"authmethods", "authmethods/db", "authmethods/feed"}},
	{name: "authmethods/store", may: []string{"crypto/...", "authmethods", "authmethods/audit", "authmethods/catalog", "authmethods/db", "authmethods/feed", "authmethods/replica", "authmethods/vault"}},
	{name: "authmethods/backup", may: []string{"authmethods", "authmethods/audit", "authmethods/db", "migrations"}, tests: []string{"authmethods/backup"}},
	{name: "tokens", may: []string{"crypto/...", "authmethods", "authmethods/catalog"}, pure: true},
	{name: "tokens/lifeboat", pure: true},
	{name: "tokens/dispatch", may: []string{"authmethods", "authmethods/catalog", "tokens"}, pure: true, tests: []string{"tokens/bank"}},
	{name: "tokens/bank", may: []string{"authmethods/db"}},
	{name: "tokens/keep", may: []string{"authmethods", "authmethods/db", "tokens", "tokens/lifeboat", "tokens/store"}, tests: []string{"crypto/...", "tokens/consent"}},
	{name: "tokens/upstream", may: []string{"crypto/...", "authmethods", "authmethods/catalog", "tokens"}},
	{name: "tokens/store", may: []string{"crypto/...", "authmethods/...", "tokens", "tokens/lifeboat"}},
	{name: "tokens/consent", may: []string{"crypto/...", "authmethods", "authmethods/catalog", "authmethods/store", "tokens", "tokens/store", "tokens/upstream"}},
	{name: "sso", may: []string{"crypto/...", "authmethods"}, pure: true},
	{name: "sso/identity", may: []string{"crypto/...", "authmethods", "authmethods/catalog", "sso"}, tests: []string{"tokens/upstream"}},
	{name: "sso/directory", may: peoples},
	{name: "sso/session", may: peoples, tests: []string{"sso/directory"}},
	{name: "sso/credentials", may: peoples, tests: []string{"sso/directory"}},
	{name: "sso/mail", may: []string{"crypto/...", "authmethods", "sso"}},
	{name: "sso/store", may: peoples, tests: []string{"sso/directory"}},
	{name: "sso/signin", may: []string{"crypto/...", "authmethods", "authmethods/catalog", "authmethods/store", "sso", "sso/directory", "sso/identity", "sso/store"}},
	{name: "web/...", may: []string{
		".", "crypto/...", "authmethods", "authmethods/audit", "authmethods/catalog", "authmethods/store", "tokens", "tokens/consent",
		"sso", "sso/directory", "sso/session", "sso/credentials", "sso/mail", "sso/signin", "web/...",
	}},
	{name: "zohosim/...", may: []string{"zohosim/..."}},
	{name: "client/...", may: []string{"client/..."}},
	{name: "cmd/...", may: append([]string{"cmd/..."}, product...)},
	{name: "test/...", may: append([]string{"test/..."}, product...)},
}

// peoples is what the packages that store people's data may import.
var peoples = []string{"crypto/...", "authmethods", "authmethods/audit", "authmethods/db", "authmethods/feed", "authmethods/vault", "sso"}

// forTests is what the tests of any package may import beside what it may itself.
// They run on real databases, so they open them.
var forTests = []string{"test/...", "zohosim/...", "authmethods/db", "migrations"}

// impure is what a pure layer must not reach. Not the packages below these:
// database/sql/driver, which ULIDs bring along, is a few types.
var impure = []string{"net/http", "database/sql", "gorm.io/gorm", "github.com/labstack/echo/v4"}

// reserved names the modules that only some layers may import. Tests are free.
var reserved = map[string][]string{
	"gorm.io":                    {"authmethods/db", "test/..."},
	"github.com/ncruces":         {"authmethods/db", "test/..."},
	"github.com/jackc/pgx":       {"authmethods/db", "test/..."},
	"github.com/labstack/echo":   {"web/...", "cmd/...", "test/..."},
	"golang.org/x/oauth2":        {"authmethods/vault/kms", "tokens/upstream", "tokens/consent", "sso/signin", "client/..."},
	"github.com/aws":             {"authmethods/vault/kms"},
	"github.com/coreos/go-oidc":  {"sso/identity"},
	"github.com/chromedp":        {"test/..."},
	"pgregory.net/rapid":         {"test/..."},
	"github.com/google/go-cmp":   {"test/..."},
	"github.com/rogpeppe":        {"test/..."},
	"github.com/alecthomas/kong": {"cmd/..."},
}

// goPackage is what go list says of a package.
type goPackage struct {
	ImportPath, Doc, Dir               string
	GoFiles                            []string
	Imports, TestImports, XTestImports []string
	Deps                               []string
}

const module = "latchkey"

// within returns the path of an import inside this module.
func within(imported string) (string, bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

// under reports whether pkg is pattern, or in the folder that pattern names.
func under(pkg, pattern string) bool {
	folder, ok := strings.CutSuffix(pattern, "/...")
	return pkg == folder || ok && strings.HasPrefix(pkg, folder+"/")
}

func underAny(pkg string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return under(pkg, p) })
}

// fromModule reports whether imported is name or a package or version below it.
func fromModule(imported, name string) bool {
	return imported == name || strings.HasPrefix(imported, name+"/")
}

// violations returns everything in which pkg breaks the order.
func violations(pkg goPackage) []string {
	name, _ := within(pkg.ImportPath)
	i := slices.IndexFunc(layers, func(l layer) bool { return under(name, l.name) })
	if i < 0 {
		return []string{name + " has no layer"}
	}
	l := layers[i]
	var found []string
	for _, imported := range pkg.Imports {
		if ours, ok := within(imported); ok && !underAny(ours, l.may) {
			found = append(found, fmt.Sprintf("%s imports %s", name, ours))
		}
		for mod, by := range reserved {
			if fromModule(imported, mod) && !underAny(name, by) {
				found = append(found, fmt.Sprintf("%s imports %s", name, imported))
			}
		}
	}
	for _, imported := range slices.Concat(pkg.TestImports, pkg.XTestImports) {
		if ours, ok := within(imported); ok && ours != name && !underAny(ours, l.may) && !underAny(ours, forTests) && !underAny(ours, l.tests) {
			found = append(found, fmt.Sprintf("a test of %s imports %s", name, ours))
		}
	}
	for _, dep := range pkg.Deps {
		if l.pure && slices.Contains(impure, dep) {
			found = append(found, fmt.Sprintf("%s reaches %s", name, dep))
		}
	}
	if strings.TrimSpace(pkg.Doc) == "" {
		found = append(found, name+" has no package comment")
	}
	return found
}

// packages returns all packages of this module.
func packages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Doc,Dir,GoFiles,Imports,TestImports,XTestImports,Deps", module+"/...")
	cmd.Dir = path.Join("..", "..")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("listing the packages: %v", err)
	}
	var all []goPackage
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		var pkg goPackage
		if err := dec.Decode(&pkg); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		if len(pkg.GoFiles) > 0 { // a folder with tests alone, or for another system
			all = append(all, pkg)
		}
	}
}

func TestPackagesImportOnlyWhatTheirLayerAllows(t *testing.T) {
	all := packages(t)
	if len(all) < 3 {
		t.Fatalf("only %d packages were found", len(all))
	}
	for _, pkg := range all {
		for _, v := range violations(pkg) {
			t.Error(v)
		}
	}
}

// TestTheLayeringTestSeesViolations feeds the checker packages that break each
// rule once, and some that break none.
func TestTheLayeringTestSeesViolations(t *testing.T) {
	imports := func(of string, imported ...string) goPackage {
		return goPackage{ImportPath: of, Doc: "A doc.", Imports: imported}
	}
	tests := func(of string, imported ...string) goPackage {
		return goPackage{ImportPath: of, Doc: "A doc.", XTestImports: imported}
	}
	reaches := func(of string, deps ...string) goPackage {
		return goPackage{ImportPath: of, Doc: "A doc.", Deps: deps}
	}
	for _, c := range []struct {
		name string
		pkg  goPackage
		want []string
	}{
		{"crypto imports crypto", imports("latchkey/crypto/seal", "latchkey/crypto/secret"), nil},
		{"crypto imports authmethods", imports("latchkey/crypto/seal", "latchkey/authmethods"), []string{"crypto/seal imports authmethods"}},
		{"tokens reaches net/http through httputil", reaches("latchkey/tokens", "fmt", "net/http"), []string{"tokens reaches net/http"}},
		{"authmethods reaches GORM", reaches("latchkey/authmethods", "gorm.io/gorm"), []string{"authmethods reaches gorm.io/gorm"}},
		{"authmethods reaches a database", reaches("latchkey/authmethods/catalog", "database/sql"), []string{"authmethods/catalog reaches database/sql"}},
		{"upstream reaches net/http", reaches("latchkey/tokens/upstream", "net/http"), nil},
		{"web imports db", imports("latchkey/web/admin", "latchkey/authmethods/db"), []string{"web/admin imports authmethods/db"}},
		{"web imports a store", imports("latchkey/web", "latchkey/tokens/store"), []string{"web imports tokens/store"}},
		{"web imports upstream", imports("latchkey/web", "latchkey/tokens/upstream"), []string{"web imports tokens/upstream"}},
		{"web imports vault", imports("latchkey/web", "latchkey/authmethods/vault"), []string{"web imports authmethods/vault"}},
		{"web imports what it may", imports("latchkey/web/api", "latchkey", "latchkey/web/page", "latchkey/authmethods/store", "github.com/labstack/echo/v4"), nil},
		{"sso imports tokens", imports("latchkey/sso", "latchkey/tokens"), []string{"sso imports tokens"}},
		{"a store imports GORM", imports("latchkey/tokens/store", "gorm.io/gorm/clause"), []string{"tokens/store imports gorm.io/gorm/clause"}},
		{"db imports GORM", imports("latchkey/authmethods/db", "gorm.io/gorm", "github.com/jackc/pgx/v5/stdlib"), nil},
		{"a store imports Echo", imports("latchkey/sso/store", "github.com/labstack/echo/v4"), []string{"sso/store imports github.com/labstack/echo/v4"}},
		{"cmd imports everything", imports("latchkey/cmd/latchkey", "latchkey/tokens/store", "latchkey/web", "latchkey/zohosim"), nil},
		{"cmd imports a test package", imports("latchkey/cmd/latchkey", "latchkey/test/postgres"), []string{"cmd/latchkey imports test/postgres"}},
		{"the simulator imports ours", imports("latchkey/zohosim", "latchkey/crypto/secret"), []string{"zohosim imports crypto/secret"}},
		{"the client imports ours", imports("latchkey/client", "latchkey"), []string{"client imports ."}},
		{"a test imports test and simulator", tests("latchkey/tokens/store", "latchkey/tokens/store", "latchkey/test/postgres", "latchkey/zohosim"), nil},
		{"a test imports a higher layer", tests("latchkey/tokens", "latchkey/web"), []string{"a test of tokens imports web"}},
		{"a folder that only begins like one", imports("latchkey/tokens", "latchkey/cryptology"), []string{"tokens imports cryptology"}},
		{"a new folder", imports("latchkey/utils"), []string{"utils has no layer"}},
		{"a new package beside known ones", imports("latchkey/authmethods/helpers"), []string{"authmethods/helpers has no layer"}},
		{"no package comment", goPackage{ImportPath: "latchkey/tokens"}, []string{"tokens has no package comment"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, violations(c.pkg)); d != "" {
				t.Error(d)
			}
		})
	}
}

// What a reader can take in at once.
const (
	maxFileLines     = 400
	maxFunctionLines = 60
)

// overBudget names the files ("tokens/big.go") and functions ("tokens/big.go: F")
// that may be longer, with the reason. One that has become short must go.
var overBudget = map[string]string{}

// overlong returns the file, if it is too long, and its functions that are, each
// with its number of lines. Generated files have no budget.
func overlong(name string, source []byte) (map[string]int, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	found := map[string]int{}
	if ast.IsGenerated(file) {
		return found, nil
	}
	if n := bytes.Count(source, []byte("\n")); n > maxFileLines {
		found[name] = n
	}
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if n := fset.Position(f.End()).Line - fset.Position(f.Pos()).Line + 1; n > maxFunctionLines {
			found[name+": "+f.Name.Name] = n
		}
	}
	return found, nil
}

func TestFilesAndFunctionsKeepTheirBudget(t *testing.T) {
	found := map[string]int{}
	for _, pkg := range packages(t) {
		folder, _ := within(pkg.ImportPath)
		for _, name := range pkg.GoFiles {
			source, err := os.ReadFile(path.Join(pkg.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			long, err := overlong(path.Join(folder, name), source)
			if err != nil {
				t.Fatal(err)
			}
			maps.Copy(found, long)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if overBudget[name] == "" {
			t.Errorf("%s: %d lines; a file may have %d, a function %d", name, found[name], maxFileLines, maxFunctionLines)
		}
	}
	for name := range overBudget {
		if _, ok := found[name]; !ok {
			t.Errorf("%s is within its budget: take it off the list", name)
		}
	}
}

func TestTheBudgetTestSeesOverlongCode(t *testing.T) {
	lines := func(n int) string { return string(bytes.Repeat([]byte("\n"), n)) }
	const head = "package p\n"
	for _, c := range []struct {
		name, source string
		want         string
	}{
		{"a file at its limit", head + lines(maxFileLines-1), "map[]"},
		{"a file beyond it", head + lines(maxFileLines), "map[x.go:401]"},
		{"a function at its limit", head + "func f() {" + lines(maxFunctionLines-1) + "}\n", "map[]"},
		{"a method beyond it", head + "func (t T) F() {" + lines(maxFunctionLines) + "}\n", "map[x.go: F:61]"},
		{"a generated file", "// Code generated by x. DO NOT EDIT.\n\n" + head + lines(500), "map[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := overlong("x.go", []byte(c.source))
			if err != nil || fmt.Sprint(got) != c.want {
				t.Errorf("got %v, %v; want %s", got, err, c.want)
			}
		})
	}
}

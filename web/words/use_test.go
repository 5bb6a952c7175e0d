package words_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"
)

// use is what templates and code say: keys as a whole, and the beginnings of those
// that are put together.
type use struct {
	said     map[string]string // key: where
	families []string          // "state."
	literals map[string]bool   // texts in the code that may be keys
}

func TestEveryTextIsUsedAndEveryUseHasItsText(t *testing.T) {
	known := forms(t, "en")
	u := use{said: map[string]string{}, literals: map[string]bool{}}
	u.templates(t, "..")
	u.code(t, "../..")
	for key, where := range u.said {
		if _, ok := known[key]; !ok {
			t.Errorf("%s says %s, which is in no catalogue", where, key)
		}
	}
	for key := range known {
		if _, said := u.said[key]; said || u.literals[key] {
			continue
		}
		if !slices.ContainsFunc(u.families, func(family string) bool { return strings.HasPrefix(key, family) }) {
			t.Errorf("nobody says %s", key)
		}
	}
	if len(u.said) < 50 || len(u.families) < 3 {
		t.Errorf("only %d keys and %d families were found: the test does not look where it should", len(u.said), len(u.families))
	}
}

// templates reads all page templates below a folder.
func (u *use) templates(t *testing.T, root string) {
	t.Helper()
	walk(t, root, ".html", func(path string) {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		trees := map[string]*parse.Tree{}
		tree := parse.New(path)
		tree.Mode = parse.SkipFuncCheck
		if _, err := tree.Parse(string(content), "", "", trees); err != nil {
			t.Fatal(err)
		}
		for _, each := range trees {
			u.node(path, each.Root)
		}
	})
}

// node looks for the calls of say and rich.
func (u *use) node(path string, n parse.Node) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, each := range n.Nodes {
			u.node(path, each)
		}
	case *parse.ActionNode:
		u.node(path, n.Pipe)
	case *parse.TemplateNode:
		u.node(path, n.Pipe)
	case *parse.IfNode:
		u.branch(path, &n.BranchNode)
	case *parse.WithNode:
		u.branch(path, &n.BranchNode)
	case *parse.RangeNode:
		u.branch(path, &n.BranchNode)
	case *parse.PipeNode:
		if n == nil {
			return
		}
		for _, each := range n.Cmds {
			u.command(path, each)
		}
	}
}

func (u *use) branch(path string, n *parse.BranchNode) {
	u.node(path, n.Pipe)
	u.node(path, n.List)
	u.node(path, n.ElseList)
}

func (u *use) command(path string, n *parse.CommandNode) {
	for _, argument := range n.Args {
		u.node(path, argument)
	}
	name, ok := n.Args[0].(*parse.IdentifierNode)
	if !ok || (name.Ident != "say" && name.Ident != "rich") || len(n.Args) < 2 {
		return
	}
	switch key := n.Args[1].(type) {
	case *parse.StringNode:
		u.said[key.Text] = path
	case *parse.PipeNode: // (print "state." .)
		for _, argument := range key.Cmds[0].Args {
			if family, ok := argument.(*parse.StringNode); ok && strings.HasSuffix(family.Text, ".") {
				u.families = append(u.families, family.Text)
			}
		}
	}
}

// code reads all Go files below a folder.
func (u *use) code(t *testing.T, root string) {
	t.Helper()
	walk(t, root, ".go", func(path string) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return // somebody is just writing it; the compiler tells
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				u.call(path, n)
			case *ast.BasicLit:
				if s, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
					u.literals[s] = true
				}
			}
			return true
		})
	})
}

// call looks for the methods Say and Rich, and for flash messages.
func (u *use) call(path string, n *ast.CallExpr) {
	name := ""
	switch f := n.Fun.(type) {
	case *ast.SelectorExpr:
		name = f.Sel.Name
	case *ast.Ident:
		name = f.Name
	}
	at, ok := map[string]int{"Say": 0, "Rich": 0, "SetFlash": 2}[name]
	if !ok || at >= len(n.Args) {
		return
	}
	switch key := n.Args[at].(type) {
	case *ast.BasicLit:
		if s, err := strconv.Unquote(key.Value); err == nil {
			u.said[s] = path
		}
	case *ast.BinaryExpr: // "state." + state
		if literal, ok := key.X.(*ast.BasicLit); ok {
			if s, err := strconv.Unquote(literal.Value); err == nil && strings.HasSuffix(s, ".") {
				u.families = append(u.families, s)
			}
		}
	}
}

func walk(t *testing.T, root, extension string, visit func(path string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(path) == extension {
			visit(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
)

// policies are the files that decide, each pure enough for the tests of its own
// package to hold it.
var policies = []string{
	"authmethods/caller.go", "authmethods/service.go", "authmethods/db/checker.go",
	"crypto/seal/sealer.go", "crypto/seal/keyring.go", "crypto/seal/strength.go",
	"sso/judge.go", "sso/return_address.go", "sso/canonical.go", "sso/settings_check.go",
	"sso/identity/idtoken.go", "sso/identity/signature.go", "sso/identity/logout.go",
	"tokens/decide.go", "tokens/quota.go", "tokens/refusal.go", "tokens/upstream/guard.go",
	"web/access.go", "web/hosts.go",
}

// turned is what each comparison becomes. A bound that is off by one is the fault that
// tests miss most.
var turned = map[token.Token]token.Token{
	token.EQL: token.NEQ, token.NEQ: token.EQL,
	token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ, token.GEQ: token.GTR,
	token.LAND: token.LOR, token.LOR: token.LAND,
}

// policyFaults makes the faults of the policy files, or of one of them.
func policyFaults(root, only string) ([]fault, error) {
	var all []fault
	for _, file := range policies {
		if only != "" && only != file {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			return nil, fmt.Errorf("reading the policy: %w", err)
		}
		faults, err := byRule(file, string(text))
		if err != nil {
			return nil, err
		}
		all = append(all, faults...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%q is no file that holds policy", only)
	}
	return all, nil
}

// byRule makes the faults of one file.
func byRule(file, text string) ([]fault, error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, text, 0)
	if err != nil {
		return nil, fmt.Errorf("reading the policy: %w", err)
	}
	var faults []fault
	add := func(from, to token.Pos, put string) {
		begin, end := set.Position(from), set.Position(to)
		faults = append(faults, fault{
			File: file, Find: text[begin.Offset:end.Offset], Put: put, Test: "./" + path.Dir(file), at: begin.Offset,
			name: fmt.Sprintf("%s:%d", file, begin.Line),
		})
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IfStmt:
			cond := text[set.Position(n.Cond.Pos()).Offset:set.Position(n.Cond.End()).Offset]
			add(n.Cond.Pos(), n.Cond.End(), "false && ("+cond+")")
			add(n.Cond.Pos(), n.Cond.End(), "true || ("+cond+")")
		case *ast.BinaryExpr:
			if put, ok := turned[n.Op]; ok {
				add(n.OpPos, n.OpPos+token.Pos(len(n.Op.String())), put.String())
			}
		}
		return true
	})
	return faults, nil
}

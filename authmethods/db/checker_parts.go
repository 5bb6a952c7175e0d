package db

import (
	"errors"
	"fmt"
	"slices"
)

// afterTable are the words after a table that are not its alias.
var afterTable = []string{"where", "join", "inner", "left", "on", "set", "order", "group", "limit", "having", "returning"}

// afterBinding is what may follow a binding: nothing that could make it part of a
// wider expression.
var afterBinding = []string{"", "and", ")", "on", "where", "join", "inner", "left", "order", "group", "limit", "having", "returning"}

// take returns the next token and passes it; empty at the end.
func (c *checker) take() string {
	l := c.peek()
	c.at++
	return l
}

func (c *checker) peek() string {
	if c.at < len(c.tokens) {
		return c.tokens[c.at].lower
	}
	return ""
}

// follows reports whether the next tokens are these, and passes none.
func (c *checker) follows(want ...string) bool {
	for i, w := range want {
		if c.at+i >= len(c.tokens) || c.tokens[c.at+i].lower != w {
			return false
		}
	}
	return true
}

// expect passes these tokens.
func (c *checker) expect(want ...string) bool {
	ok := c.follows(want...)
	if ok {
		c.at += len(want)
	}
	return ok
}

// name reads a table and its alias.
func (c *checker) name() (table, alias string, err error) {
	if c.at >= len(c.tokens) || !c.tokens[c.at].word {
		return "", "", errors.New("no table where there must be one")
	}
	table = c.take()
	alias = table
	as := c.expect("as")
	if c.at < len(c.tokens) && c.tokens[c.at].word && (as || !slices.Contains(afterTable, c.peek())) {
		alias = c.take()
	}
	if c.peek() == "(" || c.peek() == "." {
		return "", "", fmt.Errorf("%s is not a plain table", table)
	}
	if slices.Contains(forbidden, table) || slices.Contains(forbidden, alias) {
		return "", "", fmt.Errorf("the word %s", alias)
	}
	return table, alias, nil
}

// binding reads the condition that keeps a table to the tenant.
func (c *checker) binding(alias string) error {
	if !c.expect(alias, ".", "tenant_id", "=", placeTenant) || !slices.Contains(afterBinding, c.peek()) {
		return fmt.Errorf("no %s.tenant_id = {tenant} at the beginning of its condition", alias)
	}
	return nil
}

// insert reads what follows INSERT INTO, up to the first row.
func (c *checker) insert() error {
	in := c.scopes[0]
	if c.at >= len(c.tokens) || !c.tokens[c.at].word {
		return errors.New("no table where there must be one")
	}
	c.doing = "inserting into " + c.take()
	if c.expect("as") {
		c.at++
	}
	if !c.expect("(", "tenant_id") {
		return errors.New("an INSERT that does not name tenant_id first")
	}
	for c.peek() != ")" {
		if l := c.take(); l == "" || l == "(" || l == "tenant_id" {
			return errors.New("columns of an INSERT that are no list")
		}
	}
	c.at++
	switch c.take() {
	case "values":
		in.values = true
		if c.peek() != "(" {
			return errors.New("VALUES without a row")
		}
		return nil
	case "select":
		if c.expect(placeTenant, ",") {
			return nil
		}
	}
	return errors.New("an INSERT whose rows do not begin with {tenant}")
}

// conflict reads what follows ON CONFLICT: another tenant's row must not be what is
// in the way, if anything is done to it.
func (c *checker) conflict() error {
	if c.expect("do", "nothing") {
		return nil
	}
	if !c.expect("(", "tenant_id", ",") {
		return errors.New("an ON CONFLICT that is not of (tenant_id, …)")
	}
	for c.peek() != ")" {
		if l := c.take(); l == "" || l == "(" || l == "tenant_id" {
			return errors.New("columns of an ON CONFLICT that are no list")
		}
	}
	c.at++
	if c.expect("do", "nothing") || c.expect("do", "update", "set") {
		return nil
	}
	return errors.New("an ON CONFLICT that neither does nothing nor updates")
}

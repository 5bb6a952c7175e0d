package db

import (
	"errors"
	"fmt"
	"slices"
)

// checker holds a statement to the rules of [Prepare] in one pass, without
// understanding the expressions in it.
type checker struct {
	tokens []lexeme
	at     int
	scopes []*scope // the open parentheses, the statement itself first
	doing  string
}

// scope is the statement or what stands in a pair of parentheses.
type scope struct {
	query   bool   // a statement of its own, not an expression or a list
	tables  bool   // a FROM or UPDATE was here
	pending string // the alias that the WHERE must bind
	from    bool   // in the list of tables, where a comma would bring another
	values  bool   // in the rows of an INSERT
}

// forbidden are words that bring tables or rows past the rules.
var forbidden = []string{"with", "union", "intersect", "except", "table", "using", "right", "full", "cross"}

func (c *checker) check() error {
	if err := c.begin(); err != nil {
		return err
	}
	for c.at < len(c.tokens) {
		if err := c.step(); err != nil {
			return err
		}
	}
	if len(c.scopes) != 1 {
		return errors.New("a parenthesis that does not end")
	}
	if !slices.ContainsFunc(c.tokens, func(l lexeme) bool { return l.lower == placeTenant }) {
		return errors.New("no {tenant}")
	}
	return c.scopes[0].end()
}

// begin reads up to the first table of the statement, if it begins with one.
func (c *checker) begin() error {
	verb := c.take()
	switch verb {
	case "select":
		c.doing = "reading"
		return nil
	case "insert":
		if c.take() != "into" {
			return errors.New("INSERT without INTO")
		}
		return c.insert()
	case "update":
		return c.table("updating")
	case "delete":
		if c.take() != "from" {
			return errors.New("DELETE without FROM")
		}
		return c.table("deleting from")
	}
	return errors.New("not a SELECT, INSERT, UPDATE or DELETE")
}

func (c *checker) step() error {
	in := c.scopes[len(c.scopes)-1]
	word := c.take()
	switch word {
	case "(":
		return c.open(in)
	case ")":
		if len(c.scopes) == 1 {
			return errors.New("a parenthesis that does not begin")
		}
		c.scopes = c.scopes[:len(c.scopes)-1]
		return in.end()
	case "from":
		return c.table("reading")
	case "join":
		return c.join(in)
	case "where":
		return c.where(in)
	case "conflict":
		return errors.Join(in.listed(), c.conflict())
	case "group", "order", "limit", "returning", "having":
		return in.listed()
	case "in":
		if c.peek() != "(" {
			return errors.New("an IN without parentheses")
		}
	case ",":
		if in.from {
			return errors.New("tables with a comma between them")
		}
	case "or":
		if in.query {
			return errors.New("an OR outside parentheses")
		}
	case "tenant_id":
		if c.tokens[max(0, c.at-2)].lower != "." {
			return errors.New("tenant_id without its table")
		}
	case "select", "insert", "update", "delete", "into":
		return fmt.Errorf("a second %s", word)
	default:
		if slices.Contains(forbidden, word) {
			return fmt.Errorf("the word %s", word)
		}
	}
	return nil
}

// open begins what stands in parentheses.
func (c *checker) open(in *scope) error {
	if in.values && !c.follows(placeTenant, ",") {
		return errors.New("a row that does not begin with {tenant}")
	}
	inner := &scope{query: c.expect("select")}
	c.scopes = append(c.scopes, inner)
	return nil
}

// end tells whether what ends here bound its tables.
func (s *scope) end() error {
	if s.pending != "" {
		return fmt.Errorf("no WHERE that begins with %s.tenant_id = {tenant}", s.pending)
	}
	return nil
}

// listed ends the list of tables or of rows.
func (s *scope) listed() error {
	s.from, s.values = false, false
	return s.end()
}

// table reads what follows FROM or UPDATE: one table, or one subquery.
func (c *checker) table(doing string) error {
	in := c.scopes[len(c.scopes)-1]
	if !in.query || in.tables {
		return errors.New("a FROM that is not its query's only one")
	}
	in.tables, in.from = true, doing != "updating"
	if c.follows("(", "select") {
		return nil
	}
	name, alias, err := c.name()
	if err != nil {
		return err
	}
	if c.doing == "" || c.doing == "reading" {
		c.doing = doing + " " + name
	}
	in.pending = alias
	return nil
}

// join reads what follows JOIN.
func (c *checker) join(in *scope) error {
	if !in.query || !in.from {
		return errors.New("a JOIN without a FROM")
	}
	if c.follows("(", "select") {
		return nil
	}
	_, alias, err := c.name()
	if err != nil {
		return err
	}
	if c.take() != "on" {
		return fmt.Errorf("no ON after the JOIN of %s", alias)
	}
	return c.binding(alias)
}

func (c *checker) where(in *scope) error {
	in.from, in.values = false, false
	alias := in.pending
	in.pending = ""
	if alias == "" {
		return nil // of a subquery, a filter, or what conflicts
	}
	return c.binding(alias)
}

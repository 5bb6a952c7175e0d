package db

import (
	"fmt"
	"strings"
)

// The placeholders of a statement beside ?.
const (
	placeTenant = "{tenant}"
	placeNow    = "{now}"
)

// lexeme is a word, a number, a text in quotes, a placeholder or a single
// character of a statement.
type lexeme struct {
	lower    string // in lower case; a text in quotes is one quote, whatever is in it
	word     bool
	from, to int // where it stands
}

// scan takes a statement apart. What SQL can say in ways that are hard to check is
// refused: comments, quoted names, second statements, parameters of either
// database's own.
func scan(text string) ([]lexeme, error) {
	var found []lexeme
	for at := 0; at < len(text); {
		if strings.IndexByte(" \t\r\n", text[at]) >= 0 {
			at++
			continue
		}
		l, err := next(text, at)
		if err != nil {
			return nil, err
		}
		if last := len(found) - 1; last >= 0 && found[last].to == l.from && merge(found[last], l) {
			return nil, fmt.Errorf("%s%s without a space", found[last].lower, l.lower)
		}
		found = append(found, l)
		at = l.to
	}
	return found, nil
}

// merge reports whether two lexemes without a space between them could be one to
// a database: the prefix of a text in quotes, or a parameter's number that goes on.
func merge(a, b lexeme) bool {
	wordy := func(l lexeme) bool { return l.word || digit(l.lower[0]) }
	place := func(l lexeme) bool { return l.lower == "?" || l.lower[0] == '{' }
	return a.word && b.lower == "'" || place(a) && wordy(b) || wordy(a) && place(b) || place(a) && place(b)
}

func next(text string, at int) (lexeme, error) {
	rest := text[at:]
	one := func(n int, word bool) (lexeme, error) {
		return lexeme{lower: strings.ToLower(rest[:n]), word: word, from: at, to: at + n}, nil
	}
	switch {
	case letter(rest[0]):
		n := 1
		for n < len(rest) && (letter(rest[n]) || digit(rest[n])) {
			n++
		}
		return one(n, true)
	case digit(rest[0]):
		n := 1
		for n < len(rest) && digit(rest[n]) {
			n++
		}
		if n < len(rest) && letter(rest[n]) {
			return lexeme{}, fmt.Errorf("a number and a word in one")
		}
		return one(n, false)
	case rest[0] == '\'':
		end := strings.IndexByte(rest[1:], '\'')
		if end < 0 {
			return lexeme{}, fmt.Errorf("a quote that does not end")
		}
		if strings.Contains(strings.ToLower(rest[:end+1]), "tenant_id") {
			return lexeme{}, fmt.Errorf("tenant_id in quotes") // SQLite takes it for the column
		}
		return lexeme{lower: "'", from: at, to: at + end + 2}, nil
	case strings.HasPrefix(rest, placeTenant):
		return one(len(placeTenant), false)
	case strings.HasPrefix(rest, placeNow):
		return one(len(placeNow), false)
	case strings.HasPrefix(rest, "--"), strings.HasPrefix(rest, "/*"):
		return lexeme{}, fmt.Errorf("a comment")
	case strings.IndexByte("(),.?=<>!+-*/%|&~", rest[0]) >= 0:
		return one(1, false)
	}
	return lexeme{}, fmt.Errorf("the character %q", rest[0])
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }

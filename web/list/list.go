package list

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"latchkey/authmethods"
	"latchkey/crypto/token"
)

// How many items a page has.
const (
	usual = 50
	most  = 200
)

// Query is what a request for a list asks for.
type Query struct {
	Limit  int
	values url.Values
	faults []authmethods.FieldError
}

// Read reads the query of a request; filters are the parameters that it may have
// beside limit and cursor. All faults come out of [Query.Err].
func Read(r *http.Request, filters ...string) *Query {
	q := &Query{Limit: usual}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		q.Fault("", "The query is not well formed.")
	}
	q.values = values
	for name, given := range values {
		switch {
		case name != "limit" && name != "cursor" && !slices.Contains(filters, name):
			q.Fault(shortened(name), "There is no such parameter.")
		case len(given) > 1:
			q.Fault(name, "This is given twice.")
		}
	}
	if s := values.Get("limit"); s != "" {
		if q.Limit, err = strconv.Atoi(s); err != nil || q.Limit < 1 || q.Limit > most {
			q.Fault("limit", "This is a whole number from 1 to "+strconv.Itoa(most)+".")
		}
	}
	return q
}

func shortened(name string) string {
	if !utf8.ValidString(name) || len(name) > 64 {
		return ""
	}
	return name
}

// Fault notes that a parameter is wrong.
func (q *Query) Fault(name, detail string) {
	pointer := ""
	if name != "" {
		pointer = "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
	}
	q.faults = append(q.faults, authmethods.FieldError{Pointer: pointer, Detail: detail})
}

// Err is the problem of everything that is wrong with the query; nil if nothing
// is.
func (q *Query) Err() error {
	if len(q.faults) == 0 {
		return nil
	}
	return &authmethods.Problem{
		Kind: authmethods.Invalid, Code: authmethods.CodeInvalidRequest,
		Detail: "The query is not valid.", Fields: q.faults[:min(len(q.faults), 100)],
	}
}

// Text returns a filter of at most so many characters.
func (q *Query) Text(name string, most int) string {
	s := q.values.Get(name)
	if utf8.RuneCountInString(s) > most || !utf8.ValidString(s) || strings.ContainsFunc(s, control) {
		q.Fault(name, "This has at most "+strconv.Itoa(most)+" printable characters.")
		return ""
	}
	return s
}

// Choice returns a filter that is one of a few; empty if it is absent.
func Choice[T ~string](q *Query, name string, of ...T) T {
	s := T(q.values.Get(name))
	if s == "" || slices.Contains(of, s) {
		return s
	}
	words := make([]string, len(of))
	for i, word := range of {
		words[i] = string(word)
	}
	q.Fault(name, "This is one of: "+strings.Join(words, ", ")+".")
	return ""
}

func control(r rune) bool { return r < ' ' || r == 0x7f }

// AfterID returns the id of the last item seen, which has the given prefix; empty
// at the beginning.
func (q *Query) AfterID(prefix string) authmethods.ID {
	s := q.cursor()
	if s == "" || token.ValidID(prefix, s) {
		return authmethods.ID(s)
	}
	q.Fault("cursor", "This is no cursor of this list.")
	return ""
}

// BeforeSeq returns the number of the last item seen; 0 at the beginning.
func (q *Query) BeforeSeq() int64 {
	s := q.cursor()
	if s == "" {
		return 0
	}
	text, ok := strings.CutPrefix(s, "seq_")
	n, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil || n < 1 || text != strconv.FormatInt(n, 10) {
		q.Fault("cursor", "This is no cursor of this list.")
		return 0
	}
	return n
}

func (q *Query) cursor() string {
	s := q.values.Get("cursor")
	if s == "" {
		return ""
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(s) > 100 || len(b) == 0 {
		return "?" // no cursor of ours decodes to it
	}
	return string(b)
}

// IDCursor is the cursor behind the item with this id.
func IDCursor(id authmethods.ID) string {
	return base64.RawURLEncoding.EncodeToString([]byte(id))
}

// SeqCursor is the cursor behind the item with this number.
func SeqCursor(n int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte("seq_" + strconv.FormatInt(n, 10)))
}

// Page is one page of a list.
type Page[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"next_cursor,omitempty"`
}

// PageOf makes a page of at most limit items of which one more were asked for, so
// that it is known whether there are more. cursor is the one behind an item.
func PageOf[T any](found []T, limit int, cursor func(T) string) Page[T] {
	if len(found) <= limit {
		return Page[T]{Items: found}
	}
	return Page[T]{Items: found[:limit], NextCursor: cursor(found[limit-1])}
}

// Show turns the items of a page into what is shown of them.
func Show[T, S any](p Page[T], show func(T) S) Page[S] {
	shown := make([]S, 0, len(p.Items))
	for _, item := range p.Items {
		shown = append(shown, show(item))
	}
	return Page[S]{Items: shown, NextCursor: p.NextCursor}
}

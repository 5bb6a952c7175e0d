package strict

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// What a body of ours could never need.
const (
	maxDepth  = 16
	maxFields = 256 // per object; repeated names are found by looking at each
)

type kind byte

const (
	null kind = iota
	boolean
	number
	text
	list
	object
)

// value is a JSON value (RFC 8259) as it was written.
type value struct {
	kind   kind
	truth  bool
	text   string // of a text, or the digits of a number
	items  []value
	fields []field
}

type field struct {
	name  string
	value value
	read  bool
}

// syntax is what is wrong with a text that is no JSON.
type syntax struct {
	pointer string
	detail  string
}

// parser is a recursive descent over the text, which is never changed, so that
// values without escapes are parts of it.
type parser struct {
	s     string
	at    int
	depth int
	path  []string
	room  []field // for the fields of the outermost object
	wrong *syntax
}

// parse returns the value that s is, and nothing else. The fields of an object are
// put into room as long as it suffices.
func parse(s string, room []field) (value, *syntax) {
	p := parser{s: s, room: room}
	v := p.value()
	p.space()
	if p.wrong == nil && p.at < len(p.s) {
		p.fail("something follows the JSON value")
	}
	return v, p.wrong
}

func (p *parser) fail(detail string) {
	if p.wrong == nil {
		p.wrong = &syntax{pointer: pointer(p.path), detail: "Not valid JSON at byte " + strconv.Itoa(p.at) + ": " + detail + "."}
	}
}

var escapePointer = strings.NewReplacer("~", "~0", "/", "~1")

// pointer is the JSON pointer (RFC 6901) of a path.
func pointer(path []string) string {
	var b strings.Builder
	for _, part := range path {
		b.WriteByte('/')
		b.WriteString(escapePointer.Replace(part))
	}
	return b.String()
}

func (p *parser) space() {
	for p.at < len(p.s) {
		switch p.s[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

// take skips white space and consumes c if it comes next.
func (p *parser) take(c byte) bool {
	p.space()
	if p.at < len(p.s) && p.s[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *parser) value() value {
	p.space()
	if p.at == len(p.s) {
		p.fail("it ends too early")
	}
	if p.wrong != nil {
		return value{}
	}
	switch c := p.s[p.at]; {
	case c == '{':
		return p.nested(p.object)
	case c == '[':
		return p.nested(p.list)
	case c == '"':
		return value{kind: text, text: p.string()}
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	}
	switch rest := p.s[p.at:]; {
	case strings.HasPrefix(rest, "true"):
		p.at += len("true")
		return value{kind: boolean, truth: true}
	case strings.HasPrefix(rest, "false"):
		p.at += len("false")
		return value{kind: boolean}
	case strings.HasPrefix(rest, "null"):
		p.at += len("null")
		return value{}
	}
	p.fail("a value is missing")
	return value{}
}

func (p *parser) nested(read func() value) value {
	if p.depth++; p.depth > maxDepth {
		p.fail("it is nested too deeply")
		return value{}
	}
	p.at++
	v := read()
	p.depth--
	return v
}

func (p *parser) object() value {
	v := value{kind: object}
	if p.depth == 1 {
		v.fields = p.room
	}
	if p.take('}') {
		return v
	}
	for p.wrong == nil {
		p.space()
		if p.at == len(p.s) || p.s[p.at] != '"' {
			p.fail("a field name is missing")
			break
		}
		name := p.string()
		p.path = append(p.path, name)
		if has(v.fields, name) {
			p.fail("this field is given twice")
		}
		if len(v.fields) == maxFields {
			p.fail("too many fields")
		}
		if !p.take(':') {
			p.fail("a colon is missing")
		}
		v.fields = append(v.fields, field{name: name, value: p.value()})
		if p.wrong != nil {
			break
		}
		p.path = p.path[:len(p.path)-1]
		if p.take('}') {
			break
		}
		if !p.take(',') {
			p.fail("a comma or closing brace is missing")
		}
	}
	return v
}

func has(fields []field, name string) bool {
	for i := range fields {
		if fields[i].name == name {
			return true
		}
	}
	return false
}

func (p *parser) list() value {
	v := value{kind: list}
	if p.take(']') {
		return v
	}
	for p.wrong == nil {
		p.path = append(p.path, strconv.Itoa(len(v.items)))
		v.items = append(v.items, p.value())
		if p.wrong != nil {
			break
		}
		p.path = p.path[:len(p.path)-1]
		if p.take(']') {
			break
		}
		if !p.take(',') {
			p.fail("a comma or closing bracket is missing")
		}
	}
	return v
}

// number reads the grammar of RFC 8259 section 6, without giving it a value.
func (p *parser) number() value {
	start := p.at
	digits := func() {
		from := p.at
		for p.at < len(p.s) && p.s[p.at] >= '0' && p.s[p.at] <= '9' {
			p.at++
		}
		if p.at == from {
			p.fail("a digit is missing")
		}
	}
	next := func(any string) bool {
		if p.at < len(p.s) && strings.IndexByte(any, p.s[p.at]) >= 0 {
			p.at++
			return true
		}
		return false
	}
	next("-")
	if !next("0") {
		digits()
	}
	if next(".") {
		digits()
	}
	if next("eE") {
		next("+-")
		digits()
	}
	return value{kind: number, text: p.s[start:p.at]}
}

// string reads a string; the next byte is its opening quote.
func (p *parser) string() string {
	p.at++
	start := p.at
	for p.at < len(p.s) {
		switch c := p.s[p.at]; {
		case c == '"':
			s := p.s[start:p.at]
			p.at++
			if !utf8.ValidString(s) {
				p.fail("a text is not UTF-8")
			}
			return s
		case c == '\\':
			return p.escaped(start)
		case c < ' ':
			p.fail("a control character in a text")
			return ""
		}
		p.at++
	}
	p.fail("a text does not end")
	return ""
}

// escaped reads the rest of a string from its first escape.
func (p *parser) escaped(start int) string {
	b := []byte(p.s[start:p.at])
	for p.at < len(p.s) && p.wrong == nil {
		switch c := p.s[p.at]; {
		case c == '"':
			p.at++
			if !utf8.Valid(b) {
				p.fail("a text is not UTF-8")
			}
			return string(b)
		case c == '\\':
			b = p.escape(b)
		case c < ' ':
			p.fail("a control character in a text")
		default:
			b = append(b, c)
			p.at++
		}
	}
	p.fail("a text does not end")
	return ""
}

const shortEscapes, shortMeanings = `"\/bfnrt`, "\"\\/\b\f\n\r\t"

func (p *parser) escape(b []byte) []byte {
	if p.at+1 == len(p.s) {
		p.fail("a text does not end")
		return b
	}
	c := p.s[p.at+1]
	if i := strings.IndexByte(shortEscapes, c); i >= 0 {
		p.at += 2
		return append(b, shortMeanings[i])
	}
	r := p.unit()
	if utf16.IsSurrogate(r) {
		first := r
		if r = utf8.RuneError; strings.HasPrefix(p.s[p.at:], `\u`) {
			r = utf16.DecodeRune(first, p.unit())
		}
		if r == utf8.RuneError {
			p.fail("half a character") // which is no text
		}
	}
	return utf8.AppendRune(b, r)
}

// unit reads one \uXXXX.
func (p *parser) unit() rune {
	rest := p.s[p.at:]
	if len(rest) < 6 || rest[0] != '\\' || rest[1] != 'u' {
		p.fail("an unknown escape")
		return 0
	}
	n, err := strconv.ParseUint(rest[2:6], 16, 16)
	if err != nil {
		p.fail("an unknown escape")
		return 0
	}
	p.at += 6
	return rune(n)
}

package strict

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"latchkey/crypto/secret"
)

// Text reads a text of at most so many characters; empty if it is absent.
func (o *Object) Text(name string, most int) string {
	v, ok := o.find(name, text)
	if ok && !plain(v.text, most) {
		o.checkText(o.pointer(name), v.text, most)
	}
	return v.text
}

// plain reports a text that nothing can be wrong with: nearly all are short and
// printable ASCII.
func plain(s string, most int) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return len(s) <= most
}

// checkText notes a text that is too long, or that holds what no text of ours may:
// databases and logs do not take every control character.
func (o *Object) checkText(pointer, s string, most int) {
	if len(s) > most && utf8.RuneCountInString(s) > most {
		o.fault(pointer, "This has at most "+strconv.Itoa(most)+" characters.")
	}
	if strings.ContainsFunc(s, control) {
		o.fault(pointer, "This must not hold control characters.")
	}
}

func control(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f
}

// Line is Text without line breaks and tabs.
func (o *Object) Line(name string, most int) string {
	s := o.Text(name, most)
	if strings.ContainsAny(s, "\t\n\r") {
		o.Fault(name, "This must be one line.")
	}
	return s
}

// Choice reads a text that is one of a few; empty if it is absent.
func Choice[T ~string](o *Object, name string, of ...T) T {
	v, ok := o.find(name, text)
	if !ok || slices.Contains(of, T(v.text)) {
		return T(v.text)
	}
	words := make([]string, len(of))
	for i, word := range of {
		words[i] = string(word)
	}
	o.Fault(name, "This is one of: "+strings.Join(words, ", ")+".")
	return ""
}

// Secret reads a text that must not be printed.
func (o *Object) Secret(name string, most int) secret.Text {
	return secret.New(o.Text(name, most))
}

// Bool reads true or false; false if it is absent.
func (o *Object) Bool(name string) bool {
	v, _ := o.find(name, boolean)
	return v.truth
}

// Int reads a whole number from least to most; 0 if it is absent.
func (o *Object) Int(name string, least, most int64) int64 {
	v, ok := o.find(name, number)
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(v.text, 10, 64)
	if err != nil || n < least || n > most {
		o.Fault(name, "This is a whole number from "+strconv.FormatInt(least, 10)+" to "+strconv.FormatInt(most, 10)+".")
		return 0
	}
	return n
}

// Time reads a point in time (RFC 3339); zero if it is absent.
func (o *Object) Time(name string) time.Time {
	s := o.Text(name, 40)
	if s == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil || at.Year() < 2000 || at.Year() > 2200 {
		o.Fault(name, "This is a time such as 2026-11-21T10:58:00Z.")
		return time.Time{}
	}
	return at
}

// Texts reads a list of texts, bounded in number and length; nil if it is absent.
func (o *Object) Texts(name string, items, most int) []string {
	v, ok := o.find(name, list)
	if !ok || !o.few(name, len(v.items), items) {
		return nil
	}
	texts := make([]string, 0, len(v.items))
	for i, item := range v.items {
		at := o.element(name, i)
		if item.kind != text {
			o.fault(at, "This must be a text.")
			continue
		}
		o.checkText(at, item.text, most)
		texts = append(texts, item.text)
	}
	return texts
}

func (o *Object) few(name string, n, most int) bool {
	if n > most {
		o.Fault(name, "There are at most "+strconv.Itoa(most)+" of these.")
	}
	return n <= most
}

// Map reads an object whose fields are all texts; nil if it is absent.
func (o *Object) Map(name string, items, most int) map[string]string {
	m := map[string]string{}
	if !o.merge(name, items, most, m, false) {
		return nil
	}
	return m
}

// merge sets in m what the object says; null takes away where it may.
func (o *Object) merge(name string, items, most int, m map[string]string, mayRemove bool) bool {
	inner := o.Object(name)
	if inner == nil || !o.few(name, len(inner.fields), items) {
		return false
	}
	for _, key := range inner.Names() {
		o.checkText(inner.pointer(key), key, 64)
		if mayRemove && inner.null(key) {
			delete(m, key)
			continue
		}
		m[key] = inner.Text(key, most)
	}
	return true
}

// Object reads an object; nil if it is absent.
func (o *Object) Object(name string) *Object {
	v, ok := o.find(name, object)
	if !ok {
		return nil
	}
	return o.root.object(v, o.pointer(name))
}

// Objects reads a list of objects; nil if it is absent.
func (o *Object) Objects(name string, items int) []*Object {
	v, ok := o.find(name, list)
	if !ok || !o.few(name, len(v.items), items) {
		return nil
	}
	var objects []*Object
	for i, item := range v.items {
		at := o.element(name, i)
		if item.kind != object {
			o.fault(at, "This must be an object.")
			continue
		}
		objects = append(objects, o.root.object(item, at))
	}
	return objects
}

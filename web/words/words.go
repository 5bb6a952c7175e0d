package words

import (
	"fmt"
	"html"
	"html/template"
	"regexp"
	"strings"
)

// Words speaks one language. The zero value speaks English.
type Words struct{ language Language }

// In returns what speaks l, English if l is none of ours.
func In(l Language) Words {
	if _, ok := catalogues[l]; !ok {
		l = English
	}
	return Words{language: l}
}

// Language is the language that is spoken.
func (w Words) Language() Language {
	if w.language == "" {
		return English
	}
	return w.language
}

// Has reports whether there is a text of that key.
func (w Words) Has(key string) bool {
	_, ok := catalogues[w.Language()][key]
	return ok
}

// Say returns the text of key as plain text. The pairs are names of placeholders
// and what stands for them: texts as they are, numbers as the language writes them,
// several texts as a list. The placeholder n also chooses the form of a plural.
//
// A key that is not in the catalogue is shown as such; tests keep that from
// happening.
func (w Words) Say(key string, pairs ...any) string {
	return w.fill(key, pairs, w.plain)
}

// Rich is Say for HTML. The text itself is ours and may hold strong, em, code and
// kbd; what stands for its placeholders is escaped and set apart by bdi, unless it
// is HTML already.
func (w Words) Rich(key string, pairs ...any) template.HTML {
	return template.HTML(w.fill(key, pairs, w.marked)) // #nosec G203 -- escaped piece by piece
}

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

func (w Words) fill(key string, pairs []any, show func(any) string) string {
	t, ok := catalogues[w.Language()][key]
	if !ok {
		return "⟦" + key + "⟧"
	}
	form := t.Other
	if t.One != "" && w.isOne(find("n", pairs)) {
		form = t.One
	}
	if !strings.Contains(form, "{") {
		return form
	}
	return placeholder.ReplaceAllStringFunc(form, func(found string) string {
		return show(find(found[1:len(found)-1], pairs))
	})
}

// find returns what a placeholder stands for. One that is not given shows its name.
func find(name string, pairs []any) any {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == name {
			return pairs[i+1]
		}
	}
	return "⟦" + name + "⟧"
}

func (w Words) plain(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case template.HTML:
		return string(v)
	case []string:
		return w.List(v)
	case int:
		return w.Number(int64(v))
	case int64:
		return w.Number(v)
	}
	return fmt.Sprint(v)
}

func (w Words) marked(v any) string {
	switch v := v.(type) {
	case template.HTML:
		return string(v)
	case []string:
		each := make([]string, len(v))
		for i, one := range v {
			each[i] = isolated(one)
		}
		return w.List(each)
	case int, int64:
		return w.plain(v)
	}
	return isolated(w.plain(v))
}

// isolated is a name within a sentence: its direction of writing is its own.
func isolated(s string) string { return "<bdi>" + html.EscapeString(s) + "</bdi>" }

// isOne reports whether n takes the form one: in English 1, in French also 0
// (CLDR's plural rules for whole numbers).
func (w Words) isOne(n any) bool {
	var i int64
	switch n := n.(type) {
	case int:
		i = int64(n)
	case int64:
		i = n
	default:
		return false
	}
	return i == 1 || i == 0 && w.Language() == French
}

package page

import (
	"html/template"
	"reflect"
	"time"

	"latchkey/web/words"
)

// functions are what templates may call. Those that speak do so in the language of w.
func functions(w words.Words) template.FuncMap {
	return template.FuncMap{
		"say": w.Say, "rich": w.Rich, "number": func(n any) string { return w.Number(reflect.ValueOf(n).Int()) }, "percent": w.Percent, "capital": words.Capital,
		"clock": w.Clock, "date": w.Date, "moment": w.Moment, "machine": machine,
		"when":    func(t time.Time) string { return when(w, t) },
		"clocked": func(t time.Time) template.HTML { return timed(t, w.Clock(t)) },
		"code":    code,
		"english": func() bool { return w.Language() != words.French },
		"short":   func(d time.Duration) string { return Duration(w, d) },
		"icon":    icon, "reached": reached, "plus": func(a, b int) int { return a + b },
		"upto": func(n int) []struct{} { return make([]struct{}, n) },
	}
}

// code is a word for programs within a sentence.
func code(s string) template.HTML {
	return template.HTML("<code>" + template.HTMLEscapeString(s) + "</code>") // #nosec G203 -- escaped
}

// machine writes a time for programs.
func machine(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// when says how far t is from now.
func when(w words.Words, t time.Time) string {
	if d := time.Until(t); d > 0 {
		return w.In(d)
	}
	return w.Ago(time.Since(t))
}

// timed is a time element within a sentence.
func timed(t time.Time, shown string) template.HTML {
	return template.HTML(`<time datetime="` + machine(t) + `">` + template.HTMLEscapeString(shown) + `</time>`) // #nosec G203 -- escaped
}

// reached says how the step n of several looks from the step at.
func reached(n, at int) string {
	switch {
	case n < at:
		return "done"
	case n == at:
		return "now"
	}
	return "later"
}

package people

import (
	"net/url"
	"slices"

	"latchkey/web/page"
	"latchkey/web/words"
)

// fields makes the questions of a form out of what was typed or is stored.
type fields struct {
	w      words.Words
	values url.Values
	wrong  page.Corrections
}

// text is a question for a line; edit completes it. Its words are people.field.KEY
// and, if there is one, people.hint.KEY.
func (f fields) text(name, key string, edit ...func(*page.Field)) page.Input {
	field := page.Field{
		Name: name, Label: f.w.Say("people.field." + key), Hint: f.hint(key), Error: f.wrong.Of(name), Value: f.values.Get(name),
	}
	for _, e := range edit {
		e(&field)
	}
	if field.Kind == "select" {
		for i := range field.Options {
			field.Options[i].Chosen = field.Options[i].Value == field.Value
		}
	}
	return page.Input{Field: &field}
}

// choice is a question with answers to tick; many may be true at once.
func (f fields) choice(name, key string, many bool, options []page.Option) page.Input {
	for i := range options {
		options[i].Chosen = options[i].Chosen || slices.Contains(f.values[name], options[i].Value)
	}
	return page.Input{Choice: &page.Choice{
		Name: name, Legend: f.w.Say("people.field." + key), Hint: f.hint(key), Error: f.wrong.Of(name), Many: many, Optional: many, Options: options,
	}}
}

func (f fields) hint(key string) string {
	if !f.w.Has("people.hint." + key) {
		return ""
	}
	return f.w.Say("people.hint." + key)
}

func optional(f *page.Field) { f.Optional = true }
func mono(f *page.Field)     { f.Mono = true }
func area(f *page.Field)     { f.Kind = "textarea" }

func atMost(n int) func(*page.Field) { return func(f *page.Field) { f.Maximum = n } }

func like(example string) func(*page.Field) { return func(f *page.Field) { f.Placeholder = example } }

// oneOf makes it a question with answers to choose from.
func oneOf(options ...page.Option) func(*page.Field) {
	return func(f *page.Field) { f.Kind, f.Options = "select", options }
}

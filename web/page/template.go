package page

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"sync"

	"latchkey/web/route"
	"latchkey/web/words"
)

//go:embed templates
var files embed.FS

// layout is what stands around a page.
type layout string

const (
	plain layout = "plain" // narrow and by itself: consents, signing in, faults
	admin layout = "admin" // with navigation, for who is signed in
)

// Template is a page that shows a T.
type Template[T any] struct {
	name    string
	layout  layout
	section string
	in      map[words.Language]func() (*template.Template, error)
}

// Plain returns the page of templates/NAME.html in the plain layout.
func Plain[T any](name string) Template[T] { return parse[T](name, plain, "") }

// Admin returns the page of templates/NAME.html in the layout of the administration,
// under the section with that key.
func Admin[T any](name, section string) Template[T] { return parse[T](name, admin, section) }

// parse prepares the page in each language. It is read when it is first shown, so
// that commands do not pay for pages; a test reads them all.
func parse[T any](name string, l layout, section string) Template[T] {
	t := Template[T]{name: name, layout: l, section: section, in: map[words.Language]func() (*template.Template, error){}}
	for _, language := range []words.Language{words.English, words.French, words.Pseudo} {
		t.in[language] = sync.OnceValues(func() (*template.Template, error) {
			base, err := shared()
			if err != nil {
				return nil, err
			}
			own, err := base.Clone()
			if err != nil {
				return nil, err
			}
			return own.Funcs(functions(words.In(language))).ParseFS(files, "templates/"+name+".html")
		})
	}
	return t
}

// shared reads what all pages have in common.
var shared = sync.OnceValues(func() (*template.Template, error) {
	return template.New("").Funcs(functions(words.In(words.English))).Option("missingkey=error").ParseFS(files, "templates/shared/*.html")
})

// frame is what a layout shows.
type frame[T any] struct {
	Chrome
	Faulty bool
	Page   T
}

// faulty is a page that tells of an error; its title says so first.
type faulty interface{ Faulty() bool }

// Show answers with the page for whoever asks. Nobody keeps it.
func (t Template[T]) Show(c *route.Call, status int, data T) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	return t.Write(c.Response(), status, ChromeOf(c), data)
}

// Write answers with the page inside of chrome. It is made as a whole before
// anything is sent, so that half a page is never seen.
func (t Template[T]) Write(w http.ResponseWriter, status int, chrome Chrome, data T) error {
	parsed, err := t.in[chrome.Words.Language()]()
	if err != nil {
		return fmt.Errorf("page: reading %s: %w", t.name, err)
	}
	f := frame[T]{Chrome: chrome, Page: data}
	f.section = t.section
	if says, ok := any(data).(faulty); ok {
		f.Faulty = says.Faulty()
	}
	var b bytes.Buffer
	if err := parsed.ExecuteTemplate(&b, string(t.layout), f); err != nil {
		return fmt.Errorf("page: rendering: %w", err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", string(chrome.Words.Language()))
	w.Header().Add("Vary", "Accept-Language, Cookie")
	return send(w, status, chrome.packed, b.Bytes())
}

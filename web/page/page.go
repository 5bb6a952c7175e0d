package page

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"
)

//go:embed templates/*.html
var files embed.FS

// Template is a page that shows a T.
type Template[T any] struct{ t *template.Template }

// The pages.
var (
	Home      = parse[HomePage]("home")
	Start     = parse[StartPage]("start")
	Forward   = parse[ForwardPage]("forward")
	Ready     = parse[ReadyPage]("ready")
	Waiting   = parse[WaitingPage]("waiting")
	Choose    = parse[ChoosePage]("choose")
	Completed = parse[CompletedPage]("completed")
	Failed    = parse[FailedPage]("failed")
	Foreign   = parse[ForeignPage]("foreign")
	Malformed = parse[MalformedPage]("malformed")
	Fault     = parse[FaultPage]("fault")
)

// parse reads a page with what all pages share. A fault in a template stops the
// program before it serves anything.
func parse[T any](name string) Template[T] {
	functions := template.FuncMap{
		"title": title, "clock": clock, "moment": moment, "machine": machine, "reached": reached,
	}
	t := template.New("layout.html").Funcs(functions).Option("missingkey=error")
	return Template[T]{template.Must(t.ParseFS(files, "templates/layout.html", "templates/parts.html", "templates/"+name+".html"))}
}

// chrome is what every page has around its own part.
type chrome[T any] struct {
	Tenant string // name, empty where there is none
	Style  string
	Page   T
}

// Render answers with the page, under the name of the tenant, which may be empty.
// It is made as a whole before anything is sent, so that half a page is never seen.
func (t Template[T]) Render(w http.ResponseWriter, status int, tenant string, data T) error {
	var b bytes.Buffer
	if err := t.t.Execute(&b, chrome[T]{Tenant: tenant, Style: StylePath, Page: data}); err != nil {
		return fmt.Errorf("page: rendering: %w", err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, err := w.Write(b.Bytes())
	return err
}

// title is a word with a capital, as environments are shown.
func title(word any) string {
	s := fmt.Sprint(word)
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func clock(t time.Time) string { return t.UTC().Format("15:04 UTC") }

func moment(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04:05 UTC") }

func machine(t time.Time) string { return t.UTC().Format(time.RFC3339) }

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

package mail

import (
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"
)

var plainLayout = texttemplate.Must(texttemplate.New("plain").Parse(`{{.Greeting}}
{{range .Lines}}
{{.}}
{{end}}{{if .Button}}
{{.Link}}
{{end}}{{range .After}}
{{.}}
{{end}}`))

// htmlLayout needs nothing from elsewhere: no picture tells anybody that it was read.
var htmlLayout = htmltemplate.Must(htmltemplate.New("html").Parse(`<!doctype html>
<html lang="{{.Language}}">
<head><meta charset="utf-8"><title>{{.Subject}}</title></head>
<body style="font-family: sans-serif; line-height: 1.5; max-width: 36em">
<p>{{.Greeting}}</p>
{{range .Lines}}<p>{{.}}</p>
{{end}}{{if .Button}}<p><a href="{{.Link}}" style="display: inline-block; padding: .6em 1.2em; background: #1a4fa0; color: #fff; text-decoration: none">{{.Button}}</a></p>
<p>{{.Link}}</p>
{{end}}{{range .After}}<p>{{.}}</p>
{{end}}</body>
</html>
`))

// render writes a message as plain text and as HTML.
func (m Message) render() (text, html, subject string, err error) {
	l, err := m.letter()
	if err != nil {
		return "", "", "", err
	}
	var plain, rich strings.Builder
	if err := plainLayout.Execute(&plain, l); err != nil {
		return "", "", "", err
	}
	if err := htmlLayout.Execute(&rich, l); err != nil {
		return "", "", "", err
	}
	return plain.String(), rich.String(), l.Subject, nil
}

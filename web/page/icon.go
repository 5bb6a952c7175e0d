package page

import "html/template"

// icon shows the symbol of that name from static/icons. It is decoration: what it
// says stands beside it in words.
func icon(name string) template.HTML {
	return template.HTML(`<svg class="icon" aria-hidden="true" focusable="false"><use href="` + static + sprite.name + `#` + template.HTMLEscapeString(name) + `"/></svg>`) // #nosec G203 -- escaped
}

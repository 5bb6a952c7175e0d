package page

import "net/http"

// StyleFile is the last part of StylePath.
var StyleFile = style.name

// WriteStyle answers with the style sheet.
func WriteStyle(w http.ResponseWriter) error { return style.write(w, &http.Request{}) }

package page

import (
	"crypto/sha256"
	_ "embed" // the style sheet
	"encoding/hex"
	"net/http"
)

//go:embed templates/style.css
var style []byte

// StylePath is the address of the style sheet. It changes with its content, so
// that browsers may keep it for ever.
var StylePath = "/static/" + StyleFile

// StyleFile is the last part of StylePath.
var StyleFile = styleFile()

func styleFile() string {
	sum := sha256.Sum256(style)
	return hex.EncodeToString(sum[:8]) + ".css"
}

// WriteStyle answers with the style sheet.
func WriteStyle(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(style)
	return err
}

package canary_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/url"
	"strings"
	"testing"

	"latchkey/test/judge"
)

// a hunter that sees nothing would prove nothing.
func TestWhatIsInClearIsFoundHoweverItIsWritten(t *testing.T) {
	const secret = "tëll-n0body/<this>+&\"that\"=7f3c"
	packed := func(w func(io.Writer) io.WriteCloser) func(string) string {
		return func(text string) string {
			var b bytes.Buffer
			z := w(&b)
			_, _ = io.WriteString(z, text)
			_ = z.Close()
			return b.String()
		}
	}
	gzipped := packed(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
	ways := map[string]func(string) string{
		"as it is": func(s string) string { return s },
		"hex":      func(s string) string { return hex.EncodeToString([]byte(s)) },
		"HEX":      func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
		"query":    func(s string) string { return url.Values{"q": {s}}.Encode() },
		"path":     func(s string) string { return "/" + url.PathEscape(s) + "/" },
		"HTML":     template.HTMLEscapeString,
		"JSON": func(s string) string {
			text, _ := json.Marshal(map[string]string{"a": s})
			return string(text)
		},
		"gzip":              gzipped,
		"zlib":              packed(func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }),
		"gzip in gzip":      func(s string) string { return gzipped("before" + gzipped("and "+s)) },
		"half of a gzip":    func(s string) string { z := gzipped(s + strings.Repeat("more", 50_000)); return z[:len(z)/2] },
		"base64 in a gzip":  func(s string) string { return gzipped(base64.StdEncoding.EncodeToString([]byte("Basic " + s))) },
		"zip":               func(s string) string { return zipped(s) },
		"a line of its own": func(s string) string { return "\n" + s + "\n" },
	}
	for n := range 6 {
		before := "abcdef"[:n]
		ways[fmt.Sprint("base64 behind ", n)] = func(s string) string { return base64.StdEncoding.EncodeToString([]byte(before + s + "!")) }
		ways[fmt.Sprint("raw URL base64 behind ", n)] = func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(before + s)) }
	}
	h := newHunter([]*canary{{name: "the secret", secret: secret, in: []string{"its own place"}}})
	for name, way := range ways {
		content := []byte("some text before " + way(secret) + " and after")
		if len(h.search(judge.Place{Name: name, Content: content})) != 1 {
			t.Errorf("%s: it is not found in %q", name, content[:min(len(content), 200)])
		}
		if found := h.search(judge.Place{Name: "its own place", Content: content}); len(found) != 0 {
			t.Errorf("%s: it may be there: %v", name, found)
		}
		if found := h.search(judge.Place{Name: name, Content: []byte(way("something else of that length, or so"))}); len(found) != 0 {
			t.Errorf("%s: found where it is not: %v", name, found)
		}
	}
}

func zipped(text string) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateHeader(&zip.FileHeader{Name: "a.txt", Method: zip.Deflate})
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err != nil {
		panic(err)
	}
	_ = z.Close()
	return b.String()
}

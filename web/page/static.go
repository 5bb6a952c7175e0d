package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"strings"
	"sync"
)

//go:embed static/css static/js static/icons
var parts embed.FS

// asset is a file that pages load. Its name changes with its content, so that
// browsers may keep it for ever.
type asset struct {
	name, kind string
	plain      []byte
	packed     func() []byte // by gzip
}

// The files, each put together from the parts in the order of their names.
var (
	style   = assemble("static/css", ".css", "text/css; charset=utf-8")
	program = assemble("static/js", ".js", "text/javascript; charset=utf-8")
	sprite  = assemble("static/icons", ".svg", "image/svg+xml")
)

func assemble(dir, extension, kind string) asset {
	var all bytes.Buffer
	names, err := fs.Glob(parts, dir+"/*"+extension)
	if err != nil || len(names) == 0 {
		panic("page: no parts in " + dir)
	}
	for _, name := range names {
		part, err := parts.ReadFile(name)
		if err != nil {
			panic(err)
		}
		all.Write(part)
	}
	sum := sha256.Sum256(all.Bytes())
	return asset{
		name: hex.EncodeToString(sum[:8]) + extension, kind: kind, plain: all.Bytes(),
		packed: sync.OnceValue(func() []byte { return pack(all.Bytes()) }),
	}
}

func pack(content []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is one that there is
	_, _ = w.Write(content)                               // into memory
	_ = w.Close()
	return b.Bytes()
}

// static is where the files are served.
const static = "/static/"

// StylePath is the address of the style sheet.
var StylePath = static + style.name

// WriteStatic answers with the file of that name and reports whether there is one.
func WriteStatic(w http.ResponseWriter, r *http.Request, file string) (bool, error) {
	for _, a := range [...]asset{style, program, sprite} {
		if a.name == file {
			return true, a.write(w, r)
		}
	}
	return false, nil
}

func (a asset) write(w http.ResponseWriter, r *http.Request) error {
	h, content := w.Header(), a.plain
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		content = a.packed()
	}
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(content)
	return err
}

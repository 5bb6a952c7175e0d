package page

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync"
)

// A page that holds a secret and repeats what somebody else chose can be guessed at by
// how well it compresses (BREACH). Two things keep that from being of use: the tokens
// of forms are masked anew in every answer, and a page that another site asked for is
// not compressed. What is shown once, such as a new key, is never answered twice.

// takesPacked reports whether a page may be sent compressed.
func takesPacked(h http.Header) bool {
	if !strings.Contains(h.Get("Accept-Encoding"), "gzip") {
		return false
	}
	switch h.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return true
	}
	return false
}

// smallest is how long a page must be for compressing it to be worth it.
const smallest = 1400

var packers = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // the level is one that there is
	return w
}}

// send writes a page, compressed if that is taken.
func send(w http.ResponseWriter, status int, packed bool, content []byte) error {
	w.Header().Add("Vary", "Accept-Encoding, Sec-Fetch-Site")
	if !packed || len(content) < smallest {
		w.WriteHeader(status)
		_, err := w.Write(content)
		return err
	}
	w.Header().Set("Content-Encoding", "gzip")
	w.WriteHeader(status)
	g := packers.Get().(*gzip.Writer)
	defer packers.Put(g)
	g.Reset(w)
	if _, err := g.Write(content); err != nil {
		return err
	}
	return g.Close()
}

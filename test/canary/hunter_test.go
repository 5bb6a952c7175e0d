package canary_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"latchkey/test/judge"
)

// canary is a secret that was planted.
type canary struct {
	name   string
	secret string
	// in names the places where it may be, by a part of their names.
	in []string
}

func (c *canary) mayBeIn(place string) bool {
	for _, part := range c.in {
		if strings.Contains(place, part) {
			return true
		}
	}
	return false
}

// hunter looks for canaries.
type hunter struct {
	// spelt are the spellings by their first bytes; seen tells quickly of most that
	// they begin none.
	spelt map[uint64][]spelling
	seen  [1 << 16]bool
}

type spelling struct {
	text string
	of   *canary
}

func newHunter(canaries []*canary) *hunter {
	h := &hunter{spelt: map[uint64][]spelling{}}
	for _, c := range canaries {
		for _, text := range spellings(c.secret) {
			start := binary.LittleEndian.Uint64([]byte(text))
			h.spelt[start] = append(h.spelt[start], spelling{text, c})
			h.seen[mixed(start)] = true
		}
	}
	return h
}

func mixed(start uint64) uint16 { return uint16(start * 0x9E3779B97F4A7C15 >> 48) }

// search tells which canaries are in a place, each once, as a sentence. Those that may
// be there are left out.
func (h *hunter) search(p judge.Place) (found []string) {
	told := map[*canary]bool{}
	h.walk(p.Content, 2, func(c *canary, text string) {
		if !told[c] && !c.mayBeIn(p.Name) {
			told[c] = true
			found = append(found, fmt.Sprintf("%s is in %s (%d bytes of it, written as in %q)", c.name, p.Name, len(text), around(p.Content, text)))
		}
	})
	return found
}

// around is where a spelling stands, without it; empty if that is within something
// compressed.
func around(content []byte, text string) string {
	before, after, ok := bytes.Cut(content, []byte(text))
	if !ok {
		return ""
	}
	return string(before[max(0, len(before)-80):]) + "…" + string(after[:min(len(after), 40)])
}

// sees reports whether a text is in a place.
func sees(p judge.Place, text string) bool {
	found := newHunter([]*canary{{name: "it", secret: text}}).search(p)
	return len(found) > 0
}

// walk tells of every spelling in the content and in what is compressed in it.
func (h *hunter) walk(content []byte, depth int, tell func(*canary, string)) {
	for i := 0; i+shortest <= len(content); i++ {
		start := binary.LittleEndian.Uint64(content[i:])
		if h.seen[mixed(start)] {
			for _, s := range h.spelt[start] {
				if bytes.HasPrefix(content[i:], []byte(s.text)) {
					tell(s.of, s.text)
				}
			}
		}
		if c := content[i]; depth > 0 && (c == 0x1f || c == 0x78 || c == 'P') {
			if inner := unpacked(content[i:]); inner != nil {
				h.walk(inner, depth-1, tell)
			}
		}
	}
}

// most is how much of something compressed is looked at.
const most = 64 << 20

// unpacked returns what is compressed at the beginning of b; nil if nothing is. What
// is cut off is read as far as it goes.
func unpacked(b []byte) []byte {
	var r io.Reader
	var err error
	switch {
	case b[0] == 0x1f && b[1] == 0x8b && b[2] == 8:
		r, err = gzip.NewReader(bytes.NewReader(b))
	case b[0] == 0x78 && (b[1] == 0x01 || b[1] == 0x5e || b[1] == 0x9c || b[1] == 0xda):
		r, err = zlib.NewReader(bytes.NewReader(b))
	case string(b[:4]) == "PK\x03\x04":
		return unzipped(b)
	default:
		return nil
	}
	if err != nil {
		return nil
	}
	var out bytes.Buffer
	_, _ = io.Copy(&out, io.LimitReader(r, most))
	return out.Bytes()
}

// unzipped returns all members of an archive, one after another.
func unzipped(b []byte) []byte {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil
	}
	var out bytes.Buffer
	for _, member := range z.File {
		if r, err := member.Open(); err == nil {
			_, _ = io.Copy(&out, io.LimitReader(r, most))
			_ = r.Close()
		}
		out.WriteByte('\n')
	}
	return out.Bytes()
}

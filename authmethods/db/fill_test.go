package db

import (
	"encoding/binary"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"latchkey/authmethods"
)

func TestAPlainListIsReadLikeJSON(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		words := rapid.SliceOf(rapid.OneOf(rapid.StringMatching(`[A-Za-z.,\[\]" \\]{0,6}`), rapid.String())).Draw(rt, "words")
		text, err := json.Marshal(words)
		if err != nil {
			rt.Fatal(err)
		}
		var got JSON[[]string]
		var want []string
		if err := json.Unmarshal(text, &want); err != nil {
			rt.Fatal(err)
		}
		if err := got.Scan(string(text)); err != nil || !cmp.Equal(got.V, want) {
			rt.Fatalf("%s is %q, %v", text, got.V, err)
		}
	})
}

func TestAListThatIsNoneIsAFault(t *testing.T) {
	for _, text := range []string{``, `x`, `["a"`, `["a","b]`, `["a" "b"]`, `["a""b"]`, `[""a"]`, `["a",]`, `{"a":"b"}`, "[\"a\nb\"]"} {
		var list JSON[[]string]
		if err := list.Scan(text); err == nil {
			t.Errorf("%q is %q", text, list.V)
		}
	}
}

// kind is one of those types that are filled by their kind.
type kind string

func TestARowFillsWhatItIsAskedFor(t *testing.T) {
	number := func(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }
	row := pgRow{[][]byte{[]byte("a"), number(-7), {1}, nil, {}, []byte(`["r"]`)}}
	var s string
	var id authmethods.ID
	var k kind
	var n int64
	var i int
	var small uint32
	var b bool
	var at Time
	var bytes []byte
	var list JSON[[]string]
	for _, c := range []struct {
		column int
		dest   any
	}{{0, &s}, {0, &id}, {0, &k}, {1, &n}, {1, &i}, {1, &at}, {2, &b}, {2, &small}, {4, &bytes}, {5, &list}} {
		if err := fillOne(row, c.column, c.dest); err != nil {
			t.Errorf("%T from column %d: %v", c.dest, c.column, err)
		}
	}
	if s != "a" || id != "a" || k != "a" || n != -7 || i != -7 || at != -7 || !b || small != 1 || bytes == nil || len(list.V) != 1 {
		t.Error(s, id, k, n, i, at, b, small, bytes, list)
	}
	for _, dest := range []any{&at, &bytes} {
		if err := fillOne(row, 3, dest); err != nil || at != 0 && bytes != nil {
			t.Errorf("%T from NULL: %v", dest, err)
		}
	}
	for _, dest := range []any{&s, &id, &k, &n, &i, &b, &list, new(struct{}), s} {
		if err := fillOne(row, 3, dest); err == nil {
			t.Errorf("%T took NULL", dest)
		}
	}
	if err := fillOne(pgRow{[][]byte{[]byte("abc")}}, 0, &n); err == nil || !strings.Contains(err.Error(), "3 bytes") {
		t.Errorf("a number of three bytes: %v", err)
	}
}

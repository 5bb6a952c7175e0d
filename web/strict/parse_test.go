package strict

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// plain turns a value into what encoding/json makes of it.
func (v value) plain() any {
	switch v.kind {
	case boolean:
		return v.truth
	case number:
		return json.Number(v.text)
	case text:
		return v.text
	case list:
		items := []any{}
		for _, item := range v.items {
			items = append(items, item.plain())
		}
		return items
	case object:
		fields := map[string]any{}
		for _, f := range v.fields {
			fields[f.name] = f.value.plain()
		}
		return fields
	}
	return nil
}

// reference decodes s with the standard library; ok is false for no JSON, and for
// more than one value.
func reference(s string) (v any, ok bool) {
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	if dec.Decode(&v) != nil {
		return nil, false
	}
	_, err := dec.Token()
	return v, err == io.EOF
}

// FuzzParse holds the parser against the standard library's: what it accepts must
// be accepted there and mean the same, and what it refuses must be no JSON, or one
// of the things that are refused on purpose.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[]`, `null`, `true`, `false`, `0`, `-0.5e+10`, `""`, `"a\"\\\/\b\f\n\r\tb"`, `"\u00e9\ud83d\ude00"`, `{"a":{"b":[1,2,{"c":null}]}}`,
		``, ` `, `{`, `[1,]`, `{"a":1,}`, `{"a":1,"a":2}`, `01`, `1.`, `.5`, `1e`, `+1`, `"\x"`, `"\ud800"`, `"\ud800\u0041"`, "\"\x00\"", "\"\xff\"",
		`{} {}`, "\ufeff{}", `nul`, `truee`, `"`, `"\`, `"\u12`, strings.Repeat("[", 20), strings.Repeat("[", 16) + strings.Repeat("]", 16), "{\"a\" :\t1\n,\r\"b\": [ ] }",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, wrong := parse(s, nil)
		want, ok := reference(s)
		if wrong == nil {
			if !ok {
				t.Fatalf("accepted what is no JSON: %q", s)
			}
			if !reflect.DeepEqual(got.plain(), want) {
				t.Fatalf("%q is %v, want %v", s, got.plain(), want)
			}
			return
		}
		if !utf8.ValidString(wrong.pointer) && utf8.ValidString(s) {
			t.Fatalf("the pointer %q is no text", wrong.pointer)
		}
		if ok && !refusedOnPurpose(s, want) {
			t.Fatalf("refused %q: %s", s, wrong.detail)
		}
	})
}

// refusedOnPurpose reports JSON that we do not take: names given twice, halves of
// characters, bytes that are no UTF-8, depth.
func refusedOnPurpose(s string, v any) bool {
	if !utf8.ValidString(s) || depth(v) > maxDepth || strings.Contains(strings.ToLower(s), `\ud`) {
		return true
	}
	var again bytes.Buffer // loses what was there twice
	enc := json.NewEncoder(&again)
	enc.SetEscapeHTML(false)
	if enc.Encode(v) != nil {
		return false
	}
	return strings.Count(s, ":") > strings.Count(again.String(), ":") || strings.Count(s, ":") > maxFields
}

func depth(v any) int {
	deepest := 0
	switch x := v.(type) {
	case []any:
		for _, item := range x {
			deepest = max(deepest, depth(item))
		}
		return deepest + 1
	case map[string]any:
		for _, item := range x {
			deepest = max(deepest, depth(item))
		}
		return deepest + 1
	}
	return 0
}

func TestWhatIsRefusedOnPurpose(t *testing.T) {
	many := "{"
	for i := range maxFields + 1 {
		many += `"` + strings.Repeat("x", i+1) + `":1,`
	}
	many = strings.TrimSuffix(many, ",") + "}"
	for name, c := range map[string]struct{ body, pointer, detail string }{
		"a field twice":       {`{"a":{"b":1,"b":2}}`, "/a/b", "this field is given twice"},
		"half a character":    {`{"a":["\ud800"]}`, "/a/0", "half a character"},
		"two first halves":    {`"\ud800\ud800"`, "", "half a character"},
		"not UTF-8":           {"{\"a\":\"\xff\"}", "/a", "not UTF-8"},
		"not UTF-8, escaped":  {"{\"a\":\"\\n\xff\"}", "/a", "not UTF-8"},
		"too deep":            {strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1), strings.Repeat("/0", maxDepth), "nested too deeply"},
		"too many fields":     {many, "/" + strings.Repeat("x", maxFields+1), "too many fields"},
		"something behind it": {`{} x`, "", "something follows"},
	} {
		t.Run(name, func(t *testing.T) {
			_, wrong := parse(c.body, nil)
			if wrong == nil {
				t.Fatal("accepted")
			}
			if wrong.pointer != c.pointer || !strings.Contains(wrong.detail, c.detail) {
				t.Errorf("%q: %s", wrong.pointer, wrong.detail)
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	const body = `{"tenant":"acme","method":"zoho-desk","environment":"production","subject":"tenant","min_ttl_seconds":300,"scopes":["Desk.tickets.READ"],"purpose":"call-pop"}`
	b.ReportAllocs()
	for b.Loop() {
		o, err := Read(body)
		if err != nil {
			b.Fatal(err)
		}
		o.Line("tenant", 64)
		o.Line("method", 64)
	}
}

package backup

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestRowsAreReadAsTheyWereWritten(t *testing.T) {
	value := rapid.Custom(func(t *rapid.T) any {
		return rapid.OneOf(
			rapid.Just(any(nil)), rapid.Int64().AsAny(), rapid.String().AsAny(), rapid.SliceOf(rapid.Byte()).AsAny(),
		).Draw(t, "value")
	})
	rapid.Check(t, func(t *rapid.T) {
		row := rapid.SliceOf(value).Draw(t, "row")
		encoded, err := appendRow(nil, row)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseRow(encoded, len(row))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(row, got); diff != "" && len(row) > 0 {
			t.Fatal(diff)
		}
		if len(encoded) > 0 {
			if _, err := parseRow(encoded[:len(encoded)-1], len(row)); err == nil {
				t.Fatal("a cut row was accepted")
			}
		}
	})
}

func FuzzParseRow(f *testing.F) {
	f.Add([]byte{tagNull, tagNumber, 2, tagText, 1, 'x', tagBytes, 0}, 4)
	f.Add([]byte{tagText, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, 1)
	f.Fuzz(func(t *testing.T, b []byte, width int) {
		row, err := parseRow(b, width&0xff)
		if err != nil {
			return
		}
		again, err := appendRow(nil, row)
		if err != nil {
			t.Fatal(err)
		}
		if second, err := parseRow(again, len(row)); err != nil || !cmp.Equal(row, second) {
			t.Fatalf("%v, then %v, %v", row, second, err)
		}
	})
}

package directory

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/authmethods"
)

func TestAFileIsReadByItsFirstLine(t *testing.T) {
	for name, file := range map[string]string{
		"commas":     "user_name,email,roles\nmarie,m@acme.fr,user auditor\n\n,,\n",
		"semicolons": "\ufeffEmail; USER_NAME ;roles\r\nm@acme.fr;marie;user auditor\r\n",
		"quotes":     "user_name,email,roles\n\"marie\",\"m@acme.fr\",\" user auditor \"\n",
		"apostrophe": "user_name,email,roles,display_name\nmarie,m@acme.fr,user auditor,\n",
	} {
		rows, err := readFile([]byte(file))
		want := map[string]string{columnUserName: "marie", columnEmail: "m@acme.fr", columnRoles: "user auditor"}
		if err != nil || len(rows) != 1 {
			t.Errorf("%s: %v, %d rows", name, err, len(rows))
			continue
		}
		if diff := cmp.Diff(want, rows[0].cells); diff != "" || rows[0].line != 2 {
			t.Errorf("%s, line %d:\n%s", name, rows[0].line, diff)
		}
	}
}

func TestAFileThatCannotBeReadSaysWhy(t *testing.T) {
	for name, file := range map[string]string{
		"empty":             "",
		"no user names":     "email\nm@acme.fr\n",
		"unknown column":    "user_name,salary\nmarie,1\n",
		"column twice":      "user_name,User_Name\nmarie,marie\n",
		"more cells":        "user_name\nmarie,paul\n",
		"open quote":        "user_name\n\"marie\n",
		"Latin-1":           "user_name\nh\xe9l\xe8ne\n",
		"UTF-16":            "\xff\xfeu\x00s\x00",
		"too many bytes":    "user_name\n" + strings.Repeat("a", maxFile),
		"too many people":   "user_name\n" + strings.Repeat("a\n", maxLines+1),
		"a zero byte":       "user_name\nma\x00rie\n",
		"a quote in a cell": "user_name\nma\"rie\n",
	} {
		if _, err := readFile([]byte(file)); authmethods.KindOf(err) != authmethods.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if rows, err := readFile([]byte("user_name\n" + strings.Repeat("a\n", maxLines))); err != nil || len(rows) != maxLines {
		t.Errorf("as many people as may be: %d, %v", len(rows), err)
	}
}

func TestASpreadsheetRunsNothing(t *testing.T) {
	for _, cell := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"} {
		safe := safeCell(cell)
		if safe[0] != '\'' || plainCell(safe) != cell {
			t.Errorf("%q becomes %q and then %q", cell, safe, plainCell(safe))
		}
	}
	for _, cell := range []string{"", "marie", "'s-Hertogenbosch", "a=b"} {
		if safeCell(cell) != cell || plainCell(cell) != cell {
			t.Errorf("%q becomes %q and %q", cell, safeCell(cell), plainCell(cell))
		}
	}
}

// FuzzReadFile holds what was read against the limits, and has it read again after
// it was written as an export is.
func FuzzReadFile(f *testing.F) {
	for _, seed := range []string{
		"user_name,email,display_name,external_id,roles,connectors\nmarie,m@acme.fr,Marie,E-1,user,zoho\n",
		"\ufeffuser_name;roles\r\nmarie;user|auditor\r\n", "user_name\n'=1+1\n", "user_name\n\"a\nb\"\n", "user_name,email\na\n", "\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		rows, err := readFile(file)
		if err != nil {
			if authmethods.KindOf(err) != authmethods.Invalid {
				t.Fatalf("a fault of the file is %v", err)
			}
			return
		}
		var again bytes.Buffer
		out := csv.NewWriter(&again)
		must(t, out.Write(columns))
		for _, row := range rows {
			record := make([]string, len(columns))
			for i, name := range columns {
				if record[i] = safeCell(row.cells[name]); row.cells[name] == "" && record[i] != "" {
					t.Fatalf("a cell that is empty was read")
				}
			}
			must(t, out.Write(record))
		}
		out.Flush()
		if again.Len() > maxFile {
			return
		}
		twice, err := readFile(again.Bytes())
		if err != nil || len(twice) != len(rows) {
			t.Fatalf("%d people were read, and %d after they were written: %v", len(rows), len(twice), err)
		}
		for i := range rows {
			if diff := cmp.Diff(tidyCells(rows[i].cells), tidyCells(twice[i].cells)); diff != "" {
				t.Fatalf("line %d:\n%s", rows[i].line, diff)
			}
		}
	})
}

// tidyCells makes one of the ends of lines, as CSV does within a cell.
func tidyCells(cells map[string]string) map[string]string {
	tidy := map[string]string{}
	for name, cell := range cells {
		tidy[name] = strings.ReplaceAll(cell, "\r\n", "\n")
	}
	return tidy
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

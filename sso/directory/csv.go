package directory

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"latchkey/authmethods"
)

// What a file of users may be.
const (
	maxFile  = 2 << 20 // bytes
	maxLines = 10_000
)

// The columns of a file of users.
const (
	columnUserName    = "user_name"
	columnEmail       = "email"
	columnDisplayName = "display_name"
	columnExternalID  = "external_id"
	columnRoles       = "roles"
	columnConnectors  = "connectors"
)

var columns = []string{columnUserName, columnEmail, columnDisplayName, columnExternalID, columnRoles, columnConnectors}

// fileRow is somebody as a file has it. Cells that are empty are not there.
type fileRow struct {
	line  int
	cells map[string]string
}

func wrongFile(format string, args ...any) error {
	return authmethods.InvalidField("/file", fmt.Sprintf(format, args...))
}

// readFile reads a file of users: comma- or semicolon-separated values (RFC 4180) in
// UTF-8, the first line naming the columns.
func readFile(file []byte) ([]fileRow, error) {
	if len(file) > maxFile {
		return nil, wrongFile("A file has at most %d bytes.", maxFile)
	}
	file = bytes.TrimPrefix(file, []byte("\ufeff"))
	if !utf8.Valid(file) || bytes.IndexByte(file, 0) >= 0 {
		return nil, wrongFile("The file is not in UTF-8. Save it as “CSV UTF-8”.")
	}
	r := csv.NewReader(bytes.NewReader(file))
	r.Comma, r.FieldsPerRecord, r.TrimLeadingSpace = separator(file), -1, true
	names, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, wrongFile("The file is empty.")
	}
	if err == nil {
		names, err = readNames(names)
	}
	if err != nil {
		return nil, unreadable(err)
	}
	var rows []fileRow
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, unreadable(err)
		}
		line, _ := r.FieldPos(0)
		row, err := readRow(names, cells, line)
		if err != nil {
			return nil, err
		}
		if len(row.cells) == 0 {
			continue
		}
		if rows = append(rows, row); len(rows) > maxLines {
			return nil, wrongFile("A file has at most %d people.", maxLines)
		}
	}
}

// unreadable says where a file is broken, without its words.
func unreadable(err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return wrongFile("Line %d cannot be read: a quotation mark stands where it must not, or one is missing.", parse.Line)
	}
	return err
}

// separator is the one that the first line has more of.
func separator(file []byte) rune {
	first, _, _ := bytes.Cut(file, []byte("\n"))
	if bytes.Count(first, []byte(";")) > bytes.Count(first, []byte(",")) {
		return ';'
	}
	return ','
}

func readNames(cells []string) ([]string, error) {
	names := make([]string, len(cells))
	for i, cell := range cells {
		name := strings.ToLower(strings.TrimSpace(cell))
		if !slices.Contains(columns, name) {
			return nil, wrongFile("Column %d is none of %s.", i+1, strings.Join(columns, ", "))
		}
		if slices.Contains(names, name) {
			return nil, wrongFile("The column %s is there twice.", name)
		}
		names[i] = name
	}
	if !slices.Contains(names, columnUserName) {
		return nil, wrongFile("The column %s is missing.", columnUserName)
	}
	return names, nil
}

func readRow(names, cells []string, line int) (fileRow, error) {
	if len(cells) > len(names) {
		return fileRow{}, wrongFile("Line %d has more cells than there are columns.", line)
	}
	row := fileRow{line: line, cells: map[string]string{}}
	for i, cell := range cells {
		if cell = plainCell(strings.TrimSpace(cell)); cell != "" {
			row.cells[names[i]] = cell
		}
	}
	return row, nil
}

// references splits a cell that names several roles or connectors.
func references(cell string) []string {
	return tidyList(strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(" \t,;|", r) }))
}

// formula is what makes a spreadsheet take a cell for a formula.
const formula = "=+-@\t\r"

// safeCell keeps a spreadsheet from running what somebody has for a name.
func safeCell(cell string) string {
	if cell != "" && strings.ContainsRune(formula, rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// plainCell undoes [safeCell].
func plainCell(cell string) string {
	if len(cell) > 1 && cell[0] == '\'' && strings.ContainsRune(formula, rune(cell[1])) {
		return cell[1:]
	}
	return cell
}

package main

import (
	"strings"
	"testing"
)

func TestAStatementNumbersTheValuesOfEveryRow(t *testing.T) {
	got := table{into: "t (a, b, c)", row: "(?, 'x', ?)"}.statement(2)
	if want := "INSERT INTO t (a, b, c) VALUES ($1, 'x', $2),($3, 'x', $4)"; got != want {
		t.Errorf("got %s", got)
	}
}

func TestEverySeededTableHasAsManyValuesAsColumns(t *testing.T) {
	for _, table := range seeded {
		_, columns, _ := strings.Cut(strings.TrimSuffix(table.into, ")"), "(")
		// Of a JSON text the commas do not count.
		row, json, found := strings.Cut(table.row, "'[")
		if found {
			_, rest, _ := strings.Cut(json, "]'")
			row += "json" + rest
		}
		if got, want := strings.Count(row, ","), strings.Count(columns, ","); got != want {
			t.Errorf("%.12s: %d commas in the values, %d in the columns", table.into, got, want)
		}
	}
}

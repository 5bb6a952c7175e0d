package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// row is one line of the result.
type row struct {
	what   string
	figure string // what was measured, in its own unit
	value  float64
	unit   string // of value and bounds: "×" for a ratio
	must   float64
	aim    float64
	least  bool // the bounds are lower ones
	note   string
	failed string // why there is no figure
}

// report is the result of a run.
type report struct{ rows []row }

func (r *report) add(rows ...row) { r.rows = append(r.rows, rows...) }

// met says whether the value keeps to a bound.
func (r *row) met(bound float64) string {
	switch {
	case r.failed != "":
		return "missed"
	case bound == 0:
		return ""
	case r.least && r.value >= bound, !r.least && r.value <= bound:
		return "met"
	}
	return "missed"
}

// bound shows a bound with its verdict.
func (r *row) bound(bound float64) string {
	if bound == 0 {
		return "-"
	}
	sign := "≤"
	if r.least {
		sign = "≥"
	}
	return fmt.Sprintf("%s %s %s", sign, amount(bound, r.unit), r.met(bound))
}

func amount(v float64, unit string) string {
	number := fmt.Sprintf("%.2f", v)
	if v >= 100 {
		number = fmt.Sprintf("%.0f", v)
	}
	if strings.Contains(number, ".") {
		number = strings.TrimRight(strings.TrimRight(number, "0"), ".")
	}
	return strings.TrimSpace(number + " " + unit)
}

// print writes the table.
func (r *report) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "What\tFigure\tJudged\tMust\tAim")
	for _, row := range r.rows {
		judged, figure := amount(row.value, row.unit), row.figure
		if row.failed != "" {
			judged, figure = "-", row.failed
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", row.what, figure, judged, row.bound(row.must), row.bound(row.aim))
		if row.note != "" {
			fmt.Fprintf(t, "\t  %s\t\t\t\n", row.note)
		}
	}
	return t.Flush()
}

package catalog

import (
	"fmt"
	"sort"
	"strings"
)

// Fault is one thing wrong in one file. Line is 0 where no line can be named.
type Fault struct {
	File   string
	Line   int
	Path   string // keys joined by dots
	Detail string
}

func (f Fault) String() string {
	var b strings.Builder
	b.WriteString(f.File)
	if f.Line > 0 {
		fmt.Fprintf(&b, ":%d", f.Line)
	}
	b.WriteString(": ")
	if f.Path != "" {
		b.WriteString(f.Path + ": ")
	}
	b.WriteString(f.Detail)
	return b.String()
}

// Faults is everything wrong in all files, the error of [Load].
type Faults []Fault

// Error lists the faults, one a line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.String()
	}
	return strings.Join(lines, "\n")
}

// sorted orders by file and line and drops repetitions, which come about when
// several types include one faulty table.
func (f Faults) sorted() Faults {
	sort.SliceStable(f, func(i, j int) bool {
		if f[i].File != f[j].File {
			return f[i].File < f[j].File
		}
		return f[i].Line < f[j].Line
	})
	var kept Faults
	seen := map[Fault]bool{}
	for _, fault := range f {
		if !seen[fault] {
			seen[fault] = true
			kept = append(kept, fault)
		}
	}
	return kept
}

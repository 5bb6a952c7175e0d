package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	os.Exit(run(os.Stdin, os.Stdout, os.Getenv("CI") == "true"))
}

// run returns the exit code.
func run(in io.Reader, out io.Writer, strict bool) int {
	r := newReport(out)
	if err := r.read(in); err != nil {
		fmt.Fprintf(out, "report: %v\n", err)
		return 1
	}
	r.finish()
	switch {
	case !r.ok():
		return 1
	case strict && len(r.skipped) > 0:
		fmt.Fprintln(out, "In CI a skipped test is a failure.")
		return 1
	}
	return 0
}

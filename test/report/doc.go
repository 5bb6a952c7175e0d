// Command report reads the output of «go test -json» and prints what a person
// wants of it: failures in full, a line for each package, and every test that
// was skipped.
//
// It exits with 1 if a test failed, if a package did not build, if the output
// holds no test at all, or, where CI is true, if a test was skipped.
package main

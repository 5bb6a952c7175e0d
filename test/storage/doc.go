// Package storage runs tests of what is stored on both databases, SQLite in a
// folder of the test and a PostgreSQL of its own, so that a difference between them
// fails a test.
//
// A package that stores rows of its own calls [Conform] with all its row types: it
// holds each against the real tables and shows that no tenant reaches another's
// rows through it.
package storage

// Package replica keeps the list of the servers that run on one database, and
// waits until all of them have heard of a change. A server that does not say so is
// waited for until it must have stopped trusting its memory by its own rule: each
// lends from memory only while it hears the feed and is itself on the list.
package replica

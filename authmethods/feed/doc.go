// Package feed tells the caches of a process what any process has changed in the
// database, within about a quarter of a second, and whether they may be relied
// upon at all.
package feed

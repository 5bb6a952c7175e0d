// Package feed tells the caches of a process what any process has changed in the
// database, within about a quarter of a second, and whether they may be relied
// upon at all. On PostgreSQL it tells at once as well, without being relied upon,
// that a grant was refreshed: see [Bell].
package feed

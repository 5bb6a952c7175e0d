// Package db owns the only *gorm.DB in the program.
//
// A [DB] cannot be queried. It can only be narrowed to one [Tenant], and a
// Tenant can only be asked for rows that tenant owns. A query that crosses
// tenants is therefore not forbidden here; it cannot be written. The one door
// through the wall is [System], for background work and the command line, and it
// must be narrowed to a tenant before a row of one can be read.
//
// The paths on which each microsecond counts run a [Statement], an SQL text that
// [Prepare] accepts only if every table in it is bound to the tenant, by rules that
// leave no room for a clever exception. It is checked when the program starts.
//
// PostgreSQL is a second wall: its row-level security compares each row with the tenant
// that a statement names on its way there. The name lasts for one transaction and
// travels with the statement, outside a transaction in the same round trip.
//
// This stops accidents, not malice: who edits this package can undo it.
package db

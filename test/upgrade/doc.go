// Package upgrade replaces the program of before by this one, under load, as
// docs/operations.md says: on PostgreSQL one server after another, with the schema
// migrated while the old ones still serve, and on SQLite by a stop and a start. It
// also goes back by way of a backup, and kills migrations.
//
// The program of before is built from the repository's history, from the commit that
// the file previous names. A clone that does not hold that commit upgrades from this
// program to itself, which is a rolling restart at least, and says so. LATCHKEY_TEST_PREVIOUS names one that is
// built already.
//
// To release a program, write its commit into previous. Migrations are killed with
// ptrace(2), so that needs Linux and root or CAP_SYS_PTRACE.
package upgrade

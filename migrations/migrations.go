// Package migrations holds the schema history of both databases and applies it.
//
// A migration is one numbered SQL file per dialect. Files are never edited once
// released and never removed; there are no down migrations, because a backup is
// the only honest way back from a data migration.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
)

//go:embed sqlite/*.sql postgres/*.sql
var files embed.FS

// Dialect names a directory of migrations.
type Dialect string

// The dialects.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// NewerError says that the database was migrated by a newer program.
type NewerError struct{ Database, Program int }

// Error says what to do about it.
func (e *NewerError) Error() string {
	return fmt.Sprintf("the database has schema version %d, this program knows versions up to %d: "+
		"it was used by a newer Latchkey; run that one, or restore a backup made before the upgrade", e.Database, e.Program)
}

// statements are how each dialect excludes other migrators and keeps foreign
// keys honest while tables are rebuilt. What migrates PostgreSQL sees the rows of
// all tenants, as its row-level security says. SQLite ignores PRAGMA foreign_keys inside
// a transaction, so it is switched off before BEGIN and the whole database
// checked before COMMIT.
type statements struct{ before, begin, check, after, mark string }

func of(d Dialect) statements {
	if d == SQLite {
		return statements{
			before: "PRAGMA foreign_keys = OFF",
			begin:  "BEGIN IMMEDIATE",
			check:  "SELECT count(*) FROM pragma_foreign_key_check",
			after:  "PRAGMA foreign_keys = ON",
			mark:   "INSERT INTO schema_version (version) VALUES (?)",
		}
	}
	return statements{
		before: "SELECT 1",
		begin:  "BEGIN; SET LOCAL lock_timeout = 0; SET LOCAL latchkey.tenant = '*'; SELECT pg_advisory_xact_lock(7305809155432112)",
		check:  "SELECT 0",
		after:  "SELECT 1",
		mark:   "INSERT INTO schema_version (version) VALUES ($1)",
	}
}

// Known returns the newest schema version that this program knows.
func Known(d Dialect) int { return len(names(d)) }

func names(d Dialect) []string {
	found, err := fs.Glob(files, string(d)+"/*.sql")
	if err != nil || len(found) == 0 {
		panic("migrations: no files for dialect " + string(d)) // a build without them cannot exist
	}
	slices.Sort(found)
	return found
}

// Apply brings db to the newest schema in one transaction and returns the number
// of migrations it ran. It refuses a newer database with a [NewerError]. Any
// number of processes may call it at once.
func Apply(ctx context.Context, db *sql.DB, d Dialect) (int, error) {
	return ApplyUpTo(ctx, db, d, Known(d))
}

// ApplyUpTo is [Apply] that stops at a version, for what was written with an older
// schema: a backup is put into the schema that it comes from and migrated then.
func ApplyUpTo(ctx context.Context, db *sql.DB, d Dialect, last int) (int, error) {
	// A role that only serves may look and no more.
	if have, err := Version(ctx, db); err == nil && have == Known(d) {
		return 0, nil
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return 0, fmt.Errorf("migrations: connecting: %w", err)
	}
	defer conn.Close()
	s := of(d)
	for _, q := range []string{s.before, s.begin} {
		if _, err := conn.ExecContext(ctx, q); err != nil {
			return 0, fmt.Errorf("migrations: beginning: %w", err)
		}
	}
	n, err := advance(ctx, conn, d, s, last)
	// The connection goes back to the pool: leave no transaction and no pragma on
	// it, even when ctx is what ended us.
	cleanup := context.WithoutCancel(ctx)
	if err != nil {
		conn.ExecContext(cleanup, "ROLLBACK")
	}
	if _, again := conn.ExecContext(cleanup, s.after); err == nil {
		err = again
	}
	return n, err
}

// advance runs inside the transaction and commits it.
func advance(ctx context.Context, conn *sql.Conn, d Dialect, s statements, last int) (int, error) {
	if _, err := conn.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL PRIMARY KEY)"); err != nil {
		return 0, fmt.Errorf("migrations: version table: %w", err)
	}
	have, err := version(ctx, conn)
	if err != nil {
		return 0, err
	}
	all := names(d)
	if have > len(all) {
		return 0, &NewerError{Database: have, Program: len(all)}
	}
	all = all[:max(have, min(last, len(all)))]
	for i, name := range all[have:] {
		body, err := files.ReadFile(name)
		if err == nil {
			_, err = conn.ExecContext(ctx, string(body))
		}
		if err == nil {
			_, err = conn.ExecContext(ctx, s.mark, have+i+1)
		}
		if err != nil {
			return 0, fmt.Errorf("migrations: %s: %w", path.Base(name), err)
		}
	}
	if have < len(all) { // it takes a look at every row
		var broken int
		if err := conn.QueryRowContext(ctx, s.check).Scan(&broken); err != nil {
			return 0, fmt.Errorf("migrations: checking foreign keys: %w", err)
		}
		if broken > 0 {
			return 0, fmt.Errorf("migrations: %d broken foreign keys after migrating", broken)
		}
	}
	if _, err := conn.ExecContext(ctx, "COMMIT"); err != nil {
		return 0, fmt.Errorf("migrations: committing: %w", err)
	}
	return len(all) - have, nil
}

// Version returns the schema version of db, 0 for an empty one.
func Version(ctx context.Context, db *sql.DB) (int, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return 0, fmt.Errorf("migrations: connecting: %w", err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "SELECT 1 FROM schema_version"); err != nil {
		// Only an empty database has no version table. One that cannot be read at
		// all says so to whoever migrates it.
		return 0, nil
	}
	return version(ctx, conn)
}

func version(ctx context.Context, conn *sql.Conn) (int, error) {
	var v int
	if err := conn.QueryRowContext(ctx, "SELECT COALESCE(MAX(version), 0) FROM schema_version").Scan(&v); err != nil {
		return 0, fmt.Errorf("migrations: reading the schema version: %w", err)
	}
	return v, nil
}

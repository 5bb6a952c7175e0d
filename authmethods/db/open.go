package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"latchkey/migrations"
)

// Options say which database to open and how.
type Options struct {
	// URL is "sqlite:PATH" or "postgres://…" (also "postgresql://…").
	URL string
	// Serve takes the right to be the one server on a SQLite file; opening fails
	// while another has it. Command-line tools leave it unset and may open the
	// file beside the server.
	Serve bool
	// MaxConns bounds the connections to PostgreSQL; 0 means 16.
	MaxConns int
	Log      *slog.Logger // nil: no log
}

// Open opens the database and brings its schema up to date; see [Connect] and
// [DB.Migrate].
func Open(ctx context.Context, o Options) (*DB, error) {
	d, err := Connect(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := d.Migrate(ctx); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// Connect opens the database as it is.
func Connect(ctx context.Context, o Options) (*DB, error) {
	var d *DB
	var err error
	switch scheme, rest, _ := strings.Cut(o.URL, ":"); scheme {
	case "sqlite":
		d, err = openSQLite(ctx, rest, o)
	case "postgres", "postgresql":
		d, err = openPostgres(ctx, o)
	default:
		return nil, fmt.Errorf("db: database URL must begin with sqlite: or postgres://")
	}
	return d, err
}

// Migrate brings the schema up to date. It refuses a database that a newer
// program has migrated ([migrations.NewerError]).
func (d *DB) Migrate(ctx context.Context) error {
	_, err := migrations.Apply(ctx, d.pools[0], d.dialect)
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "42501" {
		return fmt.Errorf("db: the schema is not up to date and this role may not change it (%w); "+
			"run «latchkey migrate» with the address of the role that owns the tables", err)
	}
	return err
}

// MigrateUpTo is [DB.Migrate] that stops at a version of the schema.
func (d *DB) MigrateUpTo(ctx context.Context, version int) error {
	_, err := migrations.ApplyUpTo(ctx, d.pools[0], d.dialect, version)
	return err
}

// SchemaVersion returns the version of the database's schema, 0 for an empty one.
func (d *DB) SchemaVersion(ctx context.Context) (int, error) {
	return migrations.Version(ctx, d.pools[0])
}

// gormOn returns GORM on an open pool, with everything switched off that does
// more than map rows.
func gormOn(dialector gorm.Dialector, prepare bool, log *slog.Logger) (*gorm.DB, error) {
	return gorm.Open(dialector, &gorm.Config{
		SkipDefaultTransaction: true,
		PrepareStmt:            prepare,
		TranslateError:         false, // fail reads the drivers' codes
		Logger:                 newSlowLog(log),
		NowFunc:                func() time.Time { return time.Now().UTC() },
		DisableAutomaticPing:   true,
		// Columns are named. What a prepared «SELECT *» yields changes when a newer
		// program adds one, and PostgreSQL then refuses the statement.
		QueryFields: true,
	})
}

func (d *DB) own(pool *sql.DB) {
	d.pools = append(d.pools, pool)
	d.closers = append(d.closers, pool.Close)
}

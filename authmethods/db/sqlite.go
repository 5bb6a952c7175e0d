package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"
	"github.com/ncruces/go-sqlite3/gormlite"

	"latchkey/migrations"
)

// sqliteNow is SQLite's clock. It counts milliseconds.
const sqliteNow = "CAST(unixepoch('subsec') * 1000000 AS INTEGER)"

// How many connections only read: for GORM, and for statements. Reading takes
// processors rather than waits.
const (
	readers = 4
	reading = 4
)

// pragmas are in the address so that every connection of the pool has them.
// synchronous(full): with WAL, anything less may lose the newest commits when
// the power fails, and a lost commit of a rotated refresh token is a dead
// connection. secure_delete: a deleted secret must not stay in the file.
// busy_timeout: who cannot be served is told so within two seconds. It comes first,
// since what follows may find the file locked by somebody who is just leaving.
var pragmas = []string{
	"busy_timeout(1500)", "journal_mode(wal)", "synchronous(full)", "foreign_keys(1)", "secure_delete(on)",
}

// What the connection that writes has beside: room for the pages of the refreshes
// in flight, in KiB; and fewer checkpoints, since each of them takes the same pages
// several times. They are 4 KiB each.
const (
	cache      = "cache_size(-8192)"
	checkpoint = "wal_autocheckpoint(4000)"
)

func openSQLite(ctx context.Context, path string, o Options) (*DB, error) {
	path = strings.TrimPrefix(path, "//")
	if path == "" {
		return nil, errors.New("db: sqlite: needs the path of a file")
	}
	d := &DB{dialect: migrations.SQLite}
	d.base = &d.handle
	if err := prepareFile(path); err != nil {
		return nil, err
	}
	if o.Serve {
		unlock, err := lockFile(path + ".lock")
		if err != nil {
			return nil, err
		}
		d.closers = append(d.closers, unlock)
	}
	write, err := sqlitePool(path, 1, "immediate", append(slices.Clone(pragmas), cache, checkpoint))
	if err != nil {
		d.Close()
		return nil, err
	}
	d.own(write)
	read, err := sqlitePool(path, readers, "deferred", append(slices.Clone(pragmas), "query_only(on)"))
	if err != nil {
		d.Close()
		return nil, err
	}
	d.own(read)
	statements, err := sqlitePool(path, reading, "deferred", append(slices.Clone(pragmas), "query_only(on)"))
	if err != nil {
		d.Close()
		return nil, err
	}
	lines := newLines(statements, reading)
	d.closers = append(d.closers, lines.close)
	if err := checkSQLite(ctx, write); err != nil {
		d.Close()
		return nil, err
	}
	// The driver makes the index of the log, which holds no content, for all to
	// read if the process lets it.
	if err := os.Chmod(path+"-shm", 0o600); err != nil {
		d.Close()
		return nil, fmt.Errorf("db: index of the log: %w", err)
	}
	d.now = sqliteNow
	d.runWrite = runner{dialect: d.dialect, log: o.Log} // its line comes with a transaction
	d.runRead = runner{dialect: d.dialect, log: o.Log, lines: lines}
	if d.write, err = gormOn(gormlite.OpenDB(write), true, o.Log); err == nil {
		d.read, err = gormOn(gormlite.OpenDB(read), true, o.Log)
	}
	if err != nil {
		d.Close()
		return nil, fmt.Errorf("db: opening %s: %w", path, err)
	}
	d.group = newGroup(d.handle, write)
	d.closers = append(d.closers, d.group.close) // first of all
	return d, nil
}

func sqlitePool(path string, conns int, lock string, pragmas []string) (*sql.DB, error) {
	// modeof gives the write-ahead log the mode of the database.
	q := url.Values{"_txlock": {lock}, "_pragma": pragmas, "modeof": {path}}
	dsn := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
	// Without the stability a statement is compiled anew whenever a bound LIMIT
	// differs, and even where it does not.
	pool, err := driver.Open(dsn, func(c *sqlite3.Conn) error {
		_, err := c.Config(sqlite3.DBCONFIG_ENABLE_QPSG, true)
		return err
	}, finalize)
	if err != nil {
		return nil, fmt.Errorf("db: opening %s: %w", path, err)
	}
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	return pool, nil
}

// prepareFile makes the file for its owner only before SQLite would make it
// readable for all, and refuses one that others can read.
func prepareFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("db: data directory: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("db: database file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("db: database file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("db: %s can be read by others (mode %04o); run: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	return nil
}

// lockFile makes this process the one server on the file. The system releases
// the lock when the process ends, however it ends.
func lockFile(path string) (func() error, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("db: lock file: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("db: another Latchkey serves this database already (%s is locked); SQLite allows one server, use PostgreSQL for several", path)
	}
	return f.Close, nil
}

// checkSQLite reads back what must hold: settings that did not reach the
// connection, or a SQLite that can corrupt its log, are refused.
func checkSQLite(ctx context.Context, pool *sql.DB) error {
	var mode, version string
	var foreign, full int
	row := pool.QueryRowContext(ctx, `SELECT (SELECT journal_mode FROM pragma_journal_mode), (SELECT foreign_keys FROM pragma_foreign_keys),
		(SELECT synchronous FROM pragma_synchronous), sqlite_version()`)
	if err := row.Scan(&mode, &foreign, &full, &version); err != nil {
		return fail("opening the database file", err)
	}
	if mode != "wal" || foreign != 1 || full != 2 {
		return fmt.Errorf("db: SQLite settings did not hold (journal %s, foreign keys %d, synchronous %d)", mode, foreign, full)
	}
	var major, minor, patch int
	if _, err := fmt.Sscanf(version, "%d.%d.%d", &major, &minor, &patch); err != nil || major*1e6+minor*1e3+patch < 3_051_003 {
		return fmt.Errorf("db: SQLite %s can corrupt its write-ahead log; 3.51.3 or newer is needed", version)
	}
	return nil
}

package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/ncruces/go-sqlite3"
	"gorm.io/gorm"

	"latchkey/authmethods"
)

// ErrDuplicate is returned when a row would break a uniqueness rule.
var ErrDuplicate = errors.New("db: duplicate")

// retryStorage is how soon a caller may try again when the database is away.
const retryStorage = 2 * time.Second

// fail turns a driver's error into one the rest of the program can act on, and
// says what was being attempted. Row contents never get into it: PostgreSQL puts
// whole rows into the detail of a failed check.
func fail(doing string, err error) error {
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, gorm.ErrRecordNotFound), errors.Is(err, pgx.ErrNoRows):
		return authmethods.Missing()
	case isDuplicate(err):
		return fmt.Errorf("db: %s: %w", doing, ErrDuplicate)
	case isUnavailable(err):
		return &authmethods.Problem{
			Kind: authmethods.Unavailable, Code: authmethods.CodeStorageUnavailable,
			Detail: "The database does not answer or cannot be written to.", RetryAfter: retryStorage,
			Err: fmt.Errorf("db: %s: %w", doing, err),
		}
	case errors.As(err, &pg):
		return fmt.Errorf("db: %s: SQLSTATE %s %s (%s)", doing, pg.Code, pg.Message, pg.ConstraintName)
	}
	return fmt.Errorf("db: %s: %w", doing, err)
}

func isDuplicate(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23505"
	}
	return errors.Is(err, gorm.ErrDuplicatedKey) ||
		errors.Is(err, sqlite3.CONSTRAINT_UNIQUE) || errors.Is(err, sqlite3.CONSTRAINT_PRIMARYKEY)
}

// isUnavailable reports faults of the database itself, as opposed to those of a
// statement: it is down, busy beyond patience, read-only or out of space.
func isUnavailable(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code[:2] {
		case "08", "53", "57", "58", "25":
			return true
		}
		// Somebody else was at the row for too long, or was there first.
		return pg.Code == "55P03" || pg.Code == "40001" || pg.Code == "40P01"
	}
	// SQLite's errors have the methods of a net.Error, so they are judged first.
	var lite *sqlite3.Error
	if errors.As(err, &lite) {
		return sqliteUnavailable(lite)
	}
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.ErrUnexpectedEOF) ||
		strings.Contains(err.Error(), "database is closed") || strings.Contains(err.Error(), "closed pool") // there are no values for it
}

func sqliteUnavailable(err *sqlite3.Error) bool {
	for _, code := range []sqlite3.ErrorCode{sqlite3.BUSY, sqlite3.LOCKED, sqlite3.READONLY, sqlite3.IOERR, sqlite3.FULL, sqlite3.CANTOPEN, sqlite3.NOTADB, sqlite3.CORRUPT} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

package db

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
)

// durable is the setting without which a commit that was answered may be lost; idle
// the one without which a process that stands still amid a transaction keeps its
// rows from all others.
const (
	durable = "synchronous_commit"
	idle    = "idle_in_transaction_session_timeout"
)

// settings are what every connection has, unless its address says otherwise. A
// server set to less is overruled.
var settings = map[string]string{
	durable:        "on",
	idle:           "5s",
	"lock_timeout": "1500ms", // who waits for a row for longer is told that the database is busy, as on SQLite
}

// addSettings adds the settings that params lack and returns their names.
func addSettings(params map[string]string) (added []string) {
	for name, value := range settings {
		if params[name] == "" {
			params[name] = value
			added = append(added, name)
		}
	}
	return added
}

// setLocal gives a transaction the settings that a pooler did not take.
func setLocal(g *gorm.DB) error {
	for name, value := range settings {
		if err := g.Exec("SET LOCAL " + name + " = '" + value + "'").Error; err != nil {
			return err
		}
	}
	return nil
}

// probe connects once and reports whether a pooler stands between: what it calls
// the process of the server is none. Behind one no notices are heard, since it may
// lend its connections by the transaction.
func probe(ctx context.Context, cfg *pgx.ConnConfig) (pooled bool, err error) {
	conn, err := pgx.ConnectConfig(ctx, cfg.Copy())
	if err != nil {
		return false, fail("connecting to PostgreSQL", err)
	}
	defer closeSoon(ctx, conn)
	var process uint32
	var setting string
	// The simple protocol leaves no statement behind on a connection that others use.
	row := conn.QueryRow(ctx, "SELECT pg_backend_pid(), current_setting('"+durable+"')", pgx.QueryExecModeSimpleProtocol)
	if err := row.Scan(&process, &setting); err != nil {
		return false, fail("connecting to PostgreSQL", err)
	}
	if setting == "off" && cfg.RuntimeParams[durable] == "" {
		return false, fmt.Errorf("db: %s is off, so that answered commits may be lost, and the pooler lets nobody change it; run: ALTER DATABASE … SET %s = on", durable, durable)
	}
	return process != conn.PgConn().PID(), nil
}

// closeSoon takes leave of the server, if it still listens to that.
func closeSoon(ctx context.Context, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	conn.Close(ctx)
}

// isRefusedSetting recognises the refusal of PgBouncer.
func isRefusedSetting(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "08P01" && strings.Contains(pg.Message, "startup parameter")
}

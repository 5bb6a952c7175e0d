package db

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"latchkey/migrations"
)

func TestOnlySlowStatementsAreLoggedAndNeverTheirValues(t *testing.T) {
	var out bytes.Buffer
	l := newSlowLog(slog.New(slog.NewTextHandler(&out, nil)))
	const planted = "planted value"
	if _, ok := l.(gorm.ParamsFilter); !ok {
		t.Fatal("GORM would not ask what to keep from the log")
	}
	sql, values := l.(slowLog).ParamsFilter(t.Context(), "UPDATE t SET c = ?", planted)
	if len(values) != 0 || strings.Contains(sql, planted) {
		t.Errorf("values reach the log: %s %v", sql, values)
	}
	statement := func() (string, int64) { return sql, 1 }
	l.Trace(t.Context(), time.Now(), statement, errors.New("UNIQUE constraint failed"))
	if out.Len() > 0 {
		t.Errorf("a failure was logged here: %s", out.String())
	}
	l.LogMode(logger.Warn).Trace(t.Context(), time.Now().Add(-2*slow), statement, errors.New("anything"))
	if got := out.String(); !strings.Contains(got, "UPDATE t SET c = ?") || strings.Contains(got, planted) || strings.Contains(got, "anything") {
		t.Errorf("of a slow statement was logged: %s", got)
	}
}

func TestASlowStatementIsLoggedWithItsTextOnly(t *testing.T) {
	var out bytes.Buffer
	r := runner{dialect: migrations.SQLite, log: slog.New(slog.NewTextHandler(&out, nil))}
	st := Prepare("SELECT x.a FROM x WHERE x.tenant_id = {tenant} AND x.b = ?")
	r.slow(t.Context(), st, time.Now())
	if out.Len() > 0 {
		t.Errorf("a fast statement was logged: %s", out.String())
	}
	r.slow(t.Context(), st, time.Now().Add(-2*slow))
	if got := out.String(); !strings.Contains(got, "FROM x WHERE x.tenant_id = ?1") {
		t.Errorf("of a slow statement was logged: %s", got)
	}
	runner{dialect: migrations.SQLite}.slow(t.Context(), st, time.Now().Add(-2*slow)) // without a log
}

package db

import (
	"context"
	"log/slog"
	"time"

	"gorm.io/gorm/logger"
)

// slow is a statement worth a line in the log.
const slow = time.Second

// slowLog has GORM log statements that take long and nothing else: what fails is
// returned, and often expected, such as a row that is there already.
type slowLog struct{ logger.Interface }

func newSlowLog(log *slog.Logger) logger.Interface {
	if log == nil {
		return logger.Discard
	}
	return slowLog{logger.NewSlogLogger(log, logger.Config{SlowThreshold: slow, LogLevel: logger.Warn})}
}

// LogMode implements [logger.Interface].
func (l slowLog) LogMode(level logger.LogLevel) logger.Interface {
	return slowLog{l.Interface.LogMode(level)}
}

// Trace implements [logger.Interface].
func (l slowLog) Trace(ctx context.Context, begin time.Time, statement func() (string, int64), _ error) {
	l.Interface.Trace(ctx, begin, statement, nil)
}

// ParamsFilter keeps the values of a statement out of the log: they are secrets or
// may be.
func (slowLog) ParamsFilter(_ context.Context, sql string, _ ...any) (string, []any) { return sql, nil }

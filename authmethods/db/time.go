package db

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"
)

// Time is an instant as both databases store it: Unix microseconds, UTC. The
// zero Time is stored as NULL and means that the thing has not happened.
type Time int64

// At returns t as the database stores it.
func At(t time.Time) Time {
	if t.IsZero() {
		return 0
	}
	return Time(t.UnixMicro())
}

// Time returns the instant in UTC; the zero time for NULL.
func (t Time) Time() time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(t)).UTC()
}

// Value implements [driver.Valuer].
func (t Time) Value() (driver.Value, error) {
	if t == 0 {
		return nil, nil
	}
	return int64(t), nil
}

// Scan implements [database/sql.Scanner].
func (t *Time) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*t = 0
	case int64:
		*t = Time(v)
	default:
		return fmt.Errorf("db: a time stored as %T", v)
	}
	return nil
}

// JSON is a value stored as text in JSON.
type JSON[T any] struct{ V T }

// Value implements [driver.Valuer].
func (j JSON[T]) Value() (driver.Value, error) {
	text, err := json.Marshal(j.V)
	return string(text), err
}

// Scan implements [database/sql.Scanner].
func (j *JSON[T]) Scan(v any) error {
	switch v := v.(type) {
	case string:
		return json.Unmarshal([]byte(v), &j.V)
	case []byte:
		return json.Unmarshal(v, &j.V)
	default:
		return fmt.Errorf("db: JSON stored as %T", v)
	}
}

// GormDataType keeps GORM from taking the struct for an association.
func (JSON[T]) GormDataType() string { return "text" }

package db

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"
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
		return j.scanText([]byte(v))
	case []byte:
		return j.scanText(v)
	default:
		return fmt.Errorf("db: JSON stored as %T", v)
	}
}

// scanText implements texts.
func (j *JSON[T]) scanText(text []byte) error {
	switch list := any(&j.V).(type) {
	case *[]string:
		if words, ok := plainWords(text); ok {
			*list = words
			return nil
		}
	case *[]Time:
		if string(text) == "[]" {
			*list = nil
			return nil
		}
	}
	return json.Unmarshal(text, &j.V)
}

// plainWords reads a list of texts without escapes, as nearly all stored ones are,
// at a fraction of what encoding/json takes. The texts share their memory.
func plainWords(text []byte) ([]string, bool) {
	s := string(text)
	rest, ok := strings.CutPrefix(s, `["`)
	if !ok || !strings.HasSuffix(rest, `"]`) || strings.ContainsFunc(s, escaped) {
		return nil, false
	}
	words := strings.Split(rest[:len(rest)-len(`"]`)], `","`)
	for _, w := range words {
		if strings.Contains(w, `"`) {
			return nil, false
		}
	}
	return words, true
}

// escaped finds what does not stand for itself within a JSON text, or need not.
func escaped(r rune) bool { return r == '\\' || r < ' ' || r >= 0x7f }

// GormDataType keeps GORM from taking the struct for an association.
func (JSON[T]) GormDataType() string { return "text" }

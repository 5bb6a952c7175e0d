package upstream

import (
	"net/http"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name, value, date string
		want              time.Duration
	}{
		{"seconds", "120", "", 2 * time.Minute},
		{"seconds among spaces", " 7 ", "", 7 * time.Second},
		{"none", "", "", 0},
		{"nothing", "0", "", 0},
		{"less than nothing", "-5", "", 0},
		{"a fraction", "1.5", "", 0},
		{"words", "soon", "", 0},
		{"more than a day", "90000", "", 24 * time.Hour},
		{"more than any number", "99999999999999999999999", "", 24 * time.Hour},
		{"a date", "Sat, 21 Nov 2026 10:05:00 GMT", "", 5 * time.Minute},
		{"a date by the server's own clock", "Sat, 21 Nov 2026 12:05:00 GMT", "Sat, 21 Nov 2026 12:00:00 GMT", 5 * time.Minute},
		{"a date in the past", "Sat, 21 Nov 2026 09:00:00 GMT", "", 0},
		{"a date far ahead", "Mon, 21 Nov 2033 09:00:00 GMT", "", 24 * time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := http.Header{"Retry-After": {test.value}, "Date": {test.date}}
			if got := retryAfter(h, now); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("120", "Sat, 21 Nov 2026 12:00:00 GMT")
	f.Add("Sat, 21 Nov 2026 12:00:00 GMT", "")
	f.Fuzz(func(t *testing.T, value, date string) {
		h := http.Header{"Retry-After": {value}, "Date": {date}}
		if d := retryAfter(h, time.Unix(1795255200, 0)); d < 0 || d > maxRetryAfter {
			t.Errorf("%v", d)
		}
	})
}

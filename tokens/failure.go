package tokens

import (
	"fmt"
	"time"

	"latchkey/authmethods"
)

// Verdict says what a provider's refusal is about.
type Verdict int

// The verdicts. What is not understood is temporary: an unknown error never
// kills a grant.
const (
	Temporary      Verdict = iota
	GrantLost              // the refresh token or code is invalid, expired or revoked
	ClientRejected         // the client itself was refused; its grants are untouched
)

// Failure is a provider's answer, or the lack of one, that yielded no token.
// None of its fields can hold a secret: the body it was read from is not kept.
type Failure struct {
	Verdict Verdict
	Code    authmethods.Code
	// Unanswered says that the request may have taken effect and that its answer
	// did not reach us.
	Unanswered bool
	RetryAfter time.Duration // what the provider asked for; zero: nothing
	Status     int           // HTTP status; 0: no response
	// ProviderError is the provider's error code if it looks like one, for
	// technical details.
	ProviderError string
}

// Error implements error for logs.
func (f *Failure) Error() string {
	return fmt.Sprintf("%s (status %d, provider error %q)", f.Code, f.Status, f.ProviderError)
}

// maxBackoff bounds the wait after failures in a row.
const maxBackoff = 15 * time.Minute

// backoff returns how long to wait after the nth failure in a row. jitter in
// [0, 1) spreads those that failed together.
func backoff(n int, f *Failure, throttled time.Duration, jitter float64) time.Duration {
	ceiling := min(time.Second<<min(n, 10), maxBackoff)
	wait := ceiling/2 + time.Duration(float64(ceiling/2)*jitter)
	if f.Code == authmethods.CodeProviderThrottled {
		// Retrying during a throttle prolongs it at some providers, so repeats
		// wait longer.
		wait = max(wait, throttled*time.Duration(min(n, 3))+time.Duration(float64(throttled/10)*jitter))
	}
	return max(wait, min(f.RetryAfter, 24*time.Hour))
}

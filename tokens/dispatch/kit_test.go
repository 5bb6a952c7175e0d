package dispatch

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/tokens"
)

// vault is a Bank in memory, for tests whose time is not real.
type vault struct {
	mu     sync.Mutex
	away   error
	slow   time.Duration // of each call
	drawn  map[string]time.Time
	closed map[string]time.Time
	wants  []int
}

func newVault() *vault {
	return &vault{drawn: map[string]time.Time{}, closed: map[string]time.Time{}}
}

func (v *vault) Draw(_ context.Context, key string, interval time.Duration, burst, want int) (int, time.Duration, error) {
	time.Sleep(v.slow)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.away != nil {
		return 0, 0, v.away
	}
	v.wants = append(v.wants, want)
	now, drawn := time.Now(), v.drawn[key]
	if drawn.Before(now) {
		drawn = now
	}
	full := now.Add(time.Duration(burst) * interval)
	got := min(want, int(full.Sub(drawn)/interval))
	if got <= 0 {
		return 0, drawn.Add(interval).Sub(full), nil
	}
	v.drawn[key] = drawn.Add(time.Duration(got) * interval)
	return got, 0, nil
}

func (v *vault) Close(_ context.Context, key string, d time.Duration) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.away != nil {
		return v.away
	}
	if until := time.Now().Add(d); d == 0 || until.After(v.closed[key]) {
		v.closed[key] = until
	}
	return nil
}

func (v *vault) Closed(context.Context) (map[string]time.Duration, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	closed := map[string]time.Duration{}
	for key, until := range v.closed {
		if left := time.Until(until); left > 0 {
			closed[key] = left
		}
	}
	return closed, v.away
}

func (v *vault) set(away error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.away = away
}

var errGone = errors.New("no such database")

// inBubble runs f where time passes as soon as nothing else happens. It fails if a
// goroutine of f is left at the end.
func inBubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// start runs a process until the test ends.
func start(t *testing.T, b Bank) *Dispatcher {
	t.Helper()
	defer synctest.Wait()
	return run(t, b)
}

func run(t *testing.T, b Bank) *Dispatcher {
	t.Helper()
	d := New(Options{Bank: b, Log: slog.New(slog.DiscardHandler)})
	var running sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	running.Go(func() { d.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return d
}

// somebody waits for an errand with this, and nobody for one with nil.
var somebody = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// errand is one that somebody waits for.
func errand(party, grant string) tokens.Errand {
	return tokens.Errand{Party: party, Grant: grant, Host: "accounts.test", Client: "client", Demanded: somebody}
}

func limited(perClient, perHost catalog.RequestLimit) tokens.Errand {
	e := errand("acme", "g")
	e.Limits.PerClient, e.Limits.PerHost = perClient, perHost
	return e
}

// The failures of these stories.
var (
	down      = &tokens.Failure{Code: authmethods.CodeProviderDown, Unanswered: true}
	throttled = &tokens.Failure{Code: authmethods.CodeProviderThrottled, Status: 429}
	refused   = &tokens.Failure{Code: authmethods.CodeGrantLost, Verdict: tokens.GrantLost, Status: 400}
)

// send makes an errand that ends at once as it is said.
func send(t *testing.T, d *Dispatcher, e tokens.Errand, f *tokens.Failure) {
	t.Helper()
	enter(t, d, e)(tokens.Departure{Sent: true, Failure: f})
	synctest.Wait() // for what is told
}

func enter(t *testing.T, d *Dispatcher, e tokens.Errand) func(tokens.Departure) {
	t.Helper()
	leave, err := d.Enter(t.Context(), e)
	if err != nil {
		t.Fatalf("%s of %s may not leave: %v", e.Grant, e.Party, err)
	}
	return leave
}

// stopped wants the errand refused with a code, and returns when to come back.
func stopped(t *testing.T, d *Dispatcher, e tokens.Errand, code authmethods.Code) time.Duration {
	t.Helper()
	leave, err := d.Enter(t.Context(), e)
	if err == nil {
		leave(tokens.Departure{})
	}
	var p *authmethods.Problem
	if !errors.As(err, &p) || p.Kind != authmethods.Unavailable || p.Code != code || p.RetryAfter <= 0 {
		t.Fatalf("%s of %s: %v, want %s", e.Grant, e.Party, err, code)
	}
	return p.RetryAfter
}

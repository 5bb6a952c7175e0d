package freeze_test

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/test/fleet"
)

// answer is one request that might have been answered with a token.
type answer struct {
	asked, answered time.Time
	tenant, process string
	lent            bool
	frozen          bool
	way             string
}

// load borrows from every server by every way at once until it ends.
type load struct {
	w       *fleet.World
	end     context.CancelFunc
	running sync.WaitGroup
	mu      sync.Mutex
	list    []answer
	lent    atomic.Int64
}

// ways are the interfaces that lend.
var ways = [...]string{"tokens", "tokens", "tokens", "batch", "exchange"}

func press(t *testing.T, w *fleet.World) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	l := &load{w: w, end: cancel}
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	for range 4 {
		for _, way := range ways {
			l.running.Go(func() {
				for ctx.Err() == nil {
					l.borrow(ctx, client, way)
					select {
					case <-ctx.Done():
					case <-time.After(time.Duration(10+rand.IntN(20)) * time.Millisecond):
					}
				}
			})
		}
	}
	t.Cleanup(func() {
		cancel()
		l.running.Wait()
		client.CloseIdleConnections()
	})
	return l
}

// borrow asks a random server for a token of a random connection.
func (l *load) borrow(ctx context.Context, client *http.Client, way string) {
	p, c := l.w.Processes[rand.IntN(len(l.w.Processes))], l.w.Connections[rand.IntN(len(l.w.Connections))]
	wish := map[string]any{"tenant": c.Of.Slug, "method": c.Of.Method, "environment": "production", "subject": c.Subject}
	path, body, media := "/internal/v1/tokens", encoded(wish), "application/json"
	switch way {
	case "batch":
		path, body = "/internal/v1/tokens/batch", encoded(map[string]any{"loans": []any{wish, wish}})
	case "exchange":
		path, media = "/oauth/token", "application/x-www-form-urlencoded"
		body = url.Values{
			"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "subject_token": {c.Of.Key},
			"subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"}, "audience": {c.Of.Slug + "/" + c.Of.Method},
			"environment": {"production"}, "subject": {c.Subject},
		}.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.Internal()+path, strings.NewReader(body))
	if err != nil {
		return
	}
	r.Header.Set("Authorization", "Bearer "+c.Of.Key)
	r.Header.Set("Content-Type", media)
	r.GetBody = nil
	a := answer{asked: time.Now(), tenant: c.Of.Slug, process: p.Name, way: way}
	resp, err := client.Do(r)
	if err != nil {
		return
	}
	defer resp.Body.Close()
	var content bytes.Buffer
	_, err = content.ReadFrom(resp.Body)
	a.answered = time.Now()
	a.lent = err == nil && strings.Contains(content.String(), `"access_token":`)
	a.frozen = strings.Contains(content.String(), `"frozen"`)
	if a.lent {
		l.lent.Add(1)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, a)
}

func encoded(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// since returns the answers to what was asked, or by true answered, after a moment.
func (l *load) since(at time.Time, answered bool) (some []answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.list {
		if a.asked.After(at) || answered && a.answered.After(at) {
			some = append(some, a)
		}
	}
	return some
}

// flows waits until so many loans more were given for each of the tenants, by each
// server and way.
func (l *load) flows(t *testing.T, tenants ...string) {
	t.Helper()
	from, seen := time.Now(), map[string]int{}
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		clear(seen)
		for _, a := range l.since(from, false) {
			if a.lent {
				seen[a.tenant+a.process+a.way]++
			}
		}
		if l.enough(seen, tenants) {
			return
		}
	}
	t.Fatalf("nothing flows for %v: %v", tenants, seen)
}

func (l *load) enough(seen map[string]int, tenants []string) bool {
	for _, tenant := range tenants {
		for _, p := range l.w.Processes {
			for _, way := range ways {
				if seen[tenant+p.Name+way] < 2 {
					return false
				}
			}
		}
	}
	return true
}

package keep_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/test/broker"
	"latchkey/test/storage"
	"latchkey/tokens"
	"latchkey/tokens/consent"
	"latchkey/zohosim"
)

// world is a broker with a connection to the simulated Zoho, and the address of its
// database.
type world struct {
	*broker.Broker
	url        string
	connection authmethods.ID
	before     int // requests until the connection was there
}

// each runs f in a world on each database, with the changes to the integration type.
func each(t *testing.T, change string, f func(t *testing.T, w *world)) {
	t.Helper()
	storage.EachURL(t, func(t *testing.T, url string) {
		w := &world{Broker: broker.New(t, storage.Open(t, url), fstest.MapFS{
			"zoho_desk.yaml": {Data: []byte("extends: zoho_desk\n" + change)},
		}), url: url}
		w.Zoho.Switch(func(s *zohosim.Switches) { s.AccessTokensPerRefreshToken, s.RefreshesPerWindow = -1, -1 })
		w.ZohoDesk(t, nil)
		attempt := w.Approve(t, "zoho-desk", authmethods.Production, zohosim.Approval{User: "ada@example.eu"})
		w.connection = attempt.Connection
		w.before = len(w.refreshes())
		f(t, w)
	})
}

// more makes further connections, all with one refresh token.
func (w *world) more(t *testing.T, n int) []authmethods.ID {
	t.Helper()
	theirs := w.RefreshToken(t, "zoho-desk")
	made := make([]authmethods.ID, n)
	var all sync.WaitGroup
	free := make(chan struct{}, 8)
	for i := range made {
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			c, err := w.Consents.Import(t.Context(), w.Admin, consent.Import{
				Method: "zoho-desk", Environment: authmethods.Production, Subject: fmt.Sprintf("user:%d", i),
				RefreshToken: theirs, DataCentre: "eu",
			})
			if err != nil {
				t.Error(err)
			}
			made[i] = c.ID
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
	w.before = len(w.refreshes())
	return made
}

// refreshes are the refresh requests that reached the provider.
func (w *world) refreshes() (all []zohosim.Event) {
	for _, e := range w.Zoho.Events() {
		if e.Kind == zohosim.EventRefresh || e.Kind == zohosim.EventFault {
			all = append(all, e)
		}
	}
	return all
}

// sent is how many there were since the connections are there.
func (w *world) sent() int { return len(w.refreshes()) - w.before }

// kept runs a keeper until stop, which waits for its end, or the end of the test.
func kept(t *testing.T, b *broker.Broker) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { b.Keeper.Run(ctx) })
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	t.Cleanup(stop)
	return stop
}

// until waits for what must come.
func until(t *testing.T, what string, come func() bool) {
	t.Helper()
	for !come() {
		select {
		case <-t.Context().Done():
			t.Fatalf("waiting until %s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// lend borrows the token of the first connection, which must be a living one.
func (w *world) lend(t *testing.T) tokens.Loan {
	t.Helper()
	w.Changed(w.Tenant.ID)
	loan, err := w.Lender.Lend(t.Context(), broker.Service(w.Tenant.ID), tokens.LoanRequest{Method: "zoho-desk"})
	if err != nil {
		t.Fatal(err)
	}
	if v := w.Zoho.Token(loan.AccessToken.Reveal()); !v.Valid {
		t.Errorf("the lent token is not valid: %s", v.Reason)
	}
	return loan
}

// another is a further process on the same database.
func (w *world) another(t *testing.T) *broker.Broker {
	t.Helper()
	return w.Restart(t, storage.Open(t, w.url))
}

// counter counts the requests that one process makes.
type counter struct {
	tokens.Gate
	passed atomic.Int32
}

func (c *counter) Enter(ctx context.Context, e tokens.Errand) (func(tokens.Departure), error) {
	c.passed.Add(1)
	return c.Gate.Enter(ctx, e)
}

func count(b *broker.Broker) *counter {
	c := &counter{Gate: b.Engine.Gate}
	b.Engine.Gate = c
	return c
}

// hold takes the duty of keepers for another, as long as d.
func (w *world) hold(t *testing.T, holder string, d time.Duration) bool {
	t.Helper()
	have, err := db.Hold(t.Context(), w.System, "refresh", holder, d)
	if err != nil {
		t.Fatal(err)
	}
	return have
}

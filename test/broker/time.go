package broker

import (
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
)

// grantTimes are the times of a grant that tests move.
type grantTimes struct {
	db.Owned
	IssuedAt  db.Time
	ExpiresAt db.Time
	RetryAt   db.Time

	RefreshAt        db.Time
	RefreshExpiresAt db.Time
	LastLentAt       db.Time
}

func (grantTimes) TableName() string { return "grants" }

// Expire makes the connection's access token one that expired an hour ago.
func (b *Broker) Expire(t testing.TB, connection authmethods.ID) {
	t.Helper()
	now := time.Now()
	b.set(t, connection, db.To("issued_at", db.At(now.Add(-2*time.Hour))), db.To("expires_at", db.At(now.Add(-time.Hour))))
}

// Age makes the connection's access token one of an hour that was got so long ago,
// and was lent last so long ago; its background refresh came due a second ago.
func (b *Broker) Age(t testing.TB, connection authmethods.ID, got, lent time.Duration) {
	t.Helper()
	now := time.Now()
	b.set(t, connection, db.To("issued_at", db.At(now.Add(-got))), db.To("expires_at", db.At(now.Add(time.Hour-got))),
		db.To("last_lent_at", db.At(now.Add(-lent))), db.To("refresh_at", db.At(now.Add(-time.Second))))
}

// Forgive ends the wait after a failure.
func (b *Broker) Forgive(t testing.TB, connection authmethods.ID) {
	t.Helper()
	b.set(t, connection, db.To("retry_at", db.Time(0)))
}

func (b *Broker) set(t testing.TB, connection authmethods.ID, sets ...db.Set) {
	t.Helper()
	in, err := b.System.For(b.Tenant.ID, "a test moves the time")
	must(t, err)
	if ok, err := db.UpdateIf[grantTimes](t.Context(), in, connection, sets); err != nil || !ok {
		t.Fatal("no such grant", err)
	}
	b.Changed(b.Tenant.ID)
}

// Spend has the connection's latest n token requests sent so long ago.
func (b *Broker) Spend(t testing.TB, connection authmethods.ID, n int, ago time.Duration) {
	t.Helper()
	sent := make([]db.Time, n)
	for i := range sent {
		sent[i] = db.At(time.Now().Add(-ago))
	}
	b.set(t, connection, db.To("sent", db.JSON[[]db.Time]{V: sent}))
}

// UpkeepAt is when the connection's background refresh comes due; zero: never.
func (b *Broker) UpkeepAt(t testing.TB, connection authmethods.ID) time.Time {
	t.Helper()
	in, err := b.System.For(b.Tenant.ID, "a test looks at the time")
	must(t, err)
	row, err := db.Get[grantTimes](t.Context(), in, connection)
	must(t, err)
	return row.RefreshAt.Time()
}

// grantAttempt is a refresh under way.
type grantAttempt struct {
	db.Owned
	AttemptID  string
	LeaseUntil db.Time
}

func (grantAttempt) TableName() string { return "grants" }

// Interrupt leaves the connection as a process does that dies in the middle of a
// refresh, whose lease lasts for so long still.
func (b *Broker) Interrupt(t testing.TB, connection authmethods.ID, left time.Duration) {
	t.Helper()
	in, err := b.System.For(b.Tenant.ID, "a test interrupts a refresh")
	must(t, err)
	_, err = db.UpdateIf[grantAttempt](t.Context(), in, connection, []db.Set{
		db.To("attempt_id", "att_interrupted"), db.Plus("epoch", 1), db.ToFromNow("lease_until", left),
	})
	must(t, err)
}

package store

import (
	"context"
	"sync"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/token"
	"latchkey/tokens"
)

// history counts what became of connections until [Store.FlushHistory] writes it
// down: a refresh writes enough as it is. A process that dies loses what it counted
// since the last time.
type history struct {
	mu    sync.Mutex // guards hours
	hours map[hourOf]*hour
}

// hourOf is an hour of a connection.
type hourOf struct {
	tenant     authmethods.TenantID
	connection authmethods.ID
	began      int64 // in microseconds
}

// hour is what happened in it.
type hour struct {
	outcomes      [outcomes]int64
	missing       time.Duration
	atHand, asked tokens.Paced
}

// What becomes of a token request.
const (
	refreshed = iota
	throttled
	providerDown
	grantLost
	clientRejected
	outcomes
)

// outcomeOf is what a failure counts as.
func outcomeOf(f *tokens.Failure) int {
	switch {
	case f.Verdict == tokens.GrantLost:
		return grantLost
	case f.Verdict == tokens.ClientRejected:
		return clientRejected
	case f.Code == authmethods.CodeProviderThrottled:
		return throttled
	}
	return providerDown
}

// mostHours bounds what is counted while the database takes nothing.
const mostHours = 100_000

// note counts something in the hour of at.
func (h *history) note(tenant authmethods.TenantID, connection authmethods.ID, at time.Time, count func(*hour)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	of := hourOf{tenant, connection, at.Truncate(time.Hour).UnixMicro()}
	x := h.hours[of]
	if x == nil {
		if len(h.hours) >= mostHours {
			return
		}
		if x = new(hour); h.hours == nil {
			h.hours = map[hourOf]*hour{}
		}
		h.hours[of] = x
	}
	count(x)
}

// outcome counts what became of a token request.
func (h *history) outcome(tenant authmethods.TenantID, connection authmethods.ID, what int) {
	h.note(tenant, connection, time.Now(), func(x *hour) { x.outcomes[what]++ })
}

// lack counts the time from one moment to another in which services had no token.
// What is older than is kept is left out.
func (h *history) lack(tenant authmethods.TenantID, connection authmethods.ID, from, to time.Time) {
	if first := to.Add(-keepHistory); from.Before(first) {
		from = first
	}
	for from.Before(to) {
		end := from.Truncate(time.Hour).Add(time.Hour)
		if end.After(to) {
			end = to
		}
		h.note(tenant, connection, from, func(x *hour) { x.missing += end.Sub(from) })
		from = end
	}
}

// Paced implements [tokens.Ledger].
func (l Ledger) Paced(p tokens.Pace) {
	l.history.note(p.Tenant, p.Connection, time.Now(), func(x *hour) {
		for class := range tokens.PaceClasses {
			x.atHand[class] += p.AtHand[class]
			x.asked[class] += p.Asked[class]
		}
	})
}

func (h *history) take() map[hourOf]*hour {
	h.mu.Lock()
	defer h.mu.Unlock()
	taken := h.hours
	h.hours = nil
	return taken
}

// back returns what could not be written.
func (h *history) back(hours map[hourOf]*hour) {
	for of, x := range hours {
		h.note(of.tenant, of.connection, time.UnixMicro(of.began), func(sum *hour) { sum.add(x) })
	}
}

func (x *hour) add(more *hour) {
	for i := range x.outcomes {
		x.outcomes[i] += more.outcomes[i]
	}
	for i := range tokens.PaceClasses {
		x.atHand[i] += more.atHand[i]
		x.asked[i] += more.asked[i]
	}
	x.missing += more.missing
}

// addHour writes nothing for a connection that is no more.
var addHour = db.Prepare(`INSERT INTO connection_hours (tenant_id, id, connection_id, hour,
		refreshed, throttled, provider_down, grant_lost, client_rejected, missing, troubled,
		at_hand1, at_hand2, at_hand3, at_hand4, at_hand5, at_hand6, at_hand7, at_hand8,
		asked1, asked2, asked3, asked4, asked5, asked6, asked7, asked8, created_at, updated_at)
	SELECT {tenant}, ?, c.id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, {now}, {now}
	FROM connections c WHERE c.tenant_id = {tenant} AND c.id = ?
	ON CONFLICT (tenant_id, connection_id, hour) DO UPDATE SET
		refreshed = connection_hours.refreshed + excluded.refreshed, throttled = connection_hours.throttled + excluded.throttled,
		provider_down = connection_hours.provider_down + excluded.provider_down, grant_lost = connection_hours.grant_lost + excluded.grant_lost,
		client_rejected = connection_hours.client_rejected + excluded.client_rejected,
		missing = connection_hours.missing + excluded.missing, troubled = connection_hours.troubled + excluded.troubled,
		at_hand1 = connection_hours.at_hand1 + excluded.at_hand1, at_hand2 = connection_hours.at_hand2 + excluded.at_hand2,
		at_hand3 = connection_hours.at_hand3 + excluded.at_hand3, at_hand4 = connection_hours.at_hand4 + excluded.at_hand4,
		at_hand5 = connection_hours.at_hand5 + excluded.at_hand5, at_hand6 = connection_hours.at_hand6 + excluded.at_hand6,
		at_hand7 = connection_hours.at_hand7 + excluded.at_hand7, at_hand8 = connection_hours.at_hand8 + excluded.at_hand8,
		asked1 = connection_hours.asked1 + excluded.asked1, asked2 = connection_hours.asked2 + excluded.asked2,
		asked3 = connection_hours.asked3 + excluded.asked3, asked4 = connection_hours.asked4 + excluded.asked4,
		asked5 = connection_hours.asked5 + excluded.asked5, asked6 = connection_hours.asked6 + excluded.asked6,
		asked7 = connection_hours.asked7 + excluded.asked7, asked8 = connection_hours.asked8 + excluded.asked8,
		updated_at = {now}`)

// args are those of addHour.
func (x *hour) args(of hourOf) []any {
	args := []any{token.NewID("hour"), of.began}
	troubled := x.missing.Microseconds()
	for i, n := range x.outcomes {
		args = append(args, n)
		if i != refreshed {
			troubled += n
		}
	}
	args = append(args, x.missing.Microseconds(), troubled)
	for _, n := range x.atHand {
		args = append(args, n)
	}
	for _, n := range x.asked {
		args = append(args, n)
	}
	return append(args, of.connection)
}

// FlushHistory writes down what became of connections since the last time. What could
// not be written is kept.
func (s *Store) FlushHistory(ctx context.Context) error {
	taken := s.history.take()
	for len(taken) > 0 {
		some := map[hourOf]*hour{}
		for of, x := range taken {
			if len(some) == batchOfHours {
				break
			}
			some[of] = x
			delete(taken, of)
		}
		if err := s.addHours(ctx, some); err != nil {
			s.history.back(some)
			s.history.back(taken)
			return err
		}
	}
	return nil
}

// batchOfHours bounds what is written in one transaction.
const batchOfHours = 500

func (s *Store) addHours(ctx context.Context, hours map[hourOf]*hour) error {
	return db.SystemTx(ctx, s.System, func(all db.System) error {
		for of, x := range hours {
			in, err := all.For(of.tenant, "writing down what became of connections")
			if err != nil {
				return err
			}
			if _, err := db.Exec(ctx, in, addHour, x.args(of)...); err != nil {
				return err
			}
		}
		return nil
	})
}

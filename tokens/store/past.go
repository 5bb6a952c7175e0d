package store

import (
	"context"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/tokens"
)

// Trouble is an hour of a connection in which something failed.
type Trouble struct {
	Began   time.Time
	Missing time.Duration // for how long services had no token because of it
	Failed  int64         // refreshes
}

// Hour is what happened to a connection in one hour.
type Hour struct {
	Began          time.Time
	Refreshed      int64
	Throttled      int64
	ProviderDown   int64
	GrantLost      int64
	ClientRejected int64
	AtHand, Asked  tokens.Paced // loans, by how long they took
}

// Borrowed is how much a service borrowed.
type Borrowed struct {
	Service authmethods.ID
	Name    string
	Tokens  int
	Loans   int64
}

var (
	readTroubles = db.Prepare(`SELECT connection_id, hour, missing, throttled + provider_down + grant_lost + client_rejected FROM connection_hours
		WHERE connection_hours.tenant_id = {tenant} AND hour >= {now} - ? AND troubled > 0 ORDER BY hour`)
	readPast = db.Prepare(`SELECT hour, refreshed, throttled, provider_down, grant_lost, client_rejected,
			at_hand1, at_hand2, at_hand3, at_hand4, at_hand5, at_hand6, at_hand7, at_hand8,
			asked1, asked2, asked3, asked4, asked5, asked6, asked7, asked8
		FROM connection_hours WHERE connection_hours.tenant_id = {tenant} AND connection_id = ? AND hour >= {now} - ? ORDER BY hour`)
	countBorrowed   = db.Prepare(borrowed + lately + mostFirst)
	countBorrowedOf = db.Prepare(borrowed + ` AND grant_id = ?` + lately + mostFirst)
)

// The parts of what tells who borrowed.
const (
	borrowed  = `SELECT service_id, MAX(service_name), COUNT(DISTINCT token_id), CAST(SUM(lent) AS BIGINT) FROM loans WHERE loans.tenant_id = {tenant}`
	mostFirst = ` GROUP BY service_id || '', service_id ORDER BY CAST(SUM(lent) AS BIGINT) DESC, service_id LIMIT ?`
)

// Troubles returns the hours in which refreshes of the tenant's connections failed,
// in the time that ends now, each connection's in their order. What is going on still
// is told by the connections themselves.
func (s *Store) Troubles(ctx context.Context, c authmethods.Caller, last time.Duration) (map[authmethods.ID][]Trouble, error) {
	if err := c.May(authmethods.ViewMethods); err != nil {
		return nil, err
	}
	in, err := s.DB.For(c)
	if err != nil {
		return nil, err
	}
	found := map[authmethods.ID][]Trouble{}
	err = db.Query(ctx, in, readTroubles, []any{(last + time.Hour).Microseconds()}, func(scan func(...any) error) error {
		var id authmethods.ID
		var began db.Time
		var missing int64
		var t Trouble
		err := scan(&id, &began, &missing, &t.Failed)
		t.Began, t.Missing = began.Time(), min(time.Duration(missing)*time.Microsecond, time.Hour)
		found[id] = append(found[id], t)
		return err
	})
	return found, err
}

// Past returns the hours in which something happened to a connection, in the time
// that ends now, in their order.
func (s *Store) Past(ctx context.Context, c authmethods.Caller, id authmethods.ID, last time.Duration) ([]Hour, error) {
	if err := c.May(authmethods.ViewMethods); err != nil {
		return nil, err
	}
	in, err := s.DB.For(c)
	if err != nil {
		return nil, err
	}
	var hours []Hour
	err = db.Query(ctx, in, readPast, []any{id, (last + time.Hour).Microseconds()}, func(scan func(...any) error) error {
		var h Hour
		var began db.Time
		to := []any{&began, &h.Refreshed, &h.Throttled, &h.ProviderDown, &h.GrantLost, &h.ClientRejected}
		for _, paced := range []*tokens.Paced{&h.AtHand, &h.Asked} {
			for class := range paced {
				to = append(to, &paced[class])
			}
		}
		err := scan(to...)
		h.Began = began.Time()
		hours = append(hours, h)
		return err
	})
	return hours, err
}

// mostBorrowers bounds the services of [Store.Borrowed].
const mostBorrowers = 100

// Borrowed returns how much each service borrowed in the time that ends now, from one
// connection or, if that is empty, from all; those that borrowed most come first.
// Loans of a token that began before count as well.
func (s *Store) Borrowed(ctx context.Context, c authmethods.Caller, connection authmethods.ID, last time.Duration) ([]Borrowed, error) {
	if err := c.May(authmethods.ViewServices); err != nil {
		return nil, err
	}
	in, err := s.DB.For(c)
	if err != nil {
		return nil, err
	}
	var list []Borrowed
	count, args := countBorrowed, []any{last.Microseconds(), last.Microseconds(), bound(last), mostBorrowers}
	if connection != "" {
		count, args = countBorrowedOf, append([]any{connection}, args...)
	}
	err = db.Query(ctx, in, count, args, func(scan func(...any) error) error {
		var b Borrowed
		err := scan(&b.Service, &b.Name, &b.Tokens, &b.Loans)
		list = append(list, b)
		return err
	})
	return list, err
}

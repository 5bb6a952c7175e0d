package consent

import (
	"context"
	"time"

	"latchkey/authmethods"
	"latchkey/tokens"
	"latchkey/tokens/store"
)

// What is told about how connections fare.
type (
	Course      = store.Course
	IssuedToken = store.IssuedToken
	Budget      = store.Budget
	Lent        = store.Lent
	Trouble     = store.Trouble
	Hour        = store.Hour
	Borrowed    = store.Borrowed
	PendingAt   = store.PendingAt
)

// Course returns how a connection fared in the time that ends now.
func (s *Service) Course(ctx context.Context, c authmethods.Caller, id authmethods.ID, last time.Duration) (Course, error) {
	return s.o.Grants.Course(ctx, c, id, last)
}

// Lent returns how much each of the tenant's connections was borrowed from in the
// time that ends now.
func (s *Service) Lent(ctx context.Context, c authmethods.Caller, last time.Duration) (map[authmethods.ID]Lent, error) {
	return s.o.Grants.Lent(ctx, c, last)
}

// LentOf is [Service.Lent] of one connection.
func (s *Service) LentOf(ctx context.Context, c authmethods.Caller, connection authmethods.ID, last time.Duration) (Lent, error) {
	return s.o.Grants.LentOf(ctx, c, connection, last)
}

// Troubles returns the hours in which refreshes of the tenant's connections failed, in
// the time that ends now.
func (s *Service) Troubles(ctx context.Context, c authmethods.Caller, last time.Duration) (map[authmethods.ID][]Trouble, error) {
	return s.o.Grants.Troubles(ctx, c, last)
}

// Past returns the hours in which something happened to a connection, in the time
// that ends now.
func (s *Service) Past(ctx context.Context, c authmethods.Caller, id authmethods.ID, last time.Duration) ([]Hour, error) {
	return s.o.Grants.Past(ctx, c, id, last)
}

// Borrowed returns how much each service borrowed in the time that ends now, from one
// connection or, if that is empty, from all.
func (s *Service) Borrowed(ctx context.Context, c authmethods.Caller, connection authmethods.ID, last time.Duration) ([]Borrowed, error) {
	return s.o.Grants.Borrowed(ctx, c, connection, last)
}

// Approvals returns where approvals were begun that are not over yet, and when the newest
// of each was.
func (s *Service) Approvals(ctx context.Context, c authmethods.Caller) (map[PendingAt]time.Time, error) {
	return s.o.Grants.Pending(ctx, c)
}

// Refresh gets an access token for a connection in the place of old, whatever life that
// one has left; of several who saw the same token one refreshes. It goes the way of all
// refreshes: within the budget, and with nothing lost if it fails.
func (s *Service) Refresh(ctx context.Context, c authmethods.Caller, id, old authmethods.ID) (tokens.Connection, error) {
	if err := c.May(authmethods.ModifyMethods); err != nil {
		return tokens.Connection{}, err
	}
	target, err := s.o.Grants.Slot(ctx, c, id)
	if err != nil {
		return tokens.Connection{}, err
	}
	if target.Slot == nil || !target.Enabled {
		return tokens.Connection{}, &authmethods.Problem{
			Kind: authmethods.Conflict, Code: authmethods.CodeMethodDisabled, Detail: "The method is not enabled in this environment.",
		}
	}
	if err := s.o.Grants.RecordRefresh(ctx, c, id); err != nil {
		return tokens.Connection{}, err
	}
	if _, _, _, err := s.o.Engine.Token(ctx, target.Slot, tokens.Want{Other: old}); err != nil {
		return tokens.Connection{}, err
	}
	return s.o.Grants.Connection(ctx, reader(c), id)
}

package session

import (
	"context"
	"time"

	"latchkey/authmethods/feed"
)

// SetClock has keys made and used as if it were now.
func (s *Sessions) SetClock(now time.Time) {
	s.instant = func(context.Context) (time.Time, error) { return now, nil }
	s.Heard(feed.Change{Kind: feed.Everything})
}

// The times that tests reckon with.
const (
	KeyUse       = keyUse
	KeyLead      = keyLead
	MaxLife      = maxLife
	IdentityLife = identityLife
)

package zohosim

import (
	"sync"
	"time"
)

// Clock is the time the simulator lives in. The zero Clock follows the machine; one made by
// [NewClock] stands still until it is advanced.
type Clock struct {
	mu     sync.Mutex
	frozen bool
	at     time.Time
	offset time.Duration
}

// NewClock returns a clock that stands at start and moves only by Advance.
func NewClock(start time.Time) *Clock { return &Clock{frozen: true, at: start} }

// Now is the present moment of the simulator.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.frozen {
		return c.at
	}
	return time.Now().Add(c.offset)
}

// Advance moves the clock by d, and a running clock keeps running from there.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
	c.offset += d
}

package limit

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"
)

// Guesses bounds the wrong guesses of one address at what has to be looked up: hosts,
// sessions, keys. What was right lately passes whatever else comes from the address,
// so that nobody who guesses shuts out who shares an address with them. The zero
// Guesses lets everything through.
type Guesses struct {
	wrong *Rate[netip.Addr]
	seed  maphash.Seed

	mu    sync.RWMutex
	right generations[uint64, struct{}]
}

// GuessesPerMinute returns the limit of n wrong guesses a minute; 0: no limit.
func GuessesPerMinute(n int) *Guesses {
	return &Guesses{wrong: PerMinute[netip.Addr](n), seed: maphash.MakeSeed(), right: generations[uint64, struct{}]{most: keys}}
}

// May reports whether a guess may be looked up, and otherwise when the next may be.
func (g *Guesses) May(from netip.Addr, guess string) (wait time.Duration, ok bool) {
	if wait, ok = g.wrong.Left(Network(from)); ok || g.knows(guess) {
		return 0, true
	}
	return wait, false
}

// Wrong counts a guess that was found to be wrong.
func (g *Guesses) Wrong(from netip.Addr) { g.wrong.Take(Network(from)) }

// Right remembers a guess that was found to be right. It is kept as a number that
// leads back to nothing.
func (g *Guesses) Right(guess string) {
	if g.knows(guess) {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.right.set(maphash.String(g.seed, guess), struct{}{})
}

func (g *Guesses) knows(guess string) bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	_, ok := g.right.get(maphash.String(g.seed, guess))
	return ok
}

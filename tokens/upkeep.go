package tokens

import (
	"hash/fnv"
	"math"
	"time"

	"latchkey/authmethods/catalog"
)

// keepAlive is the part of a provider's inactivity limit after which a refresh
// token that nobody needs is used, so that it does not expire; a tenth of the limit
// either way spreads them.
const keepAlive = 0.6

// Upkeep decides what becomes of a grant whose background refresh came due: Refresh
// or Recover it now, or look again at Decision.At; if that is zero, a loan will. Only
// tokens that were lent within their life are kept warm; of others only the refresh
// token is kept alive, as the provider's rules demand.
func Upkeep(p Policy, g *Grant, rules *catalog.Refresh, now time.Time) Decision {
	next := renew(g, now)
	if next.Step != Refresh {
		return next
	}
	warm := !g.LastLentAt.IsZero() && now.Sub(g.LastLentAt) <= life(g)
	if at := p.RefreshAt(&g.Access); warm && now.Before(at) {
		return Decision{Step: Serve, At: at}
	} else if warm {
		return next
	}
	if rules.RefreshTokenIdleLimit <= 0 || g.RefreshToken.IsZero() {
		return Decision{Step: Serve}
	}
	at := g.Access.IssuedAt.Add(time.Duration(float64(rules.RefreshTokenIdleLimit) * (keepAlive + 0.2*(share(g.Lineage)-0.5))))
	if now.Before(at) {
		return Decision{Step: Serve, At: at}
	}
	return next
}

// share maps a name to a number in [0, 1] that is always the same.
func share(name string) float64 {
	h := fnv.New32a()
	h.Write([]byte(name))
	return float64(h.Sum32()) / math.MaxUint32
}

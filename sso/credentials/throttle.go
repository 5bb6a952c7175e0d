package credentials

import (
	"context"
	"encoding/base64"
	"net/netip"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
)

// limit is how many attempts may be made at once, and how long until there is one
// more.
type limit struct {
	burst    int
	interval time.Duration
}

// within makes the limit of n attempts in d.
func within(n int, d time.Duration) limit { return limit{n, d / time.Duration(n)} }

const window = 15 * time.Minute

// The limits. A device that signed in before has its own, so that strangers who
// guess cannot keep its owner out.
var (
	perName    = within(10, window)
	perAddress = within(30, window)
	perDevice  = within(10, window)
	perCodes   = within(5, window) // one-time codes: six digits are soon guessed
)

// budget is what is counted: by what and against which limit.
type budget struct {
	id    authmethods.ID
	limit limit
}

// budgetOf names a budget by a hash: the table says neither which names were tried
// nor from where.
func budgetOf(l limit, kind, what string) budget {
	h := token.HashOf(secret.New(kind + "\x00" + what))
	return budget{authmethods.ID(kind + "_" + base64.RawURLEncoding.EncodeToString(h.Bytes())), l}
}

// byAddress is the budget of an address; of IPv6 the first 64 bits count, which is
// what one customer has.
func byAddress(from netip.Addr) budget {
	from = from.Unmap().WithZone("")
	if from.Is6() {
		if prefix, err := from.Prefix(64); err == nil {
			return budgetOf(perAddress, "address", prefix.String())
		}
	}
	return budgetOf(perAddress, "address", from.String())
}

// One statement decides, so that of attempts at the same time no more than the limit
// allows get through.
var (
	drawAttempt = db.Prepare(`INSERT INTO throttles (tenant_id, id, drawn_until, created_at, updated_at)
		VALUES ({tenant}, ?, {now} + ?, {now}, {now})
		ON CONFLICT (tenant_id, id) DO UPDATE SET updated_at = {now}, drawn_until = ? +
			CASE WHEN throttles.drawn_until > {now} THEN throttles.drawn_until ELSE {now} END
		WHERE throttles.drawn_until <= {now} + ?`)
	readDrawn   = db.Prepare(`SELECT t.drawn_until, {now} FROM throttles t WHERE t.tenant_id = {tenant} AND t.id = ?`)
	giveBackOne = db.Prepare(`UPDATE throttles SET drawn_until = drawn_until - ?, updated_at = {now}
		WHERE throttles.tenant_id = {tenant} AND id = ?`)
)

// draw takes an attempt from each budget, or refuses with a Problem that says when
// the next one may be made. Those before the one that refuses stay taken.
func draw(ctx context.Context, in db.Tenant, budgets ...budget) error {
	for _, b := range budgets {
		one := b.limit.interval.Microseconds()
		most := int64(b.limit.burst-1) * one
		n, err := db.Exec(ctx, in, drawAttempt, string(b.id), one, one, most)
		if err != nil {
			return doing("counting an attempt", err)
		}
		if n == 1 {
			continue
		}
		var until, now int64
		if err := db.QueryRow(ctx, in, readDrawn, []any{string(b.id)}, &until, &now); err != nil {
			return doing("counting an attempt", err)
		}
		return tooMany(time.Duration(until-most-now) * time.Microsecond)
	}
	return nil
}

// giveBack returns an attempt that succeeded: only failures count.
func giveBack(ctx context.Context, in db.Tenant, budgets ...budget) error {
	for _, b := range budgets {
		if _, err := db.Exec(ctx, in, giveBackOne, b.limit.interval.Microseconds(), string(b.id)); err != nil {
			return doing("counting a success", err)
		}
	}
	return nil
}

func tooMany(wait time.Duration) error {
	// Retry-After is in whole seconds; one that is too early would be refused again.
	wait = max(wait, 0).Truncate(time.Second) + time.Second
	return &authmethods.Problem{
		Kind: authmethods.Exhausted, Code: authmethods.CodeTooManyRequests,
		Detail: "There were too many attempts. Wait before the next.", RetryAfter: wait,
	}
}

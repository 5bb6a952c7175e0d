package services

import (
	"cmp"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"latchkey/authmethods"
	"latchkey/tokens"
	"latchkey/web/page"
)

// lately is the time that the pages look back on.
const lately = 7 * 24 * time.Hour

// maxCounted is how many entries of the ledger are looked at for that: one for each
// token that a service held.
const maxCounted = 2000

func loansOf(service authmethods.ID) string { return loansPath + "?service=" + string(service) }

// used is what a service borrowed lately.
func (d *desk) used(service authmethods.ID) (page.Used, error) {
	held, more, err := d.held(service)
	if err != nil {
		return page.Used{}, err
	}
	u := page.Used{Href: loansOf(service), More: more}
	at := map[authmethods.ID]int{}
	for _, h := range held {
		i, ok := at[h.Connection]
		if !ok {
			i = len(u.Rows)
			at[h.Connection] = i
			u.Rows = append(u.Rows, page.UsedRow{Method: h.Method, Environment: h.Environment})
		}
		count(&u.Rows[i], h)
	}
	for _, r := range u.Rows {
		u.Loans += r.Loans
		if r.Last.After(u.Last) {
			u.Last = r.Last
		}
	}
	slices.SortFunc(u.Rows, func(a, b page.UsedRow) int { return cmp.Compare(b.Loans, a.Loans) })
	return u, nil
}

// held is what the ledger has of a service: the tokens that it holds, some of which may
// be old, and those that it began to hold lately.
func (d *desk) held(service authmethods.ID) (held []tokens.Held, more bool, err error) {
	since := time.Now().Add(-lately)
	// Ids sort by the time of their making, so that one from then is where to begin.
	var from ulid.ULID
	if err := from.SetTime(ulid.Timestamp(since)); err != nil {
		return nil, false, err
	}
	seen := map[authmethods.ID]bool{}
	for _, q := range []tokens.LoanQuery{
		{Service: service, Limit: maxCounted},
		{Service: service, Limit: maxCounted, Ended: true, After: authmethods.ID("loan_" + from.String())},
	} {
		some, err := d.Ledger.Loans(d.c.Request().Context(), d.c.Caller, q)
		if err != nil {
			return nil, false, err
		}
		more = more || len(some) == maxCounted
		for _, h := range some {
			if !seen[h.ID] && h.LastLentAt.After(since) {
				held = append(held, h)
			}
			seen[h.ID] = true
		}
	}
	return held, more, nil
}

// maxPurposes is how many are shown of one connection.
const maxPurposes = 3

// count adds an entry of the ledger to its row.
func count(r *page.UsedRow, h tokens.Held) {
	r.Tokens++
	r.Loans += h.Loans
	if h.LastLentAt.After(r.Last) {
		r.Last = h.LastLentAt
	}
	if h.Purpose != "" && len(r.Purposes) < maxPurposes && !slices.Contains(r.Purposes, h.Purpose) {
		r.Purposes = append(r.Purposes, h.Purpose)
	}
}

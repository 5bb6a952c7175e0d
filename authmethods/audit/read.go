package audit

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
)

const (
	defaultLimit = 50
	maxLimit     = 1000
	// page is how many events Verify holds in memory at a time.
	page = 500
)

// Query narrows a list of events. What is empty narrows nothing.
type Query struct {
	Object    authmethods.ID
	Actor     authmethods.ID
	ActorName string // as it was when the actor acted
	Action    string
	BeforeSeq int64 // 0: from the newest
	AfterSeq  int64 // 0: to the oldest
	Limit     int   // 0: 50; at most 1000
}

// filters are the conditions of a query. Of one object there are fewer events than of
// what people do or of one kind, whatever a database without statistics takes them for.
func (q *Query) filters() []db.Filter {
	var filters []db.Filter
	by := func(column, is string) db.Filter { return db.Eq(column, is) }
	for _, f := range [...]struct{ column, is string }{
		{"object_id", string(q.Object)}, {"actor_id", string(q.Actor)}, {"actor_name", q.ActorName}, {"action", q.Action},
	} {
		if f.is == "" {
			continue
		}
		if filters = append(filters, by(f.column, f.is)); f.column == "object_id" {
			by = db.Sifting
		}
	}
	if q.BeforeSeq > 0 {
		filters = append(filters, db.Below("seq", q.BeforeSeq))
	}
	if q.AfterSeq > 0 {
		filters = append(filters, db.After("seq", q.AfterSeq))
	}
	return filters
}

// List returns events, the newest first.
func List(ctx context.Context, in db.Tenant, q Query) ([]authmethods.Event, error) {
	if q.Limit <= 0 {
		q.Limit = defaultLimit
	}
	rows, err := db.Newest[eventRow](ctx, in, "seq", min(q.Limit, maxLimit), q.filters()...)
	if err != nil {
		return nil, fmt.Errorf("audit: listing: %w", err)
	}
	events := make([]authmethods.Event, len(rows))
	for i := range rows {
		if events[i], err = rows[i].event(); err != nil {
			return nil, err
		}
	}
	return events, nil
}

// ErrBroken means that the log is not what was written.
var ErrBroken = errors.New("the audit log was altered")

func broken(seq int64, how string) error {
	return fmt.Errorf("%w: event %d %s", ErrBroken, seq, how)
}

// Verify walks the tenant's chain from where it begins, see [Begins], and returns the
// number of its last event. An altered, missing or added event gives [ErrBroken] and its
// number. Events may be recorded meanwhile.
func Verify(ctx context.Context, in db.Tenant) (n int64, err error) {
	for {
		head, err := db.Get[headRow](ctx, in, headID)
		if err != nil {
			return 0, fmt.Errorf("audit: verifying: %w", err)
		}
		n, err = verifyFrom(ctx, in, head)
		now, again := db.Get[headRow](ctx, in, headID)
		if again != nil {
			return n, fmt.Errorf("audit: verifying: %w", again)
		}
		if now.KeptAfter <= head.KeptAfter { // otherwise events were removed meanwhile
			return n, err
		}
	}
}

// verifyFrom walks the chain that begins where head says.
func verifyFrom(ctx context.Context, in db.Tenant, head *headRow) (n int64, err error) {
	n, last, attested := head.KeptAfter, head.KeptHash, false
	if n == 0 {
		last, attested = origin(in.ID()), true
	}
	if before, err := db.Count[eventRow](ctx, in, db.Below("seq", n+1)); err != nil || before > 0 {
		return n, cmp.Or(err, broken(n, "does not belong there"))
	}
	for {
		rows, err := db.List[eventRow](ctx, in, db.After("seq", n), db.Below("seq", n+page+1))
		if err != nil {
			return n, fmt.Errorf("audit: verifying: %w", err)
		}
		if len(rows) == 0 {
			done, err := atEnd(ctx, in, n, last)
			if done && !attested {
				err = broken(head.KeptAfter, "is not where the log itself says that it begins")
			}
			if done || err != nil {
				return n, err
			}
			continue
		}
		slices.SortFunc(rows, func(a, b eventRow) int { return cmp.Compare(a.Seq, b.Seq) })
		for i := range rows {
			row := &rows[i]
			switch {
			case row.Seq != n+1:
				return n, broken(n+1, "is missing")
			case !bytes.Equal(row.PreviousHash, last) || !bytes.Equal(row.Hash, link(last, row)):
				return n, broken(row.Seq, "is not what was recorded")
			}
			n, last, attested = row.Seq, row.Hash, attested || row.attests(head)
		}
	}
}

// atEnd reports whether the chain really ends at n, where no event follows.
func atEnd(ctx context.Context, in db.Tenant, n int64, last []byte) (bool, error) {
	head, err := db.Get[headRow](ctx, in, headID)
	switch {
	case err != nil:
		return false, fmt.Errorf("audit: verifying: %w", err)
	case head.Seq < n:
		return false, broken(n, "lies behind the recorded end")
	case head.Seq == n && !bytes.Equal(head.Hash, last):
		return false, broken(n, "is not the recorded end")
	case head.Seq == n:
		return true, nil
	}
	// The log has grown since the page was read, unless events are gone.
	next, err := db.Count[eventRow](ctx, in, db.Eq("seq", n+1))
	if err == nil && next == 0 {
		err = broken(n+1, "is missing")
	}
	return false, err
}

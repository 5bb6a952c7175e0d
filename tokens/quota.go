package tokens

import "time"

// Quota is how many token requests a provider lets a grant have. Ours is smaller
// than the provider's, so that people who test there by hand do not spend the
// last ones.
type Quota struct {
	Allowed int           // in any Window; 0: as many as needed
	Window  time.Duration // 0 with Allowed 0
	Sent    []time.Time   // when the latest requests were sent, the oldest first
}

// FreeAt returns when the next request may be sent; the zero time if one may be
// sent now.
func (q *Quota) FreeAt(now time.Time) time.Time {
	if q.Allowed <= 0 || len(q.Sent) < q.Allowed {
		return time.Time{}
	}
	// The newest Allowed requests count; the oldest of them makes room first.
	free := q.Sent[len(q.Sent)-q.Allowed].Add(q.Window)
	if !now.Before(free) {
		return time.Time{}
	}
	return free
}

// With returns what Sent is once a request was sent at: no more than FreeAt looks
// at.
func (q *Quota) With(at time.Time) []time.Time {
	if q.Allowed <= 0 {
		return nil
	}
	var sent []time.Time
	for _, t := range q.Sent {
		if at.Sub(t) < q.Window {
			sent = append(sent, t)
		}
	}
	sent = append(sent, at)
	return sent[max(len(sent)-q.Allowed, 0):]
}

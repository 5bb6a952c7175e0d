package upstream

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	// metadataFresh is how long metadata is used without asking again.
	metadataFresh = time.Hour
	// metadataGood is how long it is used while asking fails: a provider whose
	// discovery is away may well go on answering token requests.
	metadataGood = 24 * time.Hour
	// metadataPause keeps a failing provider from being asked on every call.
	metadataPause = time.Minute
	// maxIssuers bounds what is remembered: tenants choose issuers.
	maxIssuers = 1024
)

// discoveries is the metadata that was fetched.
type discoveries struct {
	mu      sync.Mutex // guards entries
	entries map[string]discovery
}

type discovery struct {
	metadata Metadata
	askAt    time.Time // when to ask again
}

// Discover returns the metadata of an issuer, which must be equal to the letter to
// what the metadata says. It asks once for all who wait, and makes do with what it
// last knew while asking fails. Errors are as with [Client.Complete].
func (c *Client) Discover(ctx context.Context, issuer string) (Metadata, error) {
	if m, ok := c.known.find(issuer, c.now()); ok {
		return m, nil
	}
	flight := c.flights.DoChan(issuer, func() (any, error) {
		// A flight that just ended may have been missed between the look and this.
		if m, ok := c.known.find(issuer, c.now()); ok {
			return m, nil
		}
		// Others wait for it too, so it does not end with the first of them.
		fetch, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
		defer cancel()
		m, err := c.fetchMetadata(fetch, issuer)
		return c.known.settle(issuer, m, err, c.now())
	})
	var r singleflight.Result
	select {
	case <-ctx.Done():
		w := call{what: "discovery", url: issuer}
		return Metadata{}, w.unanswered(ctx.Err(), &gate{})
	case r = <-flight:
	}
	m, _ := r.Val.(Metadata)
	return m, r.Err
}

func (d *discoveries) find(issuer string, now time.Time) (Metadata, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e, ok := d.entries[issuer]
	if !ok || !now.Before(e.askAt) {
		return Metadata{}, false
	}
	return e.metadata, true
}

// settle remembers what asking yielded and returns what to go by.
func (d *discoveries) settle(issuer string, m Metadata, err error, now time.Time) (Metadata, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil {
		d.makeRoom(issuer)
		d.entries[issuer] = discovery{m, now.Add(metadataFresh)}
		return m, nil
	}
	old, ok := d.entries[issuer]
	if !ok || now.Sub(old.metadata.FetchedAt) > metadataGood {
		delete(d.entries, issuer)
		return Metadata{}, err
	}
	old.askAt = now.Add(metadataPause)
	d.entries[issuer] = old
	return old.metadata, nil
}

// makeRoom forgets the oldest if there is no room for one more.
func (d *discoveries) makeRoom(issuer string) {
	if _, ok := d.entries[issuer]; ok || len(d.entries) < maxIssuers {
		return
	}
	oldest, at := "", time.Time{}
	for name, e := range d.entries {
		if oldest == "" || e.metadata.FetchedAt.Before(at) {
			oldest, at = name, e.metadata.FetchedAt
		}
	}
	delete(d.entries, oldest)
}

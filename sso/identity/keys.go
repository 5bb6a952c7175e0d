package identity

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/sync/singleflight"
)

const (
	// keysGood is how long keys are used without asking again, and so how long a key
	// that its provider removed may still be accepted.
	keysGood = 15 * time.Minute
	// keysPause is how long the keys of an issuer are not fetched again, however many
	// tokens with unknown keys come.
	keysPause = 30 * time.Second
	// keysRetry is the pause after a fetch that failed.
	keysRetry = 5 * time.Second
	// fetchTimeout bounds one fetch, for whoever waits.
	fetchTimeout = 20 * time.Second
	// maxKeySets bounds what is remembered: tenants choose issuers.
	maxKeySets = 1024
	// maxTried bounds the work that one signature makes.
	maxTried = 32
)

// keySets holds the key sets of all issuers that anybody signed in by.
type keySets struct {
	fetch func(ctx context.Context, uri string) ([]jose.JSONWebKey, error)
	now   func() time.Time
	log   *slog.Logger

	mu   sync.Mutex // guards sets
	sets map[keySetName]*keySet
}

// keySetName ties keys to the issuer that they are for: no issuer is served from
// the keys of another, whatever addresses they give.
type keySetName struct{ issuer, uri string }

func newKeySets(client *http.Client, now func() time.Time, log *slog.Logger) *keySets {
	fetch := func(ctx context.Context, uri string) ([]jose.JSONWebKey, error) { return fetchKeys(ctx, client, uri) }
	return &keySets{fetch: fetch, now: now, log: log, sets: map[keySetName]*keySet{}}
}

// of returns the key set of an issuer.
func (s *keySets) of(issuer, uri string) *keySet {
	name := keySetName{issuer, uri}
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.sets[name]; ok {
		return known
	}
	if len(s.sets) >= maxKeySets {
		s.forgetOldest()
	}
	made := &keySet{from: s, name: name}
	s.sets[name] = made
	return made
}

func (s *keySets) forgetOldest() {
	var oldest keySetName
	var at time.Time
	for name, set := range s.sets {
		if asked := set.lastAsked(); oldest == (keySetName{}) || asked.Before(at) {
			oldest, at = name, asked
		}
	}
	delete(s.sets, oldest)
}

// keySet is what is known of the keys of one issuer.
type keySet struct {
	from   *keySets
	name   keySetName
	flight singleflight.Group

	mu      sync.Mutex // guards what follows
	keys    []jose.JSONWebKey
	fetched time.Time // when keys came; zero: never
	asked   time.Time // when last asked for
	askAt   time.Time // when they may be asked for again
	failure error     // of the last time, if it failed
}

func (k *keySet) lastAsked() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.asked
}

// errUnknownKey says that the provider's keys are known and none of them made the
// signature.
var errUnknownKey = errors.New("identity: no key of the provider made the signature")

// verify tries the keys that a signature may be from until one fits. Keys that may
// be out of date are fetched first; where none fits they are fetched once more, if
// the last time is long enough ago. Its error is errUnknownKey, or that the keys
// could not be had.
func (k *keySet) verify(ctx context.Context, kid, alg string, fits func(jose.JSONWebKey) bool) error {
	keys, at, err := k.current(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(candidates(keys, kid, alg), fits) {
		return nil
	}
	newer, err := k.newerThan(ctx, at)
	if err != nil {
		k.from.log.WarnContext(ctx, "the keys of a provider could not be fetched again", "issuer", k.name.issuer, "error", err)
		return errUnknownKey
	}
	if slices.ContainsFunc(candidates(newer, kid, alg), fits) {
		return nil
	}
	return errUnknownKey
}

// candidates are the keys that may have made a signature: those that the header
// names, else those without a name. A header that names none may mean any.
func candidates(keys []jose.JSONWebKey, kid, alg string) []jose.JSONWebKey {
	var named, nameless []jose.JSONWebKey
	for _, key := range keys {
		switch {
		case !suits(key, alg):
		case kid == "" || key.KeyID == kid:
			named = append(named, key)
		case key.KeyID == "":
			nameless = append(nameless, key)
		}
	}
	if len(named) == 0 {
		named = nameless
	}
	return named[:min(len(named), maxTried)]
}

// current returns keys that are good, and when they came.
func (k *keySet) current(ctx context.Context) ([]jose.JSONWebKey, time.Time, error) {
	if keys, at, ok := k.good(); ok {
		return keys, at, nil
	}
	return k.refresh(ctx, func() bool { _, _, ok := k.good(); return ok })
}

// newerThan returns the keys of a fetch after at, and none if there is to be none yet.
func (k *keySet) newerThan(ctx context.Context, at time.Time) ([]jose.JSONWebKey, error) {
	keys, got, err := k.refresh(ctx, func() bool {
		k.mu.Lock()
		defer k.mu.Unlock()
		return k.fetched.After(at) || k.from.now().Before(k.askAt)
	})
	if err != nil || !got.After(at) {
		return nil, err
	}
	return keys, nil
}

func (k *keySet) good() ([]jose.JSONWebKey, time.Time, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.keys, k.fetched, !k.fetched.IsZero() && k.from.now().Before(k.fetched.Add(keysGood))
}

// refresh fetches the keys once for all who wait, unless enough is true by then.
func (k *keySet) refresh(ctx context.Context, enough func() bool) ([]jose.JSONWebKey, time.Time, error) {
	done := k.flight.DoChan("", func() (any, error) {
		// A flight that just ended may have been missed between the look and this.
		if enough() {
			return nil, nil
		}
		return nil, k.ask(ctx)
	})
	select {
	case <-ctx.Done():
		return nil, time.Time{}, ctx.Err()
	case r := <-done:
		if r.Err != nil {
			return nil, time.Time{}, r.Err
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.keys, k.fetched, nil
}

// ask fetches the keys. Only one goroutine is in it.
func (k *keySet) ask(ctx context.Context) error {
	now := k.from.now()
	k.mu.Lock()
	if k.failure != nil && now.Before(k.askAt) {
		defer k.mu.Unlock()
		return k.failure
	}
	k.asked = now
	k.mu.Unlock()
	// Others wait for it too, so it does not end with the first of them.
	fetch, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
	defer cancel()
	keys, err := k.from.fetch(fetch, k.name.uri)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.failure = err
	if err != nil {
		k.askAt = now.Add(keysRetry)
		return err
	}
	k.keys, k.fetched, k.askAt = keys, now, now.Add(keysPause)
	return nil
}

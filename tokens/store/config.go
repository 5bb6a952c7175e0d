package store

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/maypok86/otter/v2"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
)

// configs remembers methods with their resolved providers: they change rarely and
// every loan from the store needs one. What changes is told by [Store.Forget].
type configs struct {
	cache   *otter.Cache[configKey, *config]
	changes atomic.Int64
}

type configKey struct {
	tenant authmethods.TenantID
	method string // reference or id, as asked
}

// config is a method with its type, as it was read.
type config struct {
	method authmethods.Method
	kind   *catalog.Type

	mu    sync.Mutex // guards spots
	spots map[spotKey]*spot
}

type spotKey struct {
	environment authmethods.Environment
	dataCentre  string
}

const maxConfigs = 10_000

func newConfigs() *configs {
	return &configs{cache: otter.Must(&otter.Options[configKey, *config]{MaximumSize: maxConfigs})}
}

func (c *configs) find(ctx context.Context, s *Store, tenant authmethods.TenantID, ref string) (*config, error) {
	key := configKey{tenant, ref}
	if found, ok := c.cache.GetIfPresent(key); ok {
		return found, nil
	}
	changes := c.changes.Load()
	found, err := s.config(ctx, lending(tenant), ref)
	if err != nil {
		return nil, err
	}
	c.cache.Set(key, found)
	if c.changes.Load() != changes {
		c.cache.Invalidate(key) // it may have been read before a change
	}
	return found, nil
}

// Forget drops what is remembered of a tenant's methods, because one changed.
func (s *Store) Forget(tenant authmethods.TenantID) {
	s.configs.changes.Add(1)
	for key := range s.configs.cache.Keys() {
		if key.tenant == tenant {
			s.configs.cache.Invalidate(key)
		}
	}
}

// PromoteSecret makes a client's next secret its present one, because the provider took
// it, if the client is still of this version.
func (s *Store) PromoteSecret(ctx context.Context, tenant authmethods.TenantID, method authmethods.ID, e authmethods.Environment, version int64) error {
	t, err := s.Methods.For(lending(tenant))
	if err != nil {
		return err
	}
	promoted, err := t.PromoteSecret(ctx, method, e, version)
	if promoted {
		s.Forget(tenant) // without waiting for the feed
	}
	return err
}

// ForgetAll drops all that is remembered.
func (s *Store) ForgetAll() {
	s.configs.changes.Add(1)
	s.configs.cache.InvalidateAll()
}

// config reads a method afresh.
func (s *Store) config(ctx context.Context, c authmethods.Caller, ref string) (*config, error) {
	t, err := s.Methods.For(c)
	if err != nil {
		return nil, err
	}
	method, err := t.Method(ctx, ref)
	if err != nil {
		return nil, err
	}
	kind, ok := s.Catalog.Find(method.IntegrationType)
	if !ok {
		return nil, fmt.Errorf("tokens/store: method %s is of the unknown integration type %q", method.ID, method.IntegrationType)
	}
	return &config{method: method, kind: kind, spots: map[spotKey]*spot{}}, nil
}

// spot returns what the slots of an environment and data centre share. The provider
// is resolved once; who has other keys than the last gets a spot of its own.
func (c *config) spot(s *Store, v view, in *authmethods.MethodEnvironment, dataCentre string) (*spot, error) {
	key := spotKey{in.Environment, dataCentre}
	c.mu.Lock()
	defer c.mu.Unlock()
	last := c.spots[key]
	if last != nil && last.view == v && last.environment == in {
		return last, nil
	}
	made := &spot{store: s, view: v, method: &c.method, environment: in, clientVersion: in.ClientVersion}
	if last != nil {
		made.provider = last.provider
	} else {
		p, err := c.kind.Resolve(catalog.ChoiceOf(&c.method, in.Environment, dataCentre))
		if err != nil {
			return nil, err
		}
		made.provider = &p
	}
	c.spots[key] = made
	return made, nil
}

// defaultEnvironment is the one that a loan request means when it names none: the
// only enabled one, else production.
func (c *config) defaultEnvironment() authmethods.Environment {
	only := authmethods.Production
	enabled := 0
	for _, e := range c.method.Environments {
		if e.Enabled {
			only = e.Environment
			enabled++
		}
	}
	if enabled == 1 {
		return only
	}
	return authmethods.Production
}

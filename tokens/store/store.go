package store

import (
	"context"
	"log/slog"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/authmethods/db"
	methods "latchkey/authmethods/store"
	"latchkey/authmethods/vault"
	"latchkey/crypto/seal"
	"latchkey/tokens/lifeboat"
)

// Options are what a Store needs.
type Options struct {
	DB      *db.DB
	System  db.System
	Vault   *vault.Vault
	Methods *methods.Store
	Tenants *methods.Tenants
	Catalog *catalog.Catalog
	Log     *slog.Logger
	// Process names this process as a holder of leases.
	Process string
	// Lifeboat keeps answers while the database is away; nil: there is none.
	Lifeboat *lifeboat.Boat
	// Ring tells the other processes that a refresh of a grant is over, for those
	// who wait for it; nil: nobody.
	Ring func(grant authmethods.ID)
	// Freezes tells what is stopped; nil: nothing ever is.
	Freezes *methods.Frozen
}

// Store keeps grants and everything around them.
type Store struct {
	Options
	configs *configs
	history *history
	// Refreshed is told after each token request of a grant what tenant it was of; nil:
	// nobody is. Set it before the first.
	Refreshed func(authmethods.TenantID)
}

// New returns a Store on an open database.
func New(o Options) *Store { return &Store{Options: o, configs: newConfigs(), history: &history{}} }

func (s *Store) ring(tenant authmethods.TenantID, grant authmethods.ID) {
	if s.Refreshed != nil {
		s.Refreshed(tenant)
	}
	if s.Ring != nil {
		s.Ring(grant)
	}
}

// view is the database as one tenant sees it, with the keys to its secrets.
type view struct {
	in     db.Tenant
	sealer *seal.Sealer
}

func (s *Store) view(ctx context.Context, c authmethods.Caller) (view, error) {
	in, err := s.DB.For(c)
	if err != nil {
		return view{}, err
	}
	sealer, err := s.Vault.Sealer(ctx, in)
	return view{in, sealer}, err
}

// lending is the caller that the engine's own reads and writes are made as.
func lending(tenant authmethods.TenantID) authmethods.Caller {
	return authmethods.NewCaller(tenant, authmethods.Actor{Kind: authmethods.ActorJob, Name: "lending"},
		lendingRights, "")
}

var lendingRights = authmethods.Rights{authmethods.ViewMethods, authmethods.Borrow}

func place(table string, row authmethods.ID, column string) seal.Place {
	return seal.Place{Purpose: column, Table: table, Row: string(row), Column: column}
}

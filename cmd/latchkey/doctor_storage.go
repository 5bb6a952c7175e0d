package main

import (
	"context"
	"errors"
	"os"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/authmethods/db"
	"latchkey/authmethods/store"
	"latchkey/authmethods/vault"
	"latchkey/migrations"
	grants "latchkey/tokens/store"
)

// installation looks at the keyring and the database. It opens them without bringing
// anything up to date.
func (e *examination) installation(ctx context.Context) {
	s := &storage{publicURL: e.cfg.PublicURL}
	var err error
	if s.catalog, err = loadCatalog(e.cfg); err != nil {
		e.add("types", wrong, "Mend the file that is named.", "%s", explained(err))
		return
	}
	if _, err := os.Stat(e.cfg.KeyringFile); e.cfg.KeyringFile != "" && err != nil {
		e.add("keyring", wrong, "Put the file there, from its backup. With SQLite the first start makes both keyring and database.", "%v", err)
	} else if s.ring, err = openKeyring(e.cfg); err != nil {
		e.add("keyring", wrong, "Mend what is named, or restore the file from its backup.", "%s", explained(err))
	} else {
		e.add("keyring", fine, "", "%s can be used, and by its owner alone", e.cfg.KeyringFile)
	}
	if path := e.cfg.sqlitePath(); path != "" {
		if _, err := os.Stat(path); err != nil { // opening would make it
			e.add("database", wrong, "The first start of the server makes it.", "%v", err)
			return
		}
	}
	if s.db, err = db.Connect(ctx, db.Options{URL: e.cfg.DatabaseURL.Reveal(), MaxConns: 2}); err != nil {
		e.add("database", wrong, "Look at LATCHKEY_DATABASE_URL and whether the database runs.", "%s", explained(err))
		return
	}
	defer s.db.Close()
	s.system = db.NewSystem(s.db)
	if !e.database(ctx, s) || s.ring == nil {
		return
	}
	if err := vault.Fits(ctx, s.system, s.ring); err != nil {
		e.add("keyring", wrong, "Put the keyring back that this database was used with.", "%s", explained(err))
		return
	}
	e.add("keyring", fine, "", "it belongs to this database")
	s.vault = vault.New(s.ring)
	s.options = store.Options{DB: s.db, System: s.system, Vault: s.vault, Catalog: s.catalog}
	s.methods, s.tenants = store.New(s.options), store.NewTenants(s.options)
	e.standing(ctx, s)
	e.people(ctx, s)
}

// database reports whether the rest can be looked at.
func (e *examination) database(ctx context.Context, s *storage) bool {
	version, err := s.db.SchemaVersion(ctx)
	known := migrations.Known(s.db.Dialect())
	switch {
	case err != nil:
		e.add("database", wrong, "See what the message says.", "%s", explained(err))
		return false
	case version == 0:
		e.add("database", wrong, "The first start of the server fills it, or «latchkey restore».", "it is empty")
		return false
	case version > known:
		e.add("database", wrong, "Run the newer program.", "it has schema version %d, this program knows %d", version, known)
		return false
	case version < known:
		e.add("database", notable, "Back up; the next start, or «latchkey migrate», brings it up to date.", "it has schema version %d, this program brings %d", version, known)
		return false
	}
	if err := s.db.Ping(ctx); err != nil {
		e.add("database", wrong, "Look for a full disk, a standby or a lock.", "it cannot be written to: %s", explained(err))
		return true
	}
	e.add("database", fine, "", "it answers and can be written to (%s, schema version %d)", s.db.Dialect(), version)
	now, err := db.Now(ctx, s.system)
	if apart := time.Since(now).Abs(); err == nil && apart > 10*time.Second {
		e.add("clock", notable, "Set both clocks by the network (chrony, systemd-timesyncd). The database's decides about tokens.", "the database's clock and this machine's are %s apart", apart.Round(time.Second))
	}
	if bypassed, err := s.db.Bypassed(ctx); err == nil && bypassed {
		e.add("database", notable, "Serve as a role of its own; see «Two roles» in docs/operations.md.", "its role is a superuser or has BYPASSRLS, so that row-level security does not hold it")
	}
	return true
}

// many is up to where connections are counted.
const many = 1000

func (e *examination) standing(ctx context.Context, s *storage) {
	now, err := grants.StandingOf(ctx, s.system, many)
	if err != nil {
		e.add("connections", wrong, "", "%s", explained(err))
		return
	}
	if now.Lost > 0 {
		e.add("connections", notable, "The overview of each tenant shows which; an administrator of the tenant reconnects.", "%d wait for somebody to reconnect them (counted up to %d)", now.Lost, many)
	} else {
		e.add("connections", fine, "", "none waits for a person")
	}
	if now.Interrupted > 0 {
		e.add("refreshes", notable, "A running server takes them up within seconds. If one runs, look at its log.", "%d were interrupted and not taken up yet", now.Interrupted)
	} else {
		e.add("refreshes", fine, "", "none is stuck")
	}
}

// people looks at tenants: with Deep at all of each, and otherwise at which types
// are in use.
func (e *examination) people(ctx context.Context, s *storage) {
	ids, err := s.everyTenant(ctx)
	if err != nil {
		e.add("tenants", wrong, "", "%s", explained(err))
		return
	}
	e.add("tenants", fine, "", "there are %d", len(ids)-1)
	if e.Deep {
		e.deep(ctx, s, ids)
	}
	if !e.Offline {
		e.outside(ctx, s.catalog, e.firstSlug(ctx, s))
	}
}

func (e *examination) firstSlug(ctx context.Context, s *storage) string {
	list, err := s.tenants.List(ctx)
	if err != nil || len(list) == 0 {
		return ""
	}
	return list[0].Slug
}

func (e *examination) deep(ctx context.Context, s *storage, ids []authmethods.TenantID) {
	entries, faults := int64(0), 0
	for _, id := range ids {
		in, err := s.system.For(id, "examining the keys")
		if err == nil {
			_, err = s.vault.Sealer(ctx, in)
		}
		if err != nil {
			faults++
			e.add("data keys", wrong, "Put back the keyring that the tenant was sealed with.", "%s: %s", id, explained(err))
		}
		view, t, err := s.as(ctx, string(id))
		if err == nil {
			var n int64
			n, err = view.VerifyAudit(ctx)
			entries += n
		}
		if errors.Is(err, audit.ErrBroken) {
			faults++
			e.add("audit log", wrong, "Keep a copy of the database as it is and compare it with a backup.", "that of %s is not what was written: %v", t.Slug, err)
		} else if err != nil {
			faults++
			e.add("audit log", wrong, "", "%s: %s", id, explained(err))
		}
	}
	if faults == 0 {
		e.add("audit log", fine, "", "all %d entries of %d logs are what was written, and every data key opens", entries, len(ids))
	}
}

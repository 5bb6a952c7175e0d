package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/authmethods/db"
	"latchkey/authmethods/store"
	"latchkey/authmethods/vault"
	"latchkey/crypto/seal"
	"latchkey/tokens/lifeboat"
	"latchkey/tokens/upstream"
)

// storage is the opened database with its keys: what the server and the operator's
// commands have in common.
type storage struct {
	db      *db.DB
	system  db.System
	ring    *seal.Keyring
	vault   *vault.Vault
	catalog *catalog.Catalog
	methods *store.Store
	tenants *store.Tenants
	options store.Options
	people  people

	lifeboat *lifeboat.Boat // nil: for commands, and where there is no place for it

	publicURL authmethods.PublicURL

	keySource string // where the keyring is, in words
	keyFile   string // the file that it is in, if it is one that commands may change
	keyKinds  []seal.Kind
}

// openStorage opens the database, keys first: nothing is read with a wrong key.
// serve takes the right to be the one server on a SQLite file.
func openStorage(ctx context.Context, cfg *Config, serve bool, log *slog.Logger) (*storage, error) {
	syscall.Umask(0o077) // whatever is made from here on is ours alone
	if err := prepareDataDir(cfg); err != nil {
		return nil, err
	}
	ring, err := openKeyring(cfg)
	if err != nil {
		return nil, err
	}
	kinds, err := loadCatalog(cfg)
	if err != nil {
		return nil, err
	}
	d, err := db.Connect(ctx, db.Options{URL: cfg.DatabaseURL.Reveal(), Serve: serve, Log: log})
	if err != nil {
		return nil, refuseDatabase(err)
	}
	s := &storage{db: d, system: db.NewSystem(d), ring: ring, vault: vault.New(ring), catalog: kinds, publicURL: cfg.PublicURL}
	s.keySource, s.keyFile, s.keyKinds = cfg.keySource(), cfg.editableKeyring(), cfg.keyKinds()
	s.options = store.Options{DB: s.db, System: s.system, Vault: s.vault, Catalog: s.catalog}
	s.methods = store.New(s.options)
	s.tenants = store.NewTenants(s.options)
	if s.people, err = openPeople(cfg, s, log); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	if err := s.begin(ctx, cfg); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	if serve {
		s.lifeboat = openLifeboat(cfg, log)
	}
	return s, nil
}

// openLifeboat opens the file that keeps providers' answers while the database is
// away. A server without one works: the answers then wait in memory.
func openLifeboat(cfg *Config, log *slog.Logger) *lifeboat.Boat {
	err := os.MkdirAll(cfg.DataDir, 0o700)
	if err != nil {
		log.Warn("there is no lifeboat for answers that come while the database is away", "error", err)
		return nil
	}
	boat, err := lifeboat.Open(filepath.Join(cfg.DataDir, "lifeboat"))
	if err != nil {
		log.Warn("there is no lifeboat for answers that come while the database is away", "error", err)
		return nil
	}
	if n := boat.Damaged(); n > 0 {
		log.Warn("parts of the lifeboat cannot be read", "parts", n)
	}
	return boat
}

// begin verifies the keys, before it migrates what they belong to, and makes what
// every installation has.
func (s *storage) begin(ctx context.Context, cfg *Config) error {
	version, err := s.db.SchemaVersion(ctx)
	if err != nil {
		return refuseDatabase(err)
	}
	if version > 0 {
		if err := s.wrongKeys(cfg, vault.Fits(ctx, s.system, s.ring)); err != nil {
			return err
		}
	}
	if err := s.db.Migrate(ctx); err != nil {
		return refuseDatabase(err)
	}
	_, err = s.vault.Take(ctx, s.system, s.ring)
	if err := s.wrongKeys(cfg, err); err != nil {
		return err
	}
	return s.tenants.EnsurePlatform(ctx)
}

// wrongKeys explains why the keyring was refused; err is nil if it was not.
func (s *storage) wrongKeys(cfg *Config, err error) error {
	if err == nil || authmethods.KindOf(err) == authmethods.Unavailable {
		return err
	}
	return &refusal{
		what:  "The keyring " + cfg.keySource() + " does not belong to this database.",
		cause: "LATCHKEY_KEYRING_FILE or LATCHKEY_DATABASE_URL points to another installation, or the file was replaced.",
		do:    "Put the keyring file back that this database was used with. Nothing was changed.",
		err:   err,
	}
}

func (s *storage) Close() error {
	if s.lifeboat == nil {
		return s.db.Close()
	}
	return errors.Join(s.db.Close(), s.lifeboat.Close())
}

// prepareDataDir makes the data directory, or refuses one that others may enter.
func prepareDataDir(cfg *Config) error {
	if cfg.sqlitePath() == "" {
		return nil // nothing is kept in it
	}
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return &refusal{
			what: "The data directory cannot be made.", err: err,
			do: "Choose another with LATCHKEY_DATA_DIR, or make it for the user that Latchkey runs as.",
		}
	}
	info, err := os.Stat(cfg.DataDir)
	if err != nil {
		return &refusal{what: "The data directory cannot be read.", err: err}
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return &refusal{
			what:  fmt.Sprintf("The data directory %s can be entered by others (mode %04o).", cfg.DataDir, mode),
			cause: "It was made by hand or by another program; Latchkey makes it with mode 0700.",
			do:    "Run: chmod 700 " + cfg.DataDir,
		}
	}
	return nil
}

// openKeyring loads the keyring. The first start with SQLite makes one; a missing
// keyring beside a database is never replaced, since a new one could open nothing.
func openKeyring(cfg *Config) (*seal.Keyring, error) {
	ring, err := loadKeyring(cfg)
	switch {
	case err == nil:
		return ring, nil
	case errors.Is(err, fs.ErrNotExist):
		return firstKeyring(cfg)
	}
	return nil, &refusal{
		what:  "The keyring " + cfg.keySource() + " cannot be used.",
		cause: "The file is damaged, or its owner or mode is wrong.",
		do:    "Mend what is named above, or restore the file from its backup.",
		err:   err,
	}
}

func firstKeyring(cfg *Config) (*seal.Keyring, error) {
	path := cfg.sqlitePath()
	if path == "" {
		return nil, &refusal{
			what:  "The keyring " + cfg.KeyringFile + " is missing.",
			cause: "The file is not mounted here, or was never made.",
			do:    "With a new database make one with «latchkey keyring create " + cfg.KeyringFile + "»; otherwise restore it from its backup.",
		}
	}
	if info, err := os.Stat(path); err == nil && info.Size() > 0 {
		return nil, &refusal{
			what:  "The keyring " + cfg.KeyringFile + " is missing, but the database " + path + " is there.",
			cause: "The file was moved, or only the database was restored from a backup.",
			do:    "Put the keyring file back. Without it the stored secrets cannot be opened by anybody.",
		}
	}
	ring, err := seal.CreateKeyringFile(cfg.KeyringFile)
	if errors.Is(err, fs.ErrExist) { // another process was first
		return loadKeyring(cfg)
	}
	if err != nil {
		return nil, &refusal{what: "The keyring cannot be made.", err: err, do: "See to it that the directory of LATCHKEY_KEYRING_FILE can be written to."}
	}
	return ring, nil
}

// loadCatalog reads the integration types, the operator's own included.
func loadCatalog(cfg *Config) (*catalog.Catalog, error) {
	o := catalog.Options{AllowHTTP: upstream.NewGuard(cfg.OutboundAllow).MayHTTP}
	if cfg.IntegrationsDir != "" {
		o.Extra = os.DirFS(cfg.IntegrationsDir)
	}
	kinds, err := catalog.Load(o)
	if err != nil {
		return nil, &refusal{
			what:  "The integration types cannot be loaded.",
			cause: "A file in LATCHKEY_INTEGRATIONS_DIR is not valid; plain http needs LATCHKEY_OUTBOUND_ALLOW.",
			do:    "Mend the lines named above.",
			err:   err,
		}
	}
	return kinds, nil
}

// refuseDatabase explains why a database does not open. One that does not answer
// is temporary; everything else waits for a person.
func refuseDatabase(err error) error {
	if authmethods.KindOf(err) != authmethods.Internal {
		return err
	}
	return &refusal{
		what: "The database cannot be used: " + strings.TrimPrefix(err.Error(), "db: "),
		do:   "Nothing was changed. Do what the message says, or look at LATCHKEY_DATABASE_URL.",
	}
}

package main

import (
	"context"
	"fmt"
	"syscall"

	"latchkey/authmethods/db"
)

type migrateCommand struct {
	JSON bool `help:"Print one JSON object." name:"json"`
}

// Run needs no keys: with PostgreSQL it may be a job of its own that has none.
func (c *migrateCommand) Run(ctx context.Context, p *program) (err error) {
	cfg, err := readConfig(p.environ)
	if err != nil {
		return err
	}
	syscall.Umask(0o077)
	if cfg.sqlitePath() != "" {
		if err := prepareDataDir(cfg); err != nil {
			return err
		}
		// A database without the keyring that is made with it would look like one
		// whose keyring is lost.
		if _, err := openKeyring(cfg); err != nil {
			return err
		}
	}
	d, err := db.Open(ctx, db.Options{URL: cfg.DatabaseURL.Reveal()})
	if err != nil {
		return refuseDatabase(err)
	}
	defer func() {
		if closing := d.Close(); err == nil {
			err = closing
		}
	}()
	version, err := d.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(p.stdout, map[string]any{"schema_version": version})
	}
	fmt.Fprintf(p.stdout, "The database is up to date: schema version %d.\n", version)
	return nil
}

package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"latchkey/authmethods"
	"latchkey/crypto/seal"
)

type keyringCommands struct {
	Create keyringCreate `cmd:"" help:"Make a new keyring file, for an installation on PostgreSQL. It never touches a file that is there."`
	Status keyringStatus `cmd:"" help:"Show which keys the keyring holds."`
	Verify keyringVerify `cmd:"" help:"Prove that the keyring opens the data keys of every tenant."`
}

type keyringCreate struct {
	File string `arg:"" help:"The file to make."`
}

func (c *keyringCreate) Run(p *program) error {
	if _, err := seal.CreateKeyringFile(c.File); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "Made %s. Back it up apart from the database: whoever has both has every secret.\n", c.File)
	return nil
}

type keyringStatus struct {
	JSON bool `help:"Print one JSON object." name:"json"`
}

func (c *keyringStatus) Run(p *program) error {
	cfg, err := readConfig(p.environ)
	if err != nil {
		return err
	}
	ring, err := seal.LoadKeyringFile(cfg.KeyringFile)
	if err != nil {
		return &refusal{
			what: "The keyring cannot be read.", err: err,
			cause: "It was never made (the first start with SQLite makes it), or LATCHKEY_KEYRING_FILE points elsewhere.",
		}
	}
	ids := slices.Sorted(maps.Keys(ring.CheckValues()))
	if c.JSON {
		return printJSON(p.stdout, map[string]any{"file": cfg.KeyringFile, "active": ring.Active(), "keys": ids})
	}
	return table(p.stdout, []string{"File", cfg.KeyringFile}, []string{"Active key", ring.Active()}, []string{"Keys", strings.Join(ids, ", ")})
}

type keyringVerify struct {
	JSON bool `help:"Print one JSON object." name:"json"`
}

func (c *keyringVerify) Run(ctx context.Context, p *program) error {
	return p.withStorage(ctx, func(s *storage) error {
		ids, err := s.everyTenant(ctx)
		if err != nil {
			return err
		}
		for _, id := range ids {
			in, err := s.system.For(id, "verifying the keyring")
			if err != nil {
				return err
			}
			if _, err := s.vault.Sealer(ctx, in); err != nil {
				return fmt.Errorf("opening the data keys of %s: %w", id, err)
			}
		}
		if c.JSON {
			return printJSON(p.stdout, map[string]any{"tenants": len(ids), "ok": true})
		}
		fmt.Fprintf(p.stdout, "The keyring belongs to this database and opens the data keys of all %s tenants (the platform included).\n", strconv.Itoa(len(ids)))
		return nil
	})
}

// everyTenant lists the tenants and the platform.
func (s *storage) everyTenant(ctx context.Context) ([]authmethods.TenantID, error) {
	list, err := s.tenants.List(ctx)
	if err != nil {
		return nil, err
	}
	ids := []authmethods.TenantID{authmethods.Platform}
	for _, t := range list {
		ids = append(ids, t.ID)
	}
	return ids, nil
}

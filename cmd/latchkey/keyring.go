package main

import (
	"context"
	"fmt"

	"latchkey/authmethods"
	"latchkey/authmethods/vault"
	"latchkey/crypto/seal"
)

type keyringCommands struct {
	Create keyringCreate `cmd:"" help:"Make a new keyring file, for an installation on PostgreSQL. It never touches a file that is there."`
	Status keyringStatus `cmd:"" help:"Show which keys there are, what they wrap and how far a rotation is."`
	Rotate keyringRotate `cmd:"" help:"Go over to a new key while servers run. What was cut off is gone on with."`
	Drop   keyringDrop   `cmd:"" help:"Forget a key that wraps nothing any more."`
	Verify keyringVerify `cmd:"" help:"Prove that the keyring opens every stored secret of every tenant."`
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

// keysInFile reports whether the keyring is a file, which commands may change.
func (s *storage) keysInFile() bool { return s.keyFile != "" }

// editKeyring changes the keyring file.
func (s *storage) editKeyring(edit func(*seal.Keyring) (*seal.Keyring, error)) (*seal.Keyring, error) {
	return seal.EditKeyringFile(s.keyFile, edit, s.keyKinds...)
}

// rotator rotates keys in the operator's name.
func (s *storage) rotator() *vault.Rotator {
	return &vault.Rotator{Sys: s.system, Vault: s.vault, Actor: operator()}
}

type keyringVerify struct {
	JSON bool `help:"Print one JSON object." name:"json"`
}

func (c *keyringVerify) Run(ctx context.Context, p *program) error {
	return p.withStorage(ctx, func(s *storage) error {
		tenants, values, err := s.rotator().Verify(ctx)
		if authmethods.KindOf(err) == authmethods.Unavailable {
			return err
		}
		if err != nil {
			return &refusal{
				what:  "Not every stored secret can be opened.",
				cause: "The database or the keyring was damaged, or changed past Latchkey.",
				do:    "Keep both as they are, and compare them with the latest backup.",
				err:   err,
			}
		}
		if c.JSON {
			return printJSON(p.stdout, map[string]any{"tenants": tenants, "values": values, "ok": true})
		}
		fmt.Fprintf(p.stdout, "The keyring belongs to this database: all %d sealed values of all %d tenants (the platform included) open.\n", values, tenants)
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

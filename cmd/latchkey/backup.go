package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"latchkey/authmethods/backup"
	"latchkey/authmethods/db"
	"latchkey/crypto/token"
)

type backupCommand struct {
	File  string `arg:"" help:"The file to make; - is standard output."`
	Force bool   `help:"Replace the file if it is there."`
	JSON  bool   `help:"Print one JSON object." name:"json"`
}

// Run needs no keys: what is backed up stays sealed. It never changes the database,
// so that it may be of a newer or older program as well.
func (c *backupCommand) Run(ctx context.Context, p *program) error {
	cfg, err := readConfig(p.environ)
	if err != nil {
		return err
	}
	syscall.Umask(0o077)
	if path := cfg.sqlitePath(); path != "" {
		if _, err := os.Stat(path); err != nil { // opening would make it
			return &refusal{what: "There is no database to back up.", err: err, do: "Look at LATCHKEY_DATA_DIR and LATCHKEY_DATABASE_URL."}
		}
	}
	d, err := db.Connect(ctx, db.Options{URL: cfg.DatabaseURL.Reveal()})
	if err != nil {
		return refuseDatabase(err)
	}
	defer d.Close()
	began := time.Now()
	write := func(to io.Writer) (backup.Summary, error) {
		return backup.Write(ctx, db.NewSystem(d), to, programVersion(), p.progress("wrote"))
	}
	var sum backup.Summary
	if c.File == "-" {
		if sum, err = write(p.stdout); err != nil {
			return err
		}
		p.tellBackup(p.stderr, cfg, c.File, sum, time.Since(began))
		return nil
	}
	if sum, err = writeAside(c.File, c.Force, write); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(p.stdout, sum)
	}
	p.tellBackup(p.stdout, cfg, c.File, sum, time.Since(began))
	return nil
}

func (p *program) tellBackup(w io.Writer, cfg *Config, file string, sum backup.Summary, took time.Duration) {
	fmt.Fprintf(w, "Backed up %d connections of %d tenants to %s: %d rows, %d bytes, %s. It shows %s.\n",
		sum.Connections, sum.Tenants, file, sum.Rows, sum.Bytes, took.Round(time.Millisecond), sum.TakenAt.Format(time.RFC3339))
	fmt.Fprintf(w, "The keyring is not in it. Keep a copy of %s elsewhere: without it nobody can open the secrets, and whoever has both has them all.\n", cfg.KeyringFile)
}

// progress tells on standard error how a long copy goes.
func (p *program) progress(doing string) backup.Progress {
	return func(table string, rows int64) { fmt.Fprintf(p.stderr, "%s %d rows of %s\n", doing, rows, table) }
}

// writeAside writes a file under another name first, so that what has its name is
// whole and on the disk. It is readable for its owner alone.
func writeAside(path string, force bool, write func(io.Writer) (backup.Summary, error)) (sum backup.Summary, err error) {
	exists := &refusal{
		what: "The file " + path + " is there already. Nothing was written.",
		do:   "Name another file, or replace it with --force.",
	}
	if _, err := os.Lstat(path); err == nil && !force {
		return sum, exists
	}
	aside := path + ".part-" + token.RandomSlug(8)
	f, err := os.OpenFile(aside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return sum, &refusal{what: "The file cannot be made.", err: err, do: "Name a directory that can be written to."}
	}
	defer os.Remove(aside)
	sum, err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return sum, fmt.Errorf("writing %s: %w", path, err)
	}
	if force {
		err = os.Rename(aside, path)
	} else if err = os.Link(aside, path); errors.Is(err, fs.ErrExist) { // unlike a rename it replaces nothing
		return sum, exists
	} else if err != nil { // a file system without links
		err = os.Rename(aside, path)
	}
	return sum, errors.Join(err, syncDir(filepath.Dir(path)))
}

// syncDir makes the names in a directory durable.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) { // some file systems know nothing of it
		return fmt.Errorf("writing the directory %s: %w", path, err)
	}
	return nil
}

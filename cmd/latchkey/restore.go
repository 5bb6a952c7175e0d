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

	"latchkey/authmethods"
	"latchkey/authmethods/backup"
	"latchkey/authmethods/db"
	"latchkey/crypto/token"
	"latchkey/migrations"
)

type restoreCommand struct {
	File    string `arg:"" help:"A file that «latchkey backup» made; - is standard input."`
	Replace bool   `help:"With SQLite: move the database that is there aside first."`
	JSON    bool   `help:"Print one JSON object." name:"json"`
}

// restored is what a restore tells.
type restored struct {
	backup.Restored
	backup.Header
	Aside string `json:"moved_aside,omitempty"` // where the database that was there is now
}

// Run restores, once everything is known to fit: nothing is touched before.
func (c *restoreCommand) Run(ctx context.Context, p *program) error {
	cfg, err := readConfig(p.environ)
	if err != nil {
		return err
	}
	syscall.Umask(0o077)
	if err := prepareDataDir(cfg); err != nil {
		return err
	}
	f, end, err := c.open(p, cfg)
	if err != nil {
		return err
	}
	defer end()
	if err := fitsKeyring(ctx, cfg, f); err != nil {
		return err
	}
	if known := migrations.Known(f.Dialect); f.Schema > known {
		return refuseDatabase(&migrations.NewerError{Database: f.Schema, Program: known})
	}
	began := time.Now()
	out := restored{Header: f.Header}
	if path := cfg.sqlitePath(); path != "" {
		out.Aside, err = c.intoSQLite(ctx, p, path, f, &out)
	} else {
		err = p.putBack(ctx, cfg.DatabaseURL.Reveal(), f, &out)
	}
	if err != nil {
		return refuseRestore(err)
	}
	if c.JSON {
		return printJSON(p.stdout, out)
	}
	p.tellRestored(f, &out, time.Since(began))
	return nil
}

// open reads the backup to its end. What comes from standard input is kept in the
// data directory meanwhile, since it is read twice.
func (c *restoreCommand) open(p *program, cfg *Config) (*backup.File, func(), error) {
	var from *os.File
	var err error
	if c.File == "-" {
		if err = os.MkdirAll(cfg.DataDir, 0o700); err == nil {
			from, err = os.CreateTemp(cfg.DataDir, "restoring-*")
		}
		if err == nil {
			_ = os.Remove(from.Name()) // it goes with the process
			_, err = io.Copy(from, p.stdin)
		}
	} else {
		from, err = os.Open(c.File)
	}
	if err != nil {
		return nil, nil, &refusal{what: "The backup cannot be read. Nothing was changed.", err: err}
	}
	f, err := backup.Open(from)
	if err != nil {
		from.Close()
		return nil, nil, &refusal{
			what: "The backup cannot be used. Nothing was changed.", err: err,
			cause: "The file was cut off, altered or damaged, or it is not a backup of Latchkey.",
			do:    "Take another copy of it, or an earlier backup.",
		}
	}
	return f, func() { from.Close() }, nil
}

// fitsKeyring refuses a backup whose secrets the keyring cannot open. A missing
// keyring is never made here: a new one could open nothing.
func fitsKeyring(ctx context.Context, cfg *Config, f *backup.File) error {
	refuse := func(err error) error {
		return &refusal{
			what:  "The keyring " + cfg.KeyringFile + " does not open this backup. Nothing was changed.",
			cause: "It is missing here, or it is another installation's. A backup holds no keys.",
			do:    "Copy the keyring of the installation that was backed up to " + cfg.KeyringFile + " (mode 0600).",
			err:   err,
		}
	}
	if cfg.KeyringFile != "" {
		if _, err := os.Stat(cfg.KeyringFile); err != nil {
			return refuse(err)
		}
	}
	ring, err := openKeyring(cfg)
	if err != nil {
		return err
	}
	if err := ring.Verify(ctx, f.Keys); err != nil {
		return refuse(err)
	}
	return nil
}

// putBack restores into the database at url, which is to be empty.
func (p *program) putBack(ctx context.Context, url string, f *backup.File, out *restored) (err error) {
	d, err := db.Connect(ctx, db.Options{URL: url})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	out.Restored, err = f.Restore(ctx, backup.Into{
		DB: d, System: db.NewSystem(d), Progress: p.progress("put back"),
		Caller: func(in authmethods.TenantID) authmethods.Caller {
			return (*storage)(nil).operator(in)
		},
	})
	return err
}

// intoSQLite restores into a new file, which takes the name of the database when it
// is complete. It returns where the file is now that was there before.
func (c *restoreCommand) intoSQLite(ctx context.Context, p *program, path string, f *backup.File, out *restored) (aside string, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	unlock, err := db.LockSQLite(path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	info, err := os.Stat(path)
	there := err == nil && info.Size() > 0
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if there && !c.Replace {
		return "", backup.ErrNotEmpty
	}
	made := path + ".restoring-" + token.RandomSlug(8)
	defer func() {
		for _, name := range parts(made) { // gone already if all went well
			_ = os.Remove(name)
		}
	}()
	if err := p.putBack(ctx, "sqlite:"+made, f, out); err != nil {
		return "", err
	}
	if there {
		aside = path + ".before-restore-" + time.Now().UTC().Format("20060102T150405Z")
		if err := moveAside(path, aside); err != nil {
			return "", err
		}
	}
	return aside, errors.Join(os.Rename(made, path), syncDir(filepath.Dir(path)))
}

// parts are the files of a SQLite database.
func parts(path string) []string { return []string{path, path + "-wal", path + "-shm"} }

// moveAside renames a database that nobody has open.
func moveAside(path, aside string) error {
	to := parts(aside)
	for i, from := range parts(path) {
		if err := os.Rename(from, to[i]); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("moving the old database aside: %w", err)
		}
	}
	return nil
}

// refuseRestore explains why nothing was restored.
func refuseRestore(err error) error {
	if errors.Is(err, backup.ErrNotEmpty) {
		return &refusal{
			what:  "There is a database already. Nothing was changed.",
			cause: "A server was started on it, or it is the one that was backed up.",
			do:    "With SQLite, --replace moves it aside. With PostgreSQL, make a new database and name it in LATCHKEY_DATABASE_URL.",
			err:   err,
		}
	}
	return refuseDatabase(err)
}

func (p *program) tellRestored(f *backup.File, out *restored, took time.Duration) {
	w := p.stdout
	fmt.Fprintf(w, "Restored %d connections of %d tenants from a backup of %s: %d rows in %s.\n",
		f.Connections, f.Tenants, f.TakenAt.Format(time.RFC3339), out.Rows, took.Round(time.Millisecond))
	if out.Aside != "" {
		fmt.Fprintf(w, "The database that was there is now %s.\n", out.Aside)
	}
	fmt.Fprintf(w, "%d connections are uncertain: where the provider has replaced a refresh token since, the first refresh says so and the connection asks to be reconnected. Tokens that are still good are lent.\n", out.Uncertain)
	fmt.Fprintln(w, "Everybody has to sign in again. API keys, people and permits that were removed or revoked after the backup are back, and freezes made since are not: look through them now.")
	fmt.Fprintln(w, "Never run this and the installation that was backed up at the same time: they would take each other's refresh tokens.")
}

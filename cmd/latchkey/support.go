package main

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	"latchkey/authmethods/backup"
	"latchkey/authmethods/db"
	"latchkey/migrations"
)

type supportCommand struct {
	File  string `arg:"" help:"The zip file to make."`
	Force bool   `help:"Replace the file if it is there."`
}

// Run writes what is known without a look at what tenants keep: the configuration
// without secrets, what the doctor finds, versions, how many rows each table has, and
// the metrics of a server that answers. Names of hosts and paths are in it.
func (c *supportCommand) Run(ctx context.Context, p *program) error {
	syscall.Umask(0o077)
	_, err := writeAside(c.File, c.Force, func(to io.Writer) (backup.Summary, error) {
		z := zip.NewWriter(to)
		err := p.bundle(ctx, z)
		return backup.Summary{}, errors.Join(err, z.Close())
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "Made %s. It holds no secrets and nothing of tenants, but names of hosts and paths: look at it before you give it away.\n", c.File)
	return nil
}

func (p *program) bundle(ctx context.Context, z *zip.Writer) error {
	doctor := &doctorCommand{Patience: 5 * time.Second}
	parts := map[string]any{
		"doctor.json": doctor.examine(ctx, p),
		"version.json": map[string]any{
			"version": programVersion(), "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH,
			"processors": runtime.NumCPU(), "schema_version": migrations.Known(migrations.SQLite), "at": time.Now().UTC(),
		},
	}
	cfg, err := readConfig(p.environ)
	if err == nil {
		parts["config.json"] = effectiveConfig(cfg)
		parts["tables.json"] = countRows(ctx, cfg)
		if text, err := fetchMetrics(ctx, cfg); err == nil {
			if err := addPart(z, "metrics.txt", text); err != nil {
				return err
			}
		}
	}
	for name, content := range parts {
		text, err := json.MarshalIndent(content, "", "  ")
		if err == nil {
			err = addPart(z, name, text)
		}
		if err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}

func addPart(z *zip.Writer, name string, content []byte) error {
	w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Now().UTC()})
	if err == nil {
		_, err = w.Write(content)
	}
	return err
}

// countRows tells the schema and how many rows each table has, or why that is not
// known.
func countRows(ctx context.Context, cfg *Config) any {
	if path := cfg.sqlitePath(); path != "" {
		if _, err := os.Stat(path); err != nil {
			return map[string]any{"error": err.Error()}
		}
	}
	d, err := db.Connect(ctx, db.Options{URL: cfg.DatabaseURL.Reveal(), MaxConns: 2})
	if err != nil {
		return map[string]any{"error": explained(err)}
	}
	defer d.Close()
	rows, schema := map[string]int64{}, 0
	err = db.TakeSnapshot(ctx, db.NewSystem(d), func(s *db.Snapshot) error {
		schema = s.Schema
		for _, t := range s.Tables {
			n, err := s.Count(ctx, t)
			if err != nil {
				return err
			}
			rows[t.Name] = n
		}
		return nil
	})
	if err != nil {
		return map[string]any{"error": explained(err)}
	}
	return map[string]any{"dialect": d.Dialect(), "schema_version": schema, "rows": rows}
}

// fetchMetrics asks the server on this machine, if one answers.
func fetchMetrics(ctx context.Context, cfg *Config) ([]byte, error) {
	if strings.HasPrefix(cfg.InternalListen, "unix:") {
		return nil, errors.ErrUnsupported
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+local(cfg.InternalListen)+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return io.ReadAll(io.LimitReader(answer.Body, 8<<20))
}

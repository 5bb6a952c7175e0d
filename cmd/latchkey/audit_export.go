package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"

	"latchkey/authmethods/audit"
	"latchkey/authmethods/store"
)

type auditExport struct {
	Tenant string `required:"" help:"Of this tenant, slug or id." placeholder:"TENANT"`
	Format string `help:"jsonl or csv." enum:"jsonl,csv" default:"jsonl"`
	After  int64  `help:"Only the entries after this number, for who exports regularly." placeholder:"N"`
	Out    string `help:"Write to a new file of this name, mode 0600, instead of standard output." placeholder:"FILE"`
}

func (c *auditExport) Run(ctx context.Context, p *program) error {
	return p.withStorage(ctx, func(s *storage) error {
		view, _, err := s.as(ctx, c.Tenant)
		if err != nil {
			return err
		}
		if err := view.RecordExport(ctx, c.Format, audit.Query{}); err != nil {
			return err
		}
		if c.Out == "" {
			return c.write(ctx, view, p.stdout)
		}
		f, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return &refusal{what: "The file " + c.Out + " cannot be made.", do: "Choose a name that is not taken, in a folder that can be written to.", err: err}
		}
		if err := c.write(ctx, view, f); err != nil {
			f.Close()
			return err
		}
		if err := f.Sync(); err != nil {
			f.Close()
			return fmt.Errorf("writing %s: %w", c.Out, err)
		}
		return f.Close()
	})
}

// exported is how many entries are read in one go.
const exported = 1000

// write writes the entries, the newest first, as the pages' export does.
func (c *auditExport) write(ctx context.Context, view *store.Tenant, to io.Writer) error {
	w := bufio.NewWriter(to)
	write := audit.Format(c.Format).Export(w)
	for q := (audit.Query{AfterSeq: c.After, Limit: exported}); ; {
		events, err := view.Events(ctx, q)
		if err != nil {
			return err
		}
		if err := write(events); err != nil {
			return err
		}
		if len(events) < exported {
			return w.Flush()
		}
		q.BeforeSeq = events[len(events)-1].Seq
	}
}

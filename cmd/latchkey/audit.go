package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
)

type auditCommands struct {
	Verify auditVerify `cmd:"" help:"Prove that no entry of the audit log was changed or removed."`
	Export auditExport `cmd:"" help:"Write the audit log of a tenant as JSON lines or CSV, the newest entry first."`
}

type auditVerify struct {
	Tenant string `help:"Of this tenant only, slug or id." placeholder:"TENANT"`
	JSON   bool   `help:"Print one JSON object." name:"json"`
}

// verifiedLog is the audit log of one tenant, found whole.
type verifiedLog struct {
	Tenant  string               `json:"tenant"`
	ID      authmethods.TenantID `json:"id"`
	Entries int64                `json:"entries"`
	// After is the number of the last entry that is no longer kept, and Since when the
	// oldest was written: what is proved begins there.
	After int64     `json:"after"`
	Since time.Time `json:"since"`
}

func (c *auditVerify) Run(ctx context.Context, p *program) error {
	return p.withStorage(ctx, func(s *storage) error {
		refs := []authmethods.TenantID{authmethods.TenantID(c.Tenant)}
		if c.Tenant == "" {
			var err error
			if refs, err = s.everyTenant(ctx); err != nil {
				return err
			}
		}
		logs := []verifiedLog{}
		rows := [][]string{{"TENANT", "ENTRIES", "SINCE", "STATE"}}
		for _, ref := range refs {
			view, t, err := s.as(ctx, string(ref))
			if err != nil {
				return err
			}
			n, err := view.VerifyAudit(ctx)
			if errors.Is(err, audit.ErrBroken) {
				return &refusal{
					what:  fmt.Sprintf("The audit log of %s is not what was written (%d entries before it are).", t.Slug, n),
					cause: "Somebody or something changed the database past Latchkey.",
					do:    "Keep a copy of the database as it is and compare it with the latest backup.",
					err:   err,
				}
			}
			if err != nil {
				return err
			}
			after, since, err := view.AuditBegins(ctx)
			if err != nil {
				return err
			}
			state := "whole"
			if after > 0 {
				state = fmt.Sprintf("whole after entry %d, the last that is no longer kept", after)
			}
			logs = append(logs, verifiedLog{t.Slug, t.ID, n - after, after, since.UTC()})
			rows = append(rows, []string{t.Slug, fmt.Sprint(n - after), since.UTC().Format(time.DateOnly), state})
		}
		if c.JSON {
			return printJSON(p.stdout, map[string]any{"ok": true, "logs": logs})
		}
		return table(p.stdout, rows...)
	})
}

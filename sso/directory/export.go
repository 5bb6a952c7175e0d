package directory

import (
	"context"
	"encoding/csv"
	"io"
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
)

// ExportUsers writes all users to w as a file that [Tenant.ImportUsers] takes. Cells
// that a spreadsheet would take for formulas begin with an apostrophe.
func (t *Tenant) ExportUsers(ctx context.Context, w io.Writer) error {
	if err := t.mayAll(authmethods.ViewUsers, authmethods.ViewConnectors); err != nil {
		return err
	}
	doors, err := connectorsIn(ctx, t.in)
	if err != nil {
		return err
	}
	references := make(map[authmethods.ID]string, len(doors))
	for _, c := range doors {
		references[c.ID] = c.Reference
	}
	out := csv.NewWriter(w)
	if err := out.Write(columns); err != nil {
		return doing("exporting users", err)
	}
	const page = 500
	for after := authmethods.ID(""); ; {
		rows, err := db.Page[userRow](ctx, t.in, after, page)
		if err != nil {
			return doing("exporting users", err)
		}
		users, err := wholeUsers(ctx, t.in, rows)
		if err != nil {
			return err
		}
		for _, u := range users {
			after = u.ID
			var open []string
			for _, id := range u.Connectors {
				open = append(open, references[id])
			}
			record := []string{u.UserName, u.Email, u.DisplayName, u.ExternalID, strings.Join(u.Roles, " "), strings.Join(open, " ")}
			for i := range record {
				record[i] = safeCell(record[i])
			}
			if err := out.Write(record); err != nil {
				return doing("exporting users", err)
			}
		}
		if len(rows) < page {
			out.Flush()
			return doing("exporting users", out.Error())
		}
	}
}

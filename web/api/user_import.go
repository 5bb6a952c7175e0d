package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"latchkey/authmethods"
	"latchkey/sso/directory"
	"latchkey/web/list"
	"latchkey/web/route"
)

// imported is what became of a list of people, or would.
type imported struct {
	DryRun    bool          `json:"dry_run"`
	Created   int           `json:"created"`
	Updated   int           `json:"updated"`
	Unchanged int           `json:"unchanged"`
	Refused   int           `json:"refused"`
	Rows      []importedRow `json:"rows"`
}

// importedRow is what becomes of one line.
type importedRow struct {
	Line     int    `json:"line"`
	UserName string `json:"user_name"`
	Outcome  string `json:"outcome"`
	Why      string `json:"why,omitempty"` // it is refused
}

// ImportUsers makes and changes people by a list in CSV (RFC 4180), all or none of
// them.
func (h *Handlers) ImportUsers(c *route.Call) error {
	q := list.Read(c.Request(), "dry_run")
	wanted := truth(q, "dry_run")
	if err := q.Err(); err != nil {
		return err
	}
	file, err := readCSV(c.Request())
	if err != nil {
		return err
	}
	t, err := h.people(c)
	if err != nil {
		return err
	}
	dry := wanted != nil && *wanted
	done, err := t.ImportUsers(c.Request().Context(), file, dry)
	if err != nil {
		return err
	}
	if !dry && !done.Done {
		return refusedLines(done)
	}
	shown := imported{dry, done.Created, done.Updated, done.Unchanged, done.Refused, []importedRow{}}
	for _, row := range done.Rows {
		shown.Rows = append(shown.Rows, importedRow(row))
	}
	return c.Reply(http.StatusOK, shown)
}

// readCSV reads the body of a request that says that it is CSV.
func readCSV(r *http.Request) ([]byte, error) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "text/csv" || params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8") {
		return nil, authmethods.InvalidField("", "The body must be CSV and say so: Content-Type: text/csv.")
	}
	return readWhole(r)
}

// readWhole reads the body of a request, as far as it may be long.
func readWhole(r *http.Request) ([]byte, error) {
	b, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, fmt.Errorf("api: reading a body: %w", err)
	case err != nil:
		return nil, authmethods.InvalidField("", "The body ended too early.")
	}
	return b, nil
}

// refusedLines is the problem of a list of which nothing was stored. Its faults point
// at lines.
func refusedLines(done directory.Import) error {
	const most = 100
	p := &authmethods.Problem{
		Kind: authmethods.Invalid, Code: authmethods.CodeInvalidRequest,
		Detail: fmt.Sprintf("Nothing was imported: %d of the lines are refused.", done.Refused),
	}
	for _, row := range done.Rows {
		if row.Why != "" && len(p.Fields) < most {
			p.Fields = append(p.Fields, authmethods.FieldError{Pointer: fmt.Sprintf("/%d", row.Line), Detail: row.Why})
		}
	}
	return p
}

// ExportUsers answers with everybody as CSV (RFC 4180), in the form that is imported.
func (h *Handlers) ExportUsers(c *route.Call) error {
	if err := list.Read(c.Request()).Err(); err != nil {
		return err
	}
	t, err := h.people(c)
	if err != nil {
		return err
	}
	return SendUsers(c, t)
}

// SendUsers answers with everybody as a file. It is complete before any of it is sent.
func SendUsers(c *route.Call, t *directory.Tenant) error {
	var b bytes.Buffer
	if err := t.ExportUsers(c.Request().Context(), &b); err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", `attachment; filename="users.csv"`)
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.Blob(http.StatusOK, "text/csv; charset=utf-8", b.Bytes())
}

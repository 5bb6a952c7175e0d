package people

import (
	"io"
	"net/http"
	"net/url"

	"latchkey/authmethods"
	"latchkey/sso/directory"
	"latchkey/web/page"
	"latchkey/web/route"
)

// maxImport is how long a list may be, in bytes.
const maxImport = 2 << 20

// shownLines is how many lines of a list are shown beside those that are refused.
const shownLines = 100

// ShowImport is GET /users/import.
func (h *Handlers) ShowImport(c *route.Call) error {
	return h.askImport(c, http.StatusOK, "", nil, nil)
}

func (h *Handlers) askImport(c *route.Call, status int, csv string, tried *page.TriedImport, wrong page.Corrections) error {
	w := page.Words(c)
	f := fields{w, url.Values{"list": {csv}}, wrong}
	p := page.UsersImportPage{
		Crumbs: []page.Crumb{{Label: w.Say("section.users"), Href: usersPath}}, Corrections: wrong, Form: form(c, usersPath+"/import"), Tried: tried,
		List: *f.text("list", "list", area, mono, optional, like("user_name,email,display_name,roles,connectors")).Field,
	}
	return page.UsersImport.Show(c, status, p)
}

// Import is POST /users/import: what a list would do, and, once that was seen, the
// import itself.
func (h *Handlers) Import(c *route.Call) error {
	if err := posted(c); err != nil {
		return err
	}
	t, err := h.in(c)
	if err != nil {
		return err
	}
	csv, err := listGiven(c.Request())
	if err == nil && len(csv) == 0 {
		err = authmethods.InvalidField("/list", page.Words(c).Say("people.import.nothing"))
	}
	var result directory.Import
	if err == nil {
		result, err = t.ImportUsers(c.Request().Context(), csv, c.Request().PostFormValue("go") != "yes")
	}
	if err != nil {
		wrong, status, ok := corrections(err, func(string) string { return "list" })
		if !ok {
			return err
		}
		return h.askImport(c, status, string(csv), nil, wrong)
	}
	if result.Done {
		w := page.Words(c)
		return done(c, usersPath, "imported", "created", w.Number(int64(result.Created)), "updated", w.Number(int64(result.Updated)))
	}
	return h.askImport(c, http.StatusOK, string(csv), triedImport(result, string(csv)), nil)
}

// listGiven is the list that was uploaded, or else the one that was typed.
func listGiven(r *http.Request) ([]byte, error) {
	if file, header, err := r.FormFile("file"); err == nil {
		defer func() { _ = file.Close() }() // it is in memory
		if header.Size > maxImport {
			return nil, authmethods.InvalidField("/list", "A list has at most 2 MiB.")
		}
		if header.Size > 0 {
			return io.ReadAll(file)
		}
	}
	return []byte(r.PostFormValue("list")), nil
}

func triedImport(result directory.Import, csv string) *page.TriedImport {
	tried := &page.TriedImport{
		Created: result.Created, Updated: result.Updated, Unchanged: result.Unchanged, Refused: result.Refused, CSV: csv,
	}
	for _, refused := range []bool{true, false} {
		for _, row := range result.Rows {
			if (row.Why != "") != refused {
				continue
			}
			if len(tried.Rows) >= shownLines {
				tried.More++
				continue
			}
			tried.Rows = append(tried.Rows, page.TriedRow{Line: row.Line, UserName: row.UserName, Outcome: row.Outcome, Kind: outcomeKind(row.Outcome), Why: row.Why})
		}
	}
	return tried
}

func outcomeKind(outcome string) page.Kind {
	switch outcome {
	case "created":
		return page.Good
	case "updated":
		return page.Info
	case "refused":
		return page.Bad
	}
	return "off"
}

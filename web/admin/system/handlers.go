package system

import (
	"net/http"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/sso/credentials"
	"latchkey/sso/directory"
	"latchkey/tokens/consent"
	"latchkey/web/page"
	"latchkey/web/route"
	"latchkey/web/words"
)

// Handlers answer for the installation as a whole. All fields are needed but
// Operations, without which there are no such pages.
type Handlers struct {
	Operations  Operations
	Tenants     *store.Tenants
	Store       *store.Store
	Directory   *directory.Directory
	Credentials *credentials.Credentials
	Consents    *consent.Service
	PublicURL   authmethods.PublicURL
}

const (
	root        = "/system"
	tenantsPath = root + "/tenants"
	formPurpose = "system"
)

// views are the sides of the installation, in the order of their tabs. Their names are
// the texts system.NAME.
var views = []struct {
	name, path string
	fill       func(*view) error // nil: it is more than a view
}{
	{"health", root, (*view).health}, {"tenants", tenantsPath, nil}, {"database", root + "/database", (*view).database},
	{"keys", root + "/keys", (*view).keys}, {"network", root + "/network", (*view).network}, {"jobs", root + "/jobs", (*view).jobs},
	{"configuration", root + "/configuration", (*view).configuration}, {"upgrade", root + "/upgrade", (*view).upgrade},
}

func tabs(w words.Words, current string) []page.Tab {
	var all []page.Tab
	for _, v := range views {
		all = append(all, page.Tab{Label: w.Say("system." + v.name), Href: v.path, Current: v.name == current})
	}
	return all
}

// view is one side of the installation while it is put together.
type view struct {
	*Handlers
	c *route.Call
	w words.Words
	p page.SystemPage
}

// Show is GET of the views that only show something.
func (h *Handlers) Show(c *route.Call) error {
	for _, side := range views {
		if side.path != c.Path() || side.fill == nil || h.Operations == nil {
			continue
		}
		v := &view{Handlers: h, c: c, w: page.Words(c)}
		v.p = page.SystemPage{Title: v.w.Say("system." + side.name), Lead: v.w.Say("system." + side.name + ".lead"), Tabs: tabs(v.w, side.name)}
		if err := side.fill(v); err != nil {
			return err
		}
		return page.System.Show(c, http.StatusOK, v.p)
	}
	return authmethods.Missing()
}

// part begins a section, whose texts are system.ID.
func (v *view) part(id string) *page.SystemPart {
	v.p.Parts = append(v.p.Parts, page.SystemPart{ID: id, Title: v.w.Say("system." + id)})
	return &v.p.Parts[len(v.p.Parts)-1]
}

// list gives a part a table, or says that there is nothing to list.
func (v *view) list(p *page.SystemPart, rows []page.SystemRow, empty string, columns ...string) {
	if len(rows) == 0 {
		p.Empty = v.w.Say(empty)
		return
	}
	t := &page.SystemTable{Caption: p.Title, Rows: rows}
	for _, c := range columns {
		t.Columns = append(t.Columns, v.w.Say("system.col."+c))
	}
	p.Table = t
}

// command is one to copy.
func command(w words.Words, id, text string) page.Snippet {
	return page.Snippet{ID: "do-" + id, Label: w.Say("system.do." + id), Text: text}
}

func row(cells ...page.SystemCell) page.SystemRow { return page.SystemRow{Cells: cells} }

func text(s string) page.SystemCell { return page.SystemCell{Text: s} }

func code(s string) page.SystemCell { return page.SystemCell{Text: s, Code: true} }

func at(t time.Time) page.SystemCell { return page.SystemCell{At: t} }

func (v *view) number(n int) page.SystemCell { return text(v.w.Number(int64(n))) }

// mark is a word with a sign and a colour.
func (v *view) mark(kind page.Kind, key string, pairs ...any) page.SystemCell {
	return page.SystemCell{Mark: &page.Mark{Kind: kind, Icon: kind.Icon(), Text: v.w.Say(key, pairs...)}}
}

func fact(label string, c page.SystemCell) page.SystemFact {
	return page.SystemFact{Label: label, SystemCell: c}
}

// size is a number of bytes in words.
func size(w words.Words, bytes int64) string {
	const mib = 1 << 20
	if bytes < mib {
		return w.Say("system.kib", "n", (bytes+1023)>>10)
	}
	return w.Say("system.mib", "n", bytes/mib)
}

package services

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/web/page"
	"latchkey/web/route"
)

// wish is what the form of a new service was filled in with.
type wish struct {
	name    string
	permits []string // METHOD:ENVIRONMENT
	scopes  string
	admin   bool
	days    string
}

// New is GET /service-accounts/new. The query may name what it is to borrow.
func (h *Handlers) New(c *route.Call) error {
	d, err := h.desk(c)
	if err != nil {
		return err
	}
	w := wish{days: usualDays}
	if method := c.QueryParam("method"); method != "" {
		w.permits = []string{method + ":" + c.QueryParam("environment")}
	}
	return d.showNew(http.StatusOK, w, nil)
}

// Create is POST /service-accounts/new: the service and its first key, which is shown
// on the page that answers.
func (h *Handlers) Create(c *route.Call) error {
	d, err := h.desk(c)
	if err != nil {
		return err
	}
	if err := c.OwnForm(formPurpose); err != nil {
		return err
	}
	w := wish{
		name: d.typed("name"), permits: c.Request().PostForm["permit"], scopes: d.typed("scopes"),
		admin: d.typed("admin") != "", days: d.typed("days"),
	}
	n, expires, wrong := d.readWish(w)
	if len(wrong) > 0 {
		return d.showNew(http.StatusUnprocessableEntity, w, wrong)
	}
	made, err := d.t.CreateService(c.Request().Context(), n)
	if authmethods.KindOf(err) == authmethods.Conflict {
		return d.showNew(http.StatusUnprocessableEntity, w, page.Corrections{{Field: "name", Text: d.w.Say("services.name.taken")}})
	}
	if err != nil {
		wrong, err := d.refused(err)
		if err != nil {
			return err
		}
		return d.showNew(http.StatusUnprocessableEntity, w, wrong)
	}
	if !d.c.May(authmethods.ModifyServices) {
		page.SetFlash(c, page.Wait, "flash.service_keyless", "name", made.Name)
		return c.SeeOther(pathOf(made.ID))
	}
	key, err := d.t.IssueKey(c.Request().Context(), string(made.ID), made.Name, expires)
	if err != nil {
		return err
	}
	return d.showIssued(page.IssuedKeyPage{First: true}, made, key)
}

// readWish reads the form, or says what is wrong with it.
func (d *desk) readWish(w wish) (n store.NewService, expires time.Time, wrong page.Corrections) {
	n = store.NewService{Name: w.name, Admin: w.admin}
	if text := d.wrongName(w.name); text != "" {
		wrong = append(wrong, page.Correction{Field: "name", Text: text})
	}
	scopes, odd := d.readScopes(w.scopes)
	for _, p := range w.permits {
		method, environment, ok := strings.Cut(p, ":")
		if !ok || method == "" || environment == "" {
			wrong = append(wrong, page.Correction{Field: "permit", Text: d.w.Say("services.permits.missing")})
			break
		}
		n.Permits = append(n.Permits, authmethods.Permit{Method: method, Environment: environment, Scopes: scopes})
	}
	if len(w.permits) == 0 && !w.admin {
		wrong = append(wrong, page.Correction{Field: "permit", Text: d.w.Say("services.permits.missing")})
	}
	if odd != "" {
		wrong = append(wrong, page.Correction{Field: "scopes", Text: odd})
	}
	expires, ok := lifeOf(w.days)
	if !ok && d.c.May(authmethods.ModifyServices) {
		wrong = append(wrong, page.Correction{Field: "days", Text: d.w.Say("services.expires.missing")})
	}
	return n, expires, wrong
}

func (d *desk) showNew(status int, w wish, wrong page.Corrections) error {
	methods, err := d.methods()
	if err != nil {
		return err
	}
	p := page.NewServicePage{
		FormToken: d.c.FormToken(formPurpose), Corrections: wrong, Wrong: wrong.Of("permit"),
		Name: page.Field{
			Name: "name", Label: d.w.Say("services.name"), Hint: d.w.Say("services.name.hint"), Placeholder: d.w.Say("services.name.example"),
			Value: w.name, Error: wrong.Of("name"), Maximum: maxName,
		},
		Scopes: d.scopesField(w.scopes, wrong.Of("scopes")),
	}
	p.Columns, p.Rows = d.permitRows(methods, w.permits)
	if d.c.May(authmethods.AdminRights...) {
		p.Admin = d.adminChoice(w.admin)
	}
	if d.c.May(authmethods.ModifyServices) {
		p.Expires = d.daysChoice(w.days, wrong.Of("days"))
	}
	return page.NewService.Show(d.c, status, p)
}

func (d *desk) scopesField(value, wrong string) page.Field {
	return page.Field{
		Name: "scopes", Label: d.w.Say("services.scopes"), Hint: d.w.Say("services.scopes.hint"),
		Value: value, Error: wrong, Kind: "textarea", Mono: true, Optional: true,
	}
}

func (d *desk) adminChoice(chosen bool) *page.Choice {
	return &page.Choice{
		Name: "admin", Legend: d.w.Say("services.admin"), Many: true, Optional: true,
		Options: []page.Option{{Value: "yes", Label: d.w.Say("services.admin.yes"), Hint: d.w.Say("services.admin.hint"), Chosen: chosen}},
	}
}

// permitRows are the methods that can be borrowed, each with a box for every
// environment of its integration type; and one more row for whatever methods there are.
func (d *desk) permitRows(methods []authmethods.Method, chosen []string) (columns []string, rows []page.PermitRow) {
	columns = []string{string(authmethods.Production), string(authmethods.Sandbox)}
	in := map[authmethods.ID][]authmethods.Environment{}
	for _, m := range methods {
		if t, ok := d.Catalog.Find(m.IntegrationType); ok {
			in[m.ID] = t.EnvironmentsInOrder()
		}
		if len(columns) < 3 && slices.Contains(in[m.ID], authmethods.Developer) {
			columns = append(columns, string(authmethods.Developer))
		}
	}
	row := func(name, kind, reference string, has func(authmethods.Environment) bool) {
		r := page.PermitRow{Name: name, Type: kind}
		for _, column := range columns {
			b := page.PermitBox{Environment: column}
			if has(authmethods.Environment(column)) {
				b.Value = reference + ":" + column
				b.Chosen = slices.Contains(chosen, b.Value)
			}
			r.Boxes = append(r.Boxes, b)
		}
		rows = append(rows, r)
	}
	for _, m := range methods {
		row(m.Name, d.typeName(m.IntegrationType), m.Reference, func(e authmethods.Environment) bool { return slices.Contains(in[m.ID], e) })
	}
	row("", "", authmethods.Any, func(authmethods.Environment) bool { return true })
	return columns, named(rows)
}

// named gives each box its id; the first has that of the question.
func named(rows []page.PermitRow) []page.PermitRow {
	first := true
	for _, r := range rows {
		for i := range r.Boxes {
			if r.Boxes[i].Value == "" {
				continue
			}
			if r.Boxes[i].ID = "f-permit-" + strings.NewReplacer(":", "-", "*", "every").Replace(r.Boxes[i].Value); first {
				r.Boxes[i].ID, first = "f-permit", false
			}
		}
	}
	return rows
}

func (d *desk) typeName(id string) string {
	if t, ok := d.Catalog.Find(id); ok {
		return t.Name
	}
	return id
}

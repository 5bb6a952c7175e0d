package audit

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"latchkey/authmethods"
	log "latchkey/authmethods/audit"
	"latchkey/authmethods/store"
	"latchkey/web/list"
	"latchkey/web/page"
	"latchkey/web/route"
	"latchkey/web/words"
)

// Handlers answer for the audit log.
type Handlers struct{ Store *store.Store }

const (
	perPage  = 50
	formName = "audit"
	maxField = 100
)

// actions are all that the log records, for the form that narrows it.
var actions = [...]string{
	"method.created", "method.changed", "method.deleted", "method.enabled", "method.disabled", "method.client_rejected", "method.client_accepted", "method.secret_promoted",
	"consent.begun", "consent.completed", "consent.failed", "consent.expired",
	"connection.organization_selected", "connection.revoked", "backup.restored",
	"connector.created", "connector.changed", "connector.deleted",
	"user.created", "user.changed", "user.deleted", "user.associated", "user.dissociated", "user.identity_pinned", "user.identity_unpinned", "users.imported",
	"role.created", "role.changed", "role.deleted",
	"session.began", "session.ended", "session.rotated",
	"invitation.sent", "invitation.accepted", "reset.sent", "password.set", "password.changed", "password.removed", "totp.enabled", "totp.removed",
	"passkey.added", "passkey.renamed", "passkey.removed",
	"service.created", "service.changed", "service.deleted", "service.permit_added", "service.permit_removed",
	"key.issued", "key.rolled", "key.revoked",
	"settings.changed", "tenant.created", "tenant.enabled", "tenant.disabled", "tenant.deleted", "web_keys.replaced",
	"everything.frozen", "everything.unfrozen", "tenant.frozen", "tenant.unfrozen", "method.frozen", "method.unfrozen", "service.frozen", "service.unfrozen",
	"audit.exported", "audit.trimmed", "connection.refresh_asked", "encryption_key.activated", "encryption_key.dropped", "data_key.renewed", "request.refused",
}

// read returns what a request narrows the log to.
func read(r *http.Request) (log.Query, error) {
	q := list.Read(r, "actor", "action", "object", "env")
	lq := log.Query{
		Action: q.Text("action", maxField), Object: authmethods.ID(strings.TrimSpace(q.Text("object", maxField))),
		BeforeSeq: q.BeforeSeq(), Limit: perPage + 1,
	}
	// An id has an underscore; what else was typed is a name.
	if actor := strings.TrimSpace(q.Text("actor", maxField)); strings.HasPrefix(actor, "usr_") || strings.HasPrefix(actor, "sa_") {
		lq.Actor = authmethods.ID(actor)
	} else {
		lq.ActorName = actor
	}
	return lq, q.Err()
}

// List is GET /audit.
func (h *Handlers) List(c *route.Call) error {
	q, err := read(c.Request())
	if err != nil {
		return err
	}
	in, err := h.Store.For(c.Caller)
	if err != nil {
		return err
	}
	found, err := in.Events(c.Request().Context(), q)
	if err != nil {
		return err
	}
	part := list.PageOf(found, perPage, func(e authmethods.Event) string { return list.SeqCursor(e.Seq) })
	names, err := methodNames(c, in)
	if err != nil {
		return err
	}
	w := page.Words(c)
	p := page.AuditPage{Entries: Entries(w, c.Caller, part.Items, names), Sift: sift(c, w, q), Verify: page.Form{Action: Path + "/verify", Token: c.FormToken(formName)}}
	query := narrowing(c).Encode()
	for _, kind := range []struct{ path, label string }{{"/export.csv", "CSV"}, {"/export.jsonl", "JSON Lines"}} {
		href := Path + kind.path
		if query != "" {
			href += "?" + query
		}
		p.Exports = append(p.Exports, page.Action{Label: kind.label, Href: href, Icon: "download"})
	}
	if part.NextCursor != "" {
		p.Pager.Next = at(c, part.NextCursor)
	}
	if q.BeforeSeq > 0 {
		p.Pager.Previous = at(c, "")
	}
	if len(p.Entries) == 0 {
		p.Empty = &page.Empty{Icon: "log", Title: w.Say("sift.nothing"), Text: w.Say("audit.nothing"), Actions: []page.Action{{Label: w.Say("sift.all"), Href: Path}}}
	}
	return page.AuditLog.Show(c, http.StatusOK, p)
}

// methodNames are the names of methods, for those who may see them.
func methodNames(c *route.Call, in *store.Tenant) (map[authmethods.ID]string, error) {
	if c.Caller.May(authmethods.ViewMethods) != nil {
		return nil, nil
	}
	methods, err := in.Methods(c.Request().Context(), "", 200)
	names := make(map[authmethods.ID]string, len(methods))
	for _, m := range methods {
		names[m.ID] = m.Name
	}
	return names, err
}

// narrowing is what the log is narrowed to, as parameters.
func narrowing(c *route.Call) url.Values {
	q := url.Values{}
	for _, name := range []string{"actor", "action", "object"} {
		if v := c.QueryParam(name); v != "" {
			q.Set(name, v)
		}
	}
	return q
}

// at is the address of a part of the log.
func at(c *route.Call, cursor string) string {
	q := narrowing(c)
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	if len(q) == 0 {
		return Path
	}
	return Path + "?" + q.Encode()
}

func sift(c *route.Call, w words.Words, q log.Query) page.Sift {
	action := page.Field{Name: "action", Label: w.Say("audit.what"), Kind: "select", Options: []page.Option{{Label: w.Say("sift.any")}}}
	for _, a := range actions {
		action.Options = append(action.Options, page.Option{Value: a, Label: said(w, a), Chosen: a == q.Action})
	}
	s := page.Sift{Fields: []page.Field{
		{Name: "actor", Label: w.Say("audit.who"), Value: c.QueryParam("actor"), Placeholder: w.Say("audit.who.example")},
		action,
		{Name: "object", Label: w.Say("audit.object"), Value: string(q.Object), Placeholder: w.Say("audit.object.example")},
	}}
	if len(narrowing(c)) > 0 {
		s.Clear = Path
	}
	return s
}

// Verify is POST /audit/verify.
func (h *Handlers) Verify(c *route.Call) error {
	if err := c.OwnForm(formName); err != nil {
		return err
	}
	in, err := h.Store.For(c.Caller)
	if err != nil {
		return err
	}
	n, err := in.VerifyAudit(c.Request().Context())
	w := page.Words(c)
	switch {
	case errors.Is(err, log.ErrBroken):
		page.SetFlash(c, page.Bad, "flash.audit_broken", "at", w.Number(n+1))
	case err != nil:
		return err
	default:
		page.SetFlash(c, page.Good, "flash.audit_whole", "count", w.Number(n))
	}
	return c.SeeOther(Path)
}

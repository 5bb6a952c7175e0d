package audit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"latchkey/authmethods"
	log "latchkey/authmethods/audit"
	"latchkey/web/page"
	"latchkey/web/words"
)

// Of asks for the last events of one object.
func Of(object authmethods.ID, limit int) log.Query { return log.Query{Object: object, Limit: limit} }

// Entries shows events as pages do, to somebody with the rights of c. Objects that an
// event does not name are called as in names.
func Entries(w words.Words, c authmethods.Caller, events []authmethods.Event, names map[authmethods.ID]string) []page.AuditEntry {
	shown := make([]page.AuditEntry, 0, len(events))
	for i := range events {
		e := &events[i]
		entry := page.AuditEntry{
			Seq: e.Seq, At: e.At.UTC(), Actor: nameOf(e.Actor), ActorKind: string(e.Actor.Kind), Action: said(w, e.Action), Code: e.Action,
			ObjectHref: hrefOf(c, e.Object), RequestID: e.RequestID, Changes: changes(e),
		}
		entry.Object = cmp.Or(e.ObjectRef, names[e.Object], string(e.Object))
		if entry.ObjectHref == "" {
			entry.ObjectHref = hrefOf(c, authmethods.ID(e.ObjectRef)) // of a session, its user
		}
		if e.Actor.ID != "" && entry.Object == string(e.Actor.ID) {
			entry.Object = entry.Actor
		}
		if c.May(authmethods.ViewAudit) == nil && e.Actor.ID != "" {
			entry.ActorHref = Path + "?actor=" + string(e.Actor.ID)
		}
		shown = append(shown, entry)
	}
	return shown
}

// Path is where the audit log is.
const Path = "/audit"

func nameOf(a authmethods.Actor) string {
	if a.Name != "" {
		return a.Name
	}
	return string(a.ID)
}

// said is an action in words; one that has none, as the API calls it.
func said(w words.Words, action string) string {
	if key := "audited." + action; w.Has(key) {
		return w.Say("audited." + action)
	}
	return action
}

// pages are where objects are shown, by the prefixes of their ids.
var pages = map[string]struct {
	path  string
	right authmethods.Right
}{
	"am":   {"/methods/", authmethods.ViewMethods},
	"conn": {"/connections/", authmethods.ViewMethods},
	"sa":   {"/service-accounts/", authmethods.ViewServices},
	"usr":  {"/users/", authmethods.ViewUsers},
	"sso":  {"/sso/", authmethods.ViewConnectors},
}

// hrefOf is where an object is shown; empty if it has no page for this reader.
func hrefOf(c authmethods.Caller, id authmethods.ID) string {
	prefix, _, _ := strings.Cut(string(id), "_")
	p, ok := pages[prefix]
	if !ok || c.May(p.right) != nil {
		return ""
	}
	return p.path + string(id)
}

// changes are the fields of an event, by name.
func changes(e *authmethods.Event) []page.AuditChange {
	var shown []page.AuditChange
	for _, field := range slices.Sorted(maps.Keys(e.Changes)) {
		change := e.Changes[field]
		if change == authmethods.SecretChanged {
			shown = append(shown, page.AuditChange{Field: field, Secret: true})
			continue
		}
		shown = append(shown, page.AuditChange{Field: field, From: text(change.From), To: text(change.To)})
	}
	return shown
}

// maxText is how much of a value is shown, in bytes.
const maxText = 500

// text is a value of the log as people read it.
func text(v any) string {
	var s string
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		s = v
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = text(v[i])
		}
		s = strings.Join(parts, ", ")
	case map[string]any:
		b, err := json.Marshal(v)
		if err != nil {
			return "?"
		}
		s = string(b)
	default:
		s = fmt.Sprint(v)
	}
	if len(s) > maxText {
		for s = s[:maxText]; !utf8.ValidString(s); s = s[:len(s)-1] {
		}
		s += "…"
	}
	return s
}

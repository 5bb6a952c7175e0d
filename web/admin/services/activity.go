package services

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/web/page"
)

// How much of the audit log is shown: of the service itself, of each of its newest
// keys, and of all together.
const (
	ownEvents = 20
	keyEvents = 3
	maxKeys   = 10
	maxEvents = 20
)

// actions are those that the catalogue has words for.
var actions = []string{
	"service.created", "service.changed", "service.permit_added", "service.permit_removed",
	"key.issued", "key.rolled", "key.revoked",
}

// activity is what the audit log has of a service and its keys, the newest first.
func (d *desk) activity(s authmethods.Service) ([]page.ServiceEvent, error) {
	ctx := d.c.Request().Context()
	all, err := d.t.Events(ctx, audit.Query{Object: s.ID, Limit: ownEvents})
	if err != nil {
		return nil, err
	}
	keys := slices.Clone(s.Keys)
	slices.SortFunc(keys, func(a, b authmethods.APIKey) int { return cmp.Compare(b.ID, a.ID) })
	for _, k := range keys[:min(maxKeys, len(keys))] {
		some, err := d.t.Events(ctx, audit.Query{Object: k.ID, Limit: keyEvents})
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, func(a, b authmethods.Event) int { return cmp.Compare(b.Seq, a.Seq) })
	var shown []page.ServiceEvent
	for _, e := range all[:min(maxEvents, len(all))] {
		shown = append(shown, page.ServiceEvent{
			Action: e.Action, Known: slices.Contains(actions, e.Action), What: d.what(e), Actor: e.Actor.Name, At: e.At,
		})
	}
	return shown, nil
}

// what is the part of an event that a sentence needs.
func (d *desk) what(e authmethods.Event) string {
	if strings.HasPrefix(e.Action, "key.") {
		return e.ObjectRef
	}
	if p, ok := e.Changes["permits"]; ok {
		return strings.Join(append(permitsIn(p.From), permitsIn(p.To)...), ", ")
	}
	var parts []string
	if name, ok := e.Changes["name"]; ok && e.Action == "service.changed" {
		parts = append(parts, fmt.Sprintf("%v → %v", name.From, name.To))
	}
	for _, field := range []string{"disabled", "admin"} {
		if change, ok := e.Changes[field]; ok && e.Action == "service.changed" {
			to := field + "." + fmt.Sprint(change.To)
			parts = append(parts, d.w.Say("services.changed."+to))
		}
	}
	return strings.Join(parts, ", ")
}

// permitsIn reads permits as the log describes them.
func permitsIn(v any) []string {
	list, _ := v.([]any)
	var found []string
	for _, each := range list {
		if p, ok := each.(map[string]any); ok {
			found = append(found, fmt.Sprintf("%v:%v", p["method"], p["environment"]))
		}
	}
	return found
}

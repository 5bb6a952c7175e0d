package services

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/web/page"
)

// soon is how long before its end a key is shown as ending.
const soon = 14 * 24 * time.Hour

// showKey is what people see of a key.
func showKey(k authmethods.APIKey, now time.Time) page.ServiceKey {
	shown := page.ServiceKey{
		ID: k.ID, Prefix: prefixOf(k.ID), Name: k.Name, State: page.KeyGood,
		CreatedAt: k.CreatedAt, ExpiresAt: k.ExpiresAt, RevokedAt: k.RevokedAt, LastUsedAt: k.LastUsedAt,
	}
	switch {
	case !k.RevokedAt.IsZero():
		shown.State = page.KeyRevoked
	case k.ExpiresAt.IsZero():
	case !k.ExpiresAt.After(now):
		shown.State = page.KeyExpired
	case k.ExpiresAt.Before(now.Add(soon)):
		shown.State = page.KeyEnding
	}
	return shown
}

// prefixOf is how a key begins: its id, which is no secret, as the key spells it.
func prefixOf(id authmethods.ID) string {
	const shown = 16
	name := strings.ToLower(strings.TrimPrefix(string(id), "key_"))
	return "lk_" + name[:min(shown, len(name))] + "…"
}

// showKeys tells the keys that are good, the newest first, from those that ended.
func showKeys(keys []authmethods.APIKey, now time.Time) (live, ended []page.ServiceKey) {
	keys = slices.Clone(keys)
	slices.SortFunc(keys, func(a, b authmethods.APIKey) int { return cmp.Compare(b.ID, a.ID) })
	for _, k := range keys {
		if shown := showKey(k, now); shown.Live() {
			live = append(live, shown)
		} else {
			ended = append(ended, shown)
		}
	}
	return live, ended
}

// stateOf says whether a service can be used, by its keys that are good.
func stateOf(s authmethods.Service, live []page.ServiceKey) page.ServiceState {
	switch {
	case s.Disabled:
		return page.ServiceDisabled
	case len(live) == 0:
		return page.ServiceKeyless
	case !slices.ContainsFunc(live, func(k page.ServiceKey) bool { return k.State == page.KeyGood }):
		return page.ServiceExpiring
	}
	return page.ServiceEnabled
}

// showPermit is a permit in words. Whether its method exists is known only to who may
// see methods.
func showPermit(p authmethods.Permit, methods []authmethods.Method, known bool) page.ServicePermit {
	shown := page.ServicePermit{ID: p.ID, Scopes: p.Scopes}
	if p.Environment != authmethods.Any {
		shown.Environment = p.Environment
	}
	if p.Method == authmethods.Any {
		return shown
	}
	shown.Reference, shown.Method, shown.Missing = p.Method, p.Method, known
	for _, m := range methods {
		if m.Reference == p.Method {
			shown.Method, shown.Missing = m.Name, false
		}
	}
	return shown
}

func (d *desk) showPermits(permits []authmethods.Permit, methods []authmethods.Method) []page.ServicePermit {
	var shown []page.ServicePermit
	for _, p := range permits {
		shown = append(shown, showPermit(p, methods, d.c.May(authmethods.ViewMethods)))
	}
	slices.SortFunc(shown, func(a, b page.ServicePermit) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Method), strings.ToLower(b.Method)), cmp.Compare(a.Environment, b.Environment))
	})
	return shown
}

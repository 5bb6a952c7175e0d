package methods

import (
	"context"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/tokens"
	"latchkey/tokens/consent"
	"latchkey/web/page"
	"latchkey/web/route"
	"latchkey/web/words"
)

// most bounds how many are read in one go.
const most = 500

// place is where a method can be: the key of its own connections.
type place struct {
	method      authmethods.ID
	environment authmethods.Environment
}

// connections returns those that tenants have as a whole, of one method or of all.
func (h *Handlers) connections(c *route.Call, method string) (map[place]tokens.Connection, error) {
	found := map[place]tokens.Connection{}
	q := consent.Query{Method: method, Limit: most}
	for {
		some, err := h.Consents.Connections(c.Request().Context(), c.Caller, q)
		if err != nil {
			return nil, err
		}
		for _, x := range some {
			if x.Subject == tokens.TenantSubject {
				found[place{x.MethodID, x.Environment}] = x
			}
			q.After = x.ID
		}
		if len(some) < q.Limit {
			return found, nil
		}
	}
}

// stateOf is the state of a method where it has this connection; the zero one is
// none.
func stateOf(x tokens.Connection) page.State {
	switch x.State {
	case "":
		return page.State(tokens.Disabled)
	case tokens.AwaitingConsent:
		return "awaiting_approval"
	}
	return page.State(x.State)
}

// urgency orders states: those that need somebody first.
func urgency(s page.State) int {
	for i, each := range []page.State{"reconnect_required", "degraded", "awaiting_approval", "throttled", "revoked", "active"} {
		if s == each {
			return i
		}
	}
	return 6
}

// works reports a state in which nobody needs to approve anything.
func works(s page.State) bool { return s == "active" || s == "degraded" || s == "throttled" }

// chip leads to where the state is changed: to the window that enables, or to the
// reasons where nothing is to be approved.
func chip(w words.Words, id authmethods.ID, x tokens.Connection, modify bool) page.Chip {
	s := stateOf(x)
	ch := page.Chip{State: s, Href: pathOf(id, ""), Action: w.Say("methods.chip.details")}
	switch s {
	case "degraded":
		if !x.TokenExpiresAt.IsZero() && time.Now().Before(x.TokenExpiresAt) {
			ch.Note = w.Say("methods.until", "time", w.Clock(x.TokenExpiresAt))
		}
	case "throttled":
		if !x.RetryAt.IsZero() {
			ch.Note = w.Say("methods.until", "time", w.Clock(x.RetryAt))
		}
	}
	if works(s) || !modify {
		return ch
	}
	ch.Href, ch.Action, ch.Dialog = pathOf(id, "enable"), w.Say("methods.enable"), true
	if s == "reconnect_required" || s == "revoked" {
		ch.Action = w.Say("methods.reconnect")
	}
	return ch
}

// all returns all methods of the tenant.
func all(ctx context.Context, t *store.Tenant) ([]authmethods.Method, error) {
	var list []authmethods.Method
	var after authmethods.ID
	for {
		some, err := t.Methods(ctx, after, most)
		if err != nil {
			return nil, err
		}
		list = append(list, some...)
		if len(some) < most {
			return list, nil
		}
		after = some[len(some)-1].ID
	}
}

package judge

import (
	"time"

	"latchkey/zohosim"
)

// rounding is how much the answers' times, in whole seconds, may be off.
const rounding = time.Second

// ours reports whether a token ends for that reason because of what the broker
// itself did, or failed to do. It cannot know of a revocation at the provider.
func ours(reason string) bool {
	switch reason {
	case zohosim.ReasonEvicted, zohosim.ReasonRotated, zohosim.ReasonReused:
		return true
	}
	return false
}

// NoDeadTokenLent judges I1: no lent token is one that the provider had already
// ended when it was asked for, or never issued. Tokens that a person revoked at
// the provider do not count, for nobody tells the broker.
func NoDeadTokenLent(e *Evidence) []Violation {
	var found []Violation
	known := e.oracle()
	for i := range e.Loans {
		l := &e.Loans[i]
		if !l.OK() {
			continue
		}
		v, ok := known[l.Fingerprint]
		switch {
		case !ok || v.Kind != "access":
			found = append(found, violation("I1", "%s: the provider never issued it", l))
		case !v.Ended.IsZero() && !v.Ended.After(l.Asked) && ours(v.Reason):
			found = append(found, violation("I1", "%s: it was %s at %s already", l, v.Reason, clock(v.Ended)))
		case !v.Expires.IsZero() && !v.Expires.After(l.Asked):
			found = append(found, violation("I1", "%s: it had expired at %s", l, clock(v.Expires)))
		case !v.Expires.IsZero() && l.ExpiresAt.After(v.Expires.Add(rounding)):
			found = append(found, violation("I1", "%s: it was promised until %s and expires at %s", l, clock(l.ExpiresAt), clock(v.Expires)))
		}
	}
	return found
}

// grace is how long before its end a lent token may be ended by our own requests:
// nobody is lent so short a rest without wanting it.
const grace = time.Minute

// NoLentTokenKilled judges I2: what was lent is not ended by the broker's own
// later requests, by rotation or by the provider's limit on tokens, before it
// expires. It does not apply to a provider that ends access tokens on rotation.
func NoLentTokenKilled(e *Evidence) []Violation {
	var found []Violation
	known := e.oracle()
	for i := range e.Loans {
		l := &e.Loans[i]
		v, ok := known[l.Fingerprint]
		if !l.OK() || !ok || v.Ended.IsZero() || !ours(v.Reason) || !v.Ended.After(l.Asked) {
			continue
		}
		if v.Ended.Before(l.ExpiresAt.Add(-grace)) {
			found = append(found, violation("I2", "%s: good until %s, but %s at %s by our own request", l, clock(l.ExpiresAt), v.Reason, clock(v.Ended)))
		}
	}
	return found
}

// TenantsApart judges I7: a token of one tenant's client is only in answers to
// those who asked for that tenant, and of the connection that they asked for.
func TenantsApart(e *Evidence) []Violation {
	var found []Violation
	known := e.oracle()
	connections := map[string]Connection{}
	for _, c := range e.Connections {
		connections[c.ID] = c
	}
	for i := range e.Loans {
		l := &e.Loans[i]
		if !l.OK() {
			continue
		}
		c, v := connections[l.Connection], known[l.Fingerprint]
		switch {
		case c.ID == "" || c.Tenant != l.Tenant:
			found = append(found, violation("I7", "%s: a token although the tenant has no such connection", l))
		case l.AnsweredTenant != "" && l.AnsweredTenant != l.Tenant, l.AnsweredConnection != "" && l.AnsweredConnection != l.Connection:
			found = append(found, violation("I7", "%s: the answer says it is of %s, %s", l, l.AnsweredTenant, l.AnsweredConnection))
		case v.Kind != "" && (v.Client != c.Client || c.Grant != "" && v.Grant != c.Grant):
			found = append(found, violation("I7", "%s: the provider gave it to client %s, grant %s", l, v.Client, v.Grant))
		}
	}
	return found
}

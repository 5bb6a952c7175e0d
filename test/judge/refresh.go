package judge

import (
	"slices"
	"strings"
	"time"

	"latchkey/zohosim"
)

// request is a token request as the provider saw it.
type request struct {
	zohosim.Event
	grant string
}

// requests returns the refreshes by grant, each once, oldest first. A request that
// a fault spoilt has two events with one moment of arrival.
func (e *Evidence) requests() map[string][]request {
	known := e.oracle()
	type arrival struct {
		at    time.Time
		token string
	}
	seen := map[arrival]int{}
	of := map[string][]request{}
	for _, ev := range e.Events {
		if ev.Kind != zohosim.EventRefresh && ev.Kind != zohosim.EventFault || ev.Refresh == "" {
			continue
		}
		grant := known[ev.Refresh].Grant
		a := arrival{ev.Received, ev.Refresh}
		if i, ok := seen[a]; ok {
			if ev.Kind == zohosim.EventRefresh { // it says more than that there was a fault
				of[grant][i].Event = ev
			}
			continue
		}
		seen[a] = len(of[grant])
		of[grant] = append(of[grant], request{ev, grant})
	}
	for _, list := range of {
		slices.SortStableFunc(list, func(a, b request) int { return a.Received.Compare(b.Received) })
	}
	return of
}

// rotated reports whether the provider replaced the refresh token.
func (r *request) rotated() bool {
	return r.Kind == zohosim.EventRefresh && r.Outcome == "ok" && strings.HasPrefix(r.Detail, "rotated")
}

// patience is how long a broker may wait for an answer before it counts as lost.
const patience = 20 * time.Second

// lostAnswer reports whether a fault of the provider kept the answer from
// arriving whole. The event of the fault has the same moment of arrival.
func (e *Evidence) lostAnswer(r *request) bool {
	return slices.ContainsFunc(e.Events, func(ev zohosim.Event) bool {
		if ev.Kind != zohosim.EventFault || ev.Refresh != r.Refresh || !ev.Received.Equal(r.Received) {
			return false
		}
		switch ev.Detail {
		case zohosim.FaultSlow, zohosim.FaultContentType, zohosim.FaultDuplicated:
			return ev.Answered.Sub(ev.Received) > patience
		}
		return true
	})
}

// transit is how long a request may be under way whose sender has died.
const transit = 100 * time.Millisecond

// crashed reports whether a process died after the first request arrived and
// before the second did. With a connection, deaths count only if they left no
// captured answer of it behind.
func (e *Evidence) crashed(first, second time.Time, connection string) bool {
	return slices.ContainsFunc(e.Crashes, func(c Crash) bool {
		if !c.At.Before(second) || c.At.Add(transit).Before(first) {
			return false
		}
		return connection == "" || !slices.Contains(c.Captured, connection)
	})
}

// connectionOf returns the id of the connection that stands for a grant.
func (e *Evidence) connectionOf(grant string) string {
	for _, c := range e.Connections {
		if c.Grant == grant {
			return c.ID
		}
	}
	return ""
}

// RefreshTokensSpentOnce judges I3, where refresh tokens rotate: one that the
// provider has replaced is never sent again, but for one retry after an answer
// that cannot have been captured, because the process died or the answer was lost
// on its way. A retry that ends so itself may have another.
func RefreshTokensSpentOnce(e *Evidence) []Violation {
	var found []Violation
	for grant, list := range e.requests() {
		connection := e.connectionOf(grant)
		spent := map[string]request{} // the newest request with a token that was replaced
		for _, r := range list {
			last, again := spent[r.Refresh]
			if again && !e.crashed(last.Received, r.Received, connection) && !e.lostAnswer(&last) {
				found = append(found, violation("I3", "%s, grant %s: refresh token %s, replaced already, was sent at %s and again at %s although the answer arrived",
					connection, grant, r.Refresh, clock(last.Received), clock(r.Received)))
			}
			if again || r.rotated() {
				spent[r.Refresh] = r
			}
		}
	}
	return sorted(found)
}

// OneRequestAtATime judges I4: no token request for a grant arrives at the
// provider while another is unanswered, unless whoever sent that one is dead.
func OneRequestAtATime(e *Evidence) []Violation {
	var found []Violation
	for grant, list := range e.requests() {
		for i, r := range list {
			for _, before := range list[:i] {
				open := before.Answered.IsZero() || before.Answered.After(r.Received)
				if open && !e.crashed(before.Received, r.Received, "") {
					found = append(found, violation("I4", "%s, grant %s: a request at %s while that of %s was answered only at %s",
						e.connectionOf(grant), grant, clock(r.Received), clock(before.Received), clock(before.Answered)))
				}
			}
		}
	}
	return sorted(found)
}

// WithinBudget judges I13 for the limit of each grant: never more than allowed
// token requests in any span of that length.
func WithinBudget(e *Evidence, allowed int, span time.Duration) []Violation {
	var found []Violation
	for grant, list := range e.requests() {
		for i := allowed; i < len(list); i++ {
			if took := list[i].Received.Sub(list[i-allowed].Received); took < span {
				found = append(found, violation("I13", "%s, grant %s: %d requests within %s, up to %s",
					e.connectionOf(grant), grant, allowed+1, took, clock(list[i].Received)))
			}
		}
	}
	return sorted(found)
}

// grain is how coarse the times are that SQLite's clock gives.
const grain = time.Millisecond

// GivenUpForAReason judges I6: a grant is given up, and a borrower told to
// reconnect, only after the provider refused the grant.
func GivenUpForAReason(e *Evidence) []Violation {
	refused := map[string]time.Time{} // the first refusal, by connection
	for grant, list := range e.requests() {
		for _, r := range list {
			if r.Outcome == "invalid_code" || r.Outcome == "invalid_grant" {
				refused[e.connectionOf(grant)] = r.Received
				break
			}
		}
	}
	var found []Violation
	judge := func(connection string, at time.Time, what string) {
		if first, ok := refused[connection]; !ok || first.After(at.Add(grain)) {
			found = append(found, violation("I6", "%s of %s at %s, but the provider had not refused it", what, connection, clock(at)))
		}
	}
	for _, g := range e.Grants {
		if g.Broken != "" && g.Broken != "revoked" {
			judge(g.Connection, g.BrokenAt, "the grant was given up ("+g.Broken+")")
		}
	}
	for i := range e.Loans {
		if l := &e.Loans[i]; l.Code == "reconnect_required" && l.Reason != "revoked" {
			judge(l.Connection, l.Answered, l.Process+" asked to reconnect for the loan")
		}
	}
	return found
}

// sorted puts violations in an order that does not depend on maps.
func sorted(all []Violation) []Violation {
	slices.SortFunc(all, func(a, b Violation) int { return strings.Compare(a.What, b.What) })
	return all
}

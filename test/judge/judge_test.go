package judge_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/test/judge"
	"latchkey/zohosim"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// at is a moment some seconds after noon.
func at(seconds float64) time.Time {
	return noon.Add(time.Duration(seconds * float64(time.Second)))
}

// calm is the evidence of an experiment in which nothing went wrong: two tenants,
// each with a connection; the first was refreshed and rotated twice.
func calm() *judge.Evidence {
	refresh := func(second float64, token, access, next string) zohosim.Event {
		return zohosim.Event{
			Received: at(second), Answered: at(second + 1), Kind: zohosim.EventRefresh, Outcome: "ok",
			Refresh: token, Access: access, Grant: "g1", Detail: "rotated to " + next,
		}
	}
	token := func(kind, fingerprint, grant, client string, issued float64) zohosim.Validity {
		v := zohosim.Validity{Kind: kind, Fingerprint: fingerprint, Grant: grant, Client: client, Issued: at(issued), Valid: true}
		if kind == "access" {
			v.Expires = at(issued + 3600)
		}
		return v
	}
	ended := func(v zohosim.Validity, second float64, reason string) zohosim.Validity {
		v.Ended, v.Reason, v.Valid = at(second), reason, false
		return v
	}
	return &judge.Evidence{
		Connections: []judge.Connection{
			{ID: "conn_1", Tenant: "acme", Client: "client1", Grant: "g1"},
			{ID: "conn_2", Tenant: "globex", Client: "client2", Grant: "g2"},
		},
		Events: []zohosim.Event{refresh(10, "r1", "a1", "r2"), refresh(3000, "r2", "a2", "r3")},
		Tokens: []zohosim.Validity{
			ended(token("refresh", "r1", "g1", "client1", 0), 10, zohosim.ReasonRotated),
			ended(token("refresh", "r2", "g1", "client1", 10), 3000, zohosim.ReasonRotated),
			token("refresh", "r3", "g1", "client1", 3000), token("refresh", "s1", "g2", "client2", 0),
			token("access", "a1", "g1", "client1", 10), token("access", "a2", "g1", "client1", 3000), token("access", "b1", "g2", "client2", 20),
		},
		Loans: []judge.Loan{
			loan("conn_1", "acme", "a1", 9, 12), loan("conn_1", "acme", "a2", 2999, 3002), loan("conn_2", "globex", "b1", 20, 21),
			{Tenant: "acme", Connection: "conn_1", Service: "sa_acme", Asked: at(30), Answered: at(31), Status: 503, Code: "provider_unavailable"},
		},
		Ledger: []judge.Entry{entry("conn_1", "acme", "a1", 11), entry("conn_1", "acme", "a2", 3001), entry("conn_2", "globex", "b1", 20)},
		Grants: []judge.Grant{{Connection: "conn_1"}, {Connection: "conn_2"}},
	}
}

func loan(connection, tenant, token string, asked, answered float64) judge.Loan {
	return judge.Loan{
		Borrower: "b", Process: "p", Tenant: tenant, Connection: connection, Service: "sa_" + tenant, Asked: at(asked), Answered: at(answered),
		Status: 200, Fingerprint: token, TokenID: "tok_" + token, ExpiresAt: at(asked + 3599), AnsweredTenant: tenant, AnsweredConnection: connection,
	}
}

func entry(connection, tenant, token string, first float64) judge.Entry {
	return judge.Entry{Tenant: tenant, Connection: connection, TokenID: "tok_" + token, Service: "sa_" + tenant, FirstLentAt: at(first)}
}

// end has the provider end a token.
func end(e *judge.Evidence, token, reason string, second float64) {
	for i := range e.Tokens {
		if v := &e.Tokens[i]; v.Fingerprint == token {
			v.Ended, v.Reason, v.Valid = at(second), reason, false
		}
	}
}

// again has the provider receive a refresh token at a second, and answer a second
// later.
func again(e *judge.Evidence, token, outcome string, second float64) {
	e.Events = append(e.Events, zohosim.Event{
		Received: at(second), Answered: at(second + 1), Kind: zohosim.EventRefresh, Refresh: token, Outcome: outcome,
	})
}

func crash(e *judge.Evidence, second float64, captured ...string) {
	e.Crashes = append(e.Crashes, judge.Crash{At: at(second), Process: "p", Captured: captured})
}

// fault has the provider lose the answer to the request that arrived at a second.
func fault(e *judge.Evidence, kind, token string, second float64) {
	e.Events = append(e.Events, zohosim.Event{Received: at(second), Answered: at(second), Kind: zohosim.EventFault, Detail: kind, Refresh: token, Outcome: "served"})
}

// TestEvidence changes the calm evidence in one way at a time and says which rules
// that breaks, if any.
func TestEvidence(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*judge.Evidence)
		want   string // rules, each once
	}{
		"calm": {func(*judge.Evidence) {}, ""},

		"nothing was lent":              {func(e *judge.Evidence) { e.Loans = e.Loans[3:] }, "evidence"},
		"nothing is there to lend":      {func(e *judge.Evidence) { e.Connections, e.Loans = nil, nil }, "evidence"},
		"the provider forgot something": {func(e *judge.Evidence) { e.EventsDropped = 1 }, "evidence"},

		"a token that was evicted before it was asked for":  {func(e *judge.Evidence) { end(e, "b1", zohosim.ReasonEvicted, 19) }, "I1"},
		"a token that rotation had ended":                   {func(e *judge.Evidence) { end(e, "b1", zohosim.ReasonRotated, 20) }, "I1"},
		"a token of a family that was ended for reuse":      {func(e *judge.Evidence) { end(e, "b1", zohosim.ReasonReused, 1) }, "I1"},
		"a token that a person had revoked at the provider": {func(e *judge.Evidence) { end(e, "b1", zohosim.ReasonRevoked, 1) }, ""},
		"a token that had expired":                          {func(e *judge.Evidence) { e.Loans[2].Asked, e.Loans[2].Answered = at(3620), at(3621) }, "I1"},
		"a token that is promised longer than it lives":     {func(e *judge.Evidence) { e.Loans[2].ExpiresAt = at(3622) }, "I1"},
		"a token that is promised within rounding":          {func(e *judge.Evidence) { e.Loans[2].ExpiresAt = at(3620.9) }, ""},
		"a token that nobody issued":                        {func(e *judge.Evidence) { e.Tokens = e.Tokens[:6] }, "I1"},
		"a refresh token in place of an access token":       {func(e *judge.Evidence) { e.Loans[2].Fingerprint = "s1" }, "I1"},

		"a lent token that is evicted long before its end": {func(e *judge.Evidence) { end(e, "b1", zohosim.ReasonEvicted, 22) }, "I2"},
		"a lent token that is ended while it is answered":  {func(e *judge.Evidence) { end(e, "b1", zohosim.ReasonRotated, 20.5) }, "I2"},
		"a lent token that is evicted in its last minute":  {func(e *judge.Evidence) { end(e, "b1", zohosim.ReasonEvicted, 3570) }, ""},
		"a lent token that is revoked by a person":         {func(e *judge.Evidence) { end(e, "b1", zohosim.ReasonRevoked, 22) }, ""},

		"a replaced token comes again for no reason":  {func(e *judge.Evidence) { again(e, "r2", "ok", 3100) }, "I3"},
		"a replaced token comes again and is refused": {func(e *judge.Evidence) { again(e, "r1", "invalid_code", 3100) }, "I3"},
		"a replaced token comes again after a crash":  {func(e *judge.Evidence) { crash(e, 3050); again(e, "r2", "ok", 3100) }, ""},
		"it comes a third time":                       {func(e *judge.Evidence) { crash(e, 3050); again(e, "r2", "ok", 3100); again(e, "r2", "ok", 3200) }, "I3"},
		"it comes a third time after another crash": {func(e *judge.Evidence) {
			crash(e, 3050)
			again(e, "r2", "ok", 3100)
			crash(e, 3150)
			again(e, "r2", "ok", 3200)
		}, ""},
		"it comes a third time, captured since": {func(e *judge.Evidence) {
			crash(e, 3050)
			again(e, "r2", "ok", 3100)
			crash(e, 3150, "conn_1")
			again(e, "r2", "ok", 3200)
		}, "I3"},
		"a crash was before the first use":         {func(e *judge.Evidence) { crash(e, 2990); again(e, "r2", "ok", 3100) }, "I3"},
		"a crash was after the second use":         {func(e *judge.Evidence) { crash(e, 3150); again(e, "r2", "ok", 3100) }, "I3"},
		"a crash left the answer captured":         {func(e *judge.Evidence) { crash(e, 3050, "conn_1"); again(e, "r2", "ok", 3100) }, "I3"},
		"a crash left another's answer captured":   {func(e *judge.Evidence) { crash(e, 3050, "conn_2"); again(e, "r2", "ok", 3100) }, ""},
		"the first answer was lost":                {func(e *judge.Evidence) { fault(e, zohosim.FaultLost, "r2", 3000); again(e, "r2", "ok", 3100) }, ""},
		"another answer was lost":                  {func(e *judge.Evidence) { fault(e, zohosim.FaultLost, "r1", 10); again(e, "r2", "ok", 3100) }, "I3"},
		"the first answer was slow, but came":      {func(e *judge.Evidence) { fault(e, zohosim.FaultSlow, "r2", 3000); again(e, "r2", "ok", 3100) }, "I3"},
		"a refused token comes again":              {func(e *judge.Evidence) { again(e, "r3", "throttled", 3100); again(e, "r3", "throttled", 3200) }, ""},
		"a token that does not rotate comes again": {func(e *judge.Evidence) { again(e, "s1", "ok", 100); again(e, "s1", "ok", 200) }, ""},

		"two requests overlap":                            {func(e *judge.Evidence) { again(e, "s1", "ok", 100); again(e, "s1", "ok", 100.5) }, "I4"},
		"two requests with different tokens of one grant": {func(e *judge.Evidence) { again(e, "r3", "throttled", 3000.5) }, "I4"},
		"two requests follow at once":                     {func(e *judge.Evidence) { again(e, "s1", "ok", 100); again(e, "s1", "ok", 101) }, ""},
		"the sender of the first is dead":                 {func(e *judge.Evidence) { again(e, "s1", "ok", 100); crash(e, 100.2); again(e, "s1", "ok", 100.5) }, ""},
		"two requests of different grants overlap":        {func(e *judge.Evidence) { again(e, "s1", "ok", 3000.5) }, ""},
		"a long request spans a short one": {func(e *judge.Evidence) {
			again(e, "s1", "ok", 100)
			e.Events[len(e.Events)-1].Answered = at(110)
			again(e, "s1", "ok", 102)
			again(e, "s1", "ok", 105)
		}, "I4"},
		"a request is never answered": {func(e *judge.Evidence) {
			again(e, "s1", "ok", 100)
			e.Events[len(e.Events)-1].Answered = time.Time{}
			again(e, "s1", "ok", 200)
		}, "I4"},

		"a loan is not in the ledger":        {func(e *judge.Evidence) { e.Ledger = e.Ledger[:2] }, "I5"},
		"it is there for another service":    {func(e *judge.Evidence) { e.Ledger[2].Service = "sa_other" }, "I5"},
		"it is there for another tenant":     {func(e *judge.Evidence) { e.Ledger[2].Tenant = "acme" }, "I5"},
		"it is there for another connection": {func(e *judge.Evidence) { e.Ledger[2].Connection = "conn_1" }, "I5"},
		"it was entered after the answer":    {func(e *judge.Evidence) { e.Ledger[2].FirstLentAt = at(22) }, "I5"},
		"one token id stands for two tokens": {func(e *judge.Evidence) { e.Loans[1].TokenID, e.Loans[1].Answered = "tok_a1", at(3002) }, "I5"},
		"a refused loan needs no entry":      {func(e *judge.Evidence) { e.Loans[3].TokenID = "tok_x" }, ""},

		"a grant is given up for nothing": {func(e *judge.Evidence) { e.Grants[0].Broken, e.Grants[0].BrokenAt = "grant_lost", at(40) }, "I6"},
		"a grant is given up after a refusal": {func(e *judge.Evidence) {
			again(e, "r3", "invalid_code", 3100)
			e.Grants[0].Broken, e.Grants[0].BrokenAt = "grant_lost", at(3101)
		}, ""},
		"a grant is given up before the refusal": {func(e *judge.Evidence) {
			again(e, "r3", "invalid_code", 3100)
			e.Grants[0].Broken, e.Grants[0].BrokenAt = "grant_lost", at(3099)
		}, "I6"},
		"a grant is given up for another's": {func(e *judge.Evidence) {
			again(e, "s1", "invalid_code", 30)
			e.Grants[0].Broken, e.Grants[0].BrokenAt = "grant_lost", at(40)
		}, "I6"},
		"a grant is given up for a throttle": {func(e *judge.Evidence) {
			again(e, "r3", "throttled", 3100)
			e.Grants[0].Broken, e.Grants[0].BrokenAt = "grant_lost", at(3101)
		}, "I6"},
		"an administrator revoked it": {func(e *judge.Evidence) { e.Grants[0].Broken, e.Grants[0].BrokenAt = "revoked", at(40) }, ""},
		"a borrower is told to reconnect": {func(e *judge.Evidence) {
			e.Loans[3].Status, e.Loans[3].Code, e.Loans[3].Reason = 409, "reconnect_required", "grant_lost"
		}, "I6"},

		"a token of another tenant's client":       {func(e *judge.Evidence) { e.Tokens[6].Client = "client1" }, "I7"},
		"a token of another grant":                 {func(e *judge.Evidence) { e.Tokens[6].Grant = "g1" }, "I7"},
		"a token for who asked for another tenant": {func(e *judge.Evidence) { e.Loans[2].Tenant, e.Ledger[2].Tenant = "acme", "acme" }, "I7"},
		"a token of a connection that is not":      {func(e *judge.Evidence) { e.Connections = e.Connections[:1] }, "I7"},
		"an answer that names another tenant":      {func(e *judge.Evidence) { e.Loans[2].AnsweredTenant = "acme" }, "I7"},
		"an answer that names another connection":  {func(e *judge.Evidence) { e.Loans[2].AnsweredConnection = "conn_1" }, "I7"},
	} {
		t.Run(name, func(t *testing.T) {
			e := calm()
			c.change(e)
			check(t, judge.All(e), c.want)
		})
	}
}

// check compares the rules that were broken, each once.
func check(t *testing.T, got []judge.Violation, want string) {
	t.Helper()
	var rules []string
	for _, v := range got {
		rules = append(rules, v.Rule)
		if v.What == "" || !strings.HasPrefix(v.String(), v.Rule+": ") {
			t.Errorf("a violation without explanation: %q", v)
		}
	}
	slices.Sort(rules)
	if rules := strings.Join(slices.Compact(rules), " "); rules != want {
		t.Errorf("broken are %q, want %q: %v", rules, want, got)
	}
}

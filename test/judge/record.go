package judge

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"time"
)

// LoansOnRecord judges I5: each loan that was answered is in the ledger, entered
// before it was answered, and a token id always stands for one token.
func LoansOnRecord(e *Evidence) []Violation {
	type key struct{ tenant, token, service string }
	entries := map[key]Entry{}
	for _, entry := range e.Ledger {
		entries[key{entry.Tenant, entry.TokenID, entry.Service}] = entry
	}
	var found []Violation
	tokens := map[string]string{}
	for i := range e.Loans {
		l := &e.Loans[i]
		if !l.OK() {
			continue
		}
		if before, ok := tokens[l.TokenID]; ok && before != l.Fingerprint {
			found = append(found, violation("I5", "%s: the same id was lent with the token %s before", l, before))
		}
		tokens[l.TokenID] = l.Fingerprint
		entry, ok := entries[key{l.Tenant, l.TokenID, l.Service}]
		switch {
		case !ok:
			found = append(found, violation("I5", "%s: it is not in the ledger", l))
		case entry.Connection != l.Connection:
			found = append(found, violation("I5", "%s: the ledger has it as a token of %s", l, entry.Connection))
		case entry.FirstLentAt.After(l.Answered):
			found = append(found, violation("I5", "%s: answered at %s, entered only at %s", l, clock(l.Answered), clock(entry.FirstLentAt)))
		}
	}
	return found
}

// Place is something that is kept or shown: a file, a table, a log.
type Place struct {
	Name    string
	Content []byte
}

// NoSecretsIn judges I8: no secret is in any of the places, plainly, in hex, or in
// base64. Each secret has a name to be spoken of by.
func NoSecretsIn(places []Place, secrets map[string]string) []Violation {
	var found []Violation
	if len(places) == 0 || len(secrets) == 0 {
		found = append(found, violation("evidence", "%d secrets were looked for in %d places", len(secrets), len(places)))
	}
	for name, secret := range secrets {
		if len(secret) < 8 {
			found = append(found, violation("evidence", "the secret %s is too short to be looked for", name))
			continue
		}
		spellings := [][]byte{
			[]byte(secret), []byte(hex.EncodeToString([]byte(secret))),
			[]byte(base64.RawStdEncoding.EncodeToString([]byte(secret))), []byte(base64.RawURLEncoding.EncodeToString([]byte(secret))),
		}
		for _, p := range places {
			for _, s := range spellings {
				if bytes.Contains(p.Content, s) {
					found = append(found, violation("I8", "%s is in %s", name, p.Name))
					break
				}
			}
		}
	}
	return sorted(found)
}

// Acknowledged is a write that a server confirmed.
type Acknowledged struct {
	ID string // of the object that it made
	At time.Time
}

// WritesSurvive judges I9: what was confirmed is there.
func WritesSurvive(writes []Acknowledged, present map[string]bool) []Violation {
	var found []Violation
	for _, w := range writes {
		if !present[w.ID] {
			found = append(found, violation("I9", "%s, confirmed at %s, is gone", w.ID, clock(w.At)))
		}
	}
	return found
}

// Lendable judges I12, after the faults have stopped: of every connection whose
// grant lives at the provider, last has a loan that got a token.
func Lendable(e *Evidence, last []Loan) []Violation {
	alive := map[string]bool{}
	for _, v := range e.Tokens {
		if v.Kind == "refresh" && v.Ended.IsZero() {
			alive[v.Grant] = true
		}
	}
	answers := map[string]*Loan{}
	for i := range last {
		if l := &last[i]; answers[l.Connection] == nil || l.OK() {
			answers[l.Connection] = l
		}
	}
	var found []Violation
	for _, c := range e.Connections {
		if !alive[c.Grant] {
			continue
		}
		switch l := answers[c.ID]; {
		case l == nil:
			found = append(found, violation("evidence", "nobody asked for %s at the end", c.ID))
		case !l.OK():
			found = append(found, violation("I12", "%s lives at the provider (grant %s), but is not lent: %d %s %s %s", c.ID, c.Grant, l.Status, l.Code, l.Reason, l.Error))
		}
	}
	return found
}

// Alive reports which connections have a living grant at the provider, by id. An
// experiment that must not lose one compares it with what it began with.
func Alive(e *Evidence) map[string]bool {
	alive := map[string]bool{}
	for _, v := range e.Tokens {
		if v.Kind == "refresh" && v.Ended.IsZero() {
			alive[e.connectionOf(v.Grant)] = true
		}
	}
	return alive
}

// NoGrantLost reports connections whose grant does not live at the provider any
// more. It is the last word on I3 where every death of a grant is our own doing.
func NoGrantLost(e *Evidence) []Violation {
	var found []Violation
	alive := Alive(e)
	for _, c := range e.Connections {
		if !alive[c.ID] {
			found = append(found, violation("I3", "the grant %s of %s is dead at the provider", c.Grant, c.ID))
		}
	}
	return found
}

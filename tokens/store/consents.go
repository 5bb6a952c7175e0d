package store

import (
	"context"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/authmethods/db"
	"latchkey/crypto/seal"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
	"latchkey/tokens"
)

// Consent is a consent as it is stored.
type Consent struct {
	ID            authmethods.ID
	MethodID      authmethods.ID
	Environment   authmethods.Environment
	Subject       string
	Status        string
	CodeVerifier  secret.Text
	DataCentre    string
	Issuer        string // that the callback must name, if it names one
	RedirectURI   string
	Scopes        []string
	ClientVersion int64 // its Base: a next secret that took over meanwhile is no matter
	MethodRev     int64
	StartedBy     string
	Code          authmethods.Code
	Detail        string
	Notes         []string
	Outcome       secret.Text // what was approved, while a choice is pending
	Organizations []tokens.Organization
	Connection    authmethods.ID
	ExpiresAt     time.Time
	FinishedAt    time.Time
	CreatedAt     time.Time
	// Ticket opens the consent and Browser is who went to the provider with it.
	Ticket, Browser token.Hash
}

type consentRow struct {
	db.Owned
	MethodID      authmethods.ID
	Environment   authmethods.Environment
	Subject       string
	Status        string
	TicketHash    []byte
	StateHash     []byte
	BrowserHash   []byte
	CodeVerifier  []byte
	DataCentre    string
	Issuer        string
	RedirectURI   string
	Scopes        db.JSON[[]string]
	ClientVersion int64
	MethodRev     int64
	StartedBy     string
	Code          authmethods.Code
	Detail        string
	Notes         db.JSON[[]string]
	Answer        []byte
	Outcome       []byte
	Organizations db.JSON[[]tokens.Organization]
	ConnectionID  authmethods.ID
	ExpiresAt     db.Time
	ConsumedAt    db.Time
	FinishedAt    db.Time
}

func (consentRow) TableName() string { return consents }

const consents = "consents"

func (r *consentRow) consent(sealer *seal.Sealer) (Consent, error) {
	c := Consent{
		ID: r.ID, MethodID: r.MethodID, Environment: r.Environment, Subject: r.Subject, Status: r.Status,
		DataCentre: r.DataCentre, Issuer: r.Issuer, RedirectURI: r.RedirectURI, Scopes: r.Scopes.V,
		ClientVersion: r.ClientVersion, MethodRev: r.MethodRev, StartedBy: r.StartedBy,
		Code: r.Code, Detail: r.Detail, Notes: r.Notes.V, Organizations: r.Organizations.V, Connection: r.ConnectionID,
		ExpiresAt: r.ExpiresAt.Time(), FinishedAt: r.FinishedAt.Time(), CreatedAt: r.CreatedAt.Time(),
	}
	var err error
	if c.CodeVerifier, err = open(sealer, r.CodeVerifier, place(consents, r.ID, "code_verifier")); err == nil {
		c.Outcome, err = open(sealer, r.Outcome, place(consents, r.ID, "outcome"))
	}
	if err != nil {
		return c, unreadable(err)
	}
	if len(r.TicketHash) > 0 {
		if c.Ticket, err = token.HashFrom(r.TicketHash); err != nil {
			return c, err
		}
	}
	if len(r.BrowserHash) > 0 {
		c.Browser, err = token.HashFrom(r.BrowserHash)
	}
	return c, err
}

// InsertConsent stores a new consent.
func (s *Store) InsertConsent(ctx context.Context, c authmethods.Caller, n Consent) error {
	v, err := s.view(ctx, c)
	if err != nil {
		return err
	}
	row := &consentRow{
		Owned: db.Owned{ID: n.ID}, MethodID: n.MethodID, Environment: n.Environment, Subject: n.Subject, Status: n.Status,
		TicketHash: n.Ticket.Bytes(), DataCentre: n.DataCentre, RedirectURI: n.RedirectURI,
		Scopes: db.JSON[[]string]{V: n.Scopes}, ClientVersion: n.ClientVersion, MethodRev: n.MethodRev,
		StartedBy: n.StartedBy, ExpiresAt: db.At(n.ExpiresAt),
	}
	return db.Tx(ctx, v.in, func(in db.Tenant) error {
		if err := db.Insert(ctx, in, row); err != nil {
			return err
		}
		return audit.Record(ctx, in, c, authmethods.Event{
			Action: "consent.begun", Object: n.MethodID,
			Changes: map[string]authmethods.Change{"environment": {To: n.Environment}, "consent": {To: n.ID}},
		})
	})
}

// Consent returns a consent and the time by the storage's clock.
func (s *Store) Consent(ctx context.Context, c authmethods.Caller, id authmethods.ID) (Consent, time.Time, error) {
	v, err := s.view(ctx, c)
	if err != nil {
		return Consent{}, time.Time{}, err
	}
	row, now, err := db.GetNow[consentRow](ctx, v.in, id)
	if err != nil {
		return Consent{}, now, err
	}
	consent, err := row.consent(v.sealer)
	return consent, now, err
}

// Start is what is known when a browser goes on to the provider.
type Start struct {
	State, Browser token.Hash
	CodeVerifier   secret.Text
	Issuer         string
}

// StartConsent binds a consent to a browser and a state, if it waits for one and
// has not expired. Starting again, from the same start page, replaces the
// earlier state.
func (s *Store) StartConsent(ctx context.Context, c authmethods.Caller, id authmethods.ID, from []string, to string, start Start) (bool, error) {
	v, err := s.view(ctx, c)
	if err != nil {
		return false, err
	}
	verifier, err := v.sealer.Seal(start.CodeVerifier, place(consents, id, "code_verifier"))
	if err != nil {
		return false, err
	}
	return db.UpdateIf[consentRow](ctx, v.in, id, []db.Set{
		db.To("status", to), db.To("state_hash", start.State.Bytes()), db.To("browser_hash", start.Browser.Bytes()),
		db.To("code_verifier", verifier), db.To("issuer", start.Issuer),
	}, db.In("status", from), db.Ahead("expires_at"))
}

// ConsumeConsent takes the consent with the given state, once: it is consumed
// before its code is sent anywhere, and the state and the verifier leave the
// database. Only the browser that started it can. A state that is unknown,
// used, expired or another browser's is Missing.
func (s *Store) ConsumeConsent(ctx context.Context, c authmethods.Caller, state, browser token.Hash, from, to string) (Consent, error) {
	v, err := s.view(ctx, c)
	if err != nil {
		return Consent{}, err
	}
	row, err := db.First[consentRow](ctx, v.in, db.Eq("state_hash", state.Bytes()))
	if err != nil {
		return Consent{}, err
	}
	consent, err := row.consent(v.sealer)
	if err != nil {
		return Consent{}, err
	}
	took, err := db.UpdateIf[consentRow](ctx, v.in, row.ID, []db.Set{
		db.To("status", to), db.To("state_hash", nil), db.To("code_verifier", nil), db.ToFromNow("consumed_at", 0),
	}, db.Eq("state_hash", state.Bytes()), db.Eq("browser_hash", browser.Bytes()), db.Eq("status", from), db.Ahead("expires_at"))
	if err == nil && !took {
		err = authmethods.Missing()
	}
	return consent, err
}

// KeepAnswer makes a token endpoint's answer durable before anybody reads it.
func (s *Store) KeepAnswer(ctx context.Context, c authmethods.Caller, id authmethods.ID, answer secret.Text) error {
	v, err := s.view(ctx, c)
	if err != nil {
		return err
	}
	sealed, err := v.sealer.Seal(answer, place(consents, id, "answer"))
	if err != nil {
		return err
	}
	_, err = db.UpdateIf[consentRow](ctx, v.in, id, []db.Set{db.To("answer", sealed)})
	return err
}

// AwaitChoice keeps what was approved until somebody chose an organisation.
func (s *Store) AwaitChoice(ctx context.Context, c authmethods.Caller, id authmethods.ID, from, to string, outcome secret.Text, organizations []tokens.Organization) (bool, error) {
	v, err := s.view(ctx, c)
	if err != nil {
		return false, err
	}
	sealed, err := v.sealer.Seal(outcome, place(consents, id, "outcome"))
	if err != nil {
		return false, err
	}
	return db.UpdateIf[consentRow](ctx, v.in, id, []db.Set{
		db.To("status", to), db.To("outcome", sealed), db.To("answer", nil),
		db.To("organizations", db.JSON[[]tokens.Organization]{V: organizations}),
		db.ToFromNow("expires_at", choiceTime),
	}, db.Eq("status", from))
}

// choiceTime is how long somebody has to choose an organisation.
const choiceTime = 10 * time.Minute

// FailConsent ends a consent that yielded nothing.
func (s *Store) FailConsent(ctx context.Context, c authmethods.Caller, id authmethods.ID, from []string, to string, code authmethods.Code, detail string) (bool, error) {
	v, err := s.view(ctx, c)
	if err != nil {
		return false, err
	}
	var ended bool
	err = db.Tx(ctx, v.in, func(in db.Tenant) error {
		ended, err = db.UpdateIf[consentRow](ctx, in, id, []db.Set{
			db.To("status", to), db.To("code", code), db.To("detail", detail), db.ToFromNow("finished_at", 0),
			db.To("state_hash", nil), db.To("code_verifier", nil), db.To("answer", nil), db.To("outcome", nil),
		}, db.In("status", from))
		if err != nil || !ended {
			return err
		}
		row, err := db.Get[consentRow](ctx, in, id)
		if err != nil {
			return err
		}
		return audit.Record(ctx, in, c, authmethods.Event{
			Action: "consent." + to, Object: row.MethodID,
			Changes: map[string]authmethods.Change{"consent": {To: id}, "code": {To: code}},
		})
	})
	return ended && err == nil, err
}

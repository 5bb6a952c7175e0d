package store

import (
	"context"
	"errors"
	"fmt"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/vault"
	"latchkey/crypto/token"
	"latchkey/sso"
)

// Options are what a Store works with; all are needed.
type Options struct {
	DB     *db.DB
	System db.System
	Vault  *vault.Vault
}

// Store keeps sign-ins. It may be shared.
type Store struct {
	o Options
	// newCode makes reference codes; short as they are, two may be alike.
	newCode func() string
}

// New returns a Store.
func New(o Options) *Store { return &Store{o, token.NewReferenceCode} }

// ErrUsed says that a state came back a second time.
var ErrUsed = errors.New("sso/store: this state was used before")

// Returned is what is known when a browser comes back from the provider.
type Returned struct {
	Connector authmethods.ID
	State     token.Hash
	Address   string
	UserAgent string
}

// Open records that somebody came back, before anything is done with what came
// along. One state does so once: [ErrUsed].
func (s *Store) Open(ctx context.Context, c authmethods.Caller, r Returned) (sso.SignIn, error) {
	in, err := s.o.DB.For(c)
	if err != nil {
		return sso.SignIn{}, err
	}
	row := &signInRow{
		ConnectorID: r.Connector, StateHash: r.State.Bytes(), Outcome: sso.Pending,
		Address: r.Address, UserAgent: r.UserAgent,
	}
	row.Trace.V = []string{}
	const tries = 5
	for range tries {
		row.ID, row.ReferenceCode = authmethods.ID(token.NewID("sin")), s.newCode()
		err = db.Insert(ctx, in, row)
		if !errors.Is(err, db.ErrDuplicate) {
			break
		}
		n, counted := db.Count[signInRow](ctx, in, db.Eq("state_hash", row.StateHash))
		if counted != nil || n > 0 {
			return sso.SignIn{}, errors.Join(counted, ErrUsed)
		}
	}
	return row.signIn(), doing("recording a sign-in", err)
}

// Close records what became of a sign-in.
func (s *Store) Close(ctx context.Context, c authmethods.Caller, f sso.SignIn) error {
	in, err := s.o.DB.For(c)
	if err != nil {
		return err
	}
	claims, err := s.sealClaims(ctx, in, f.ID, f.Claims)
	if err != nil {
		return err
	}
	_, err = db.UpdateIf[signInRow](ctx, in, f.ID, []db.Set{
		db.To("outcome", f.Outcome), db.To("code", f.Code), db.To("user_id", f.User), db.To("user_name", f.UserName),
		db.To("issuer", f.Subject.Issuer), db.To("subject", f.Subject.ID), db.To("data_centre", f.DataCentre),
		db.To("claims", claims), db.To("trace", db.JSON[[]string]{V: append([]string{}, f.Trace...)}), db.ToFromNow("finished_at", 0),
	}, db.Eq("outcome", sso.Pending))
	return doing("recording what became of a sign-in", err)
}

// Find returns the sign-in with this id or reference code, with its claims.
func (s *Store) Find(ctx context.Context, c authmethods.Caller, ref string) (sso.SignIn, error) {
	in, err := s.o.DB.For(c)
	if err != nil {
		return sso.SignIn{}, err
	}
	by := db.Eq("id", ref)
	if code, ok := token.ParseReferenceCode(ref); ok {
		by = db.Eq("reference_code", code)
	} else if !token.ValidID("sin", ref) {
		return sso.SignIn{}, authmethods.Missing()
	}
	row, err := db.First[signInRow](ctx, in, by)
	if err != nil {
		return sso.SignIn{}, doing("reading a sign-in", err)
	}
	found := row.signIn()
	found.Claims, err = s.openClaims(ctx, in, row.ID, row.Claims)
	return found, err
}

// List returns sign-ins without their claims, the newest first.
func (s *Store) List(ctx context.Context, c authmethods.Caller, q sso.SignInQuery) ([]sso.SignIn, error) {
	in, err := s.o.DB.For(c)
	if err != nil {
		return nil, err
	}
	rows, err := list(ctx, in, q)
	found := make([]sso.SignIn, len(rows))
	for i := range rows {
		found[i] = rows[i].signIn()
	}
	return found, err
}

// Whole is [Store.List] with their claims.
func (s *Store) Whole(ctx context.Context, c authmethods.Caller, q sso.SignInQuery) ([]sso.SignIn, error) {
	in, err := s.o.DB.For(c)
	if err != nil {
		return nil, err
	}
	rows, err := list(ctx, in, q)
	if err != nil {
		return nil, err
	}
	found := make([]sso.SignIn, len(rows))
	for i := range rows {
		found[i] = rows[i].signIn()
		if found[i].Claims, err = s.openClaims(ctx, in, rows[i].ID, rows[i].Claims); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func list(ctx context.Context, in db.Tenant, q sso.SignInQuery) ([]signInRow, error) {
	var by []db.Filter
	for column, value := range map[string]string{
		"connector_id": string(q.Connector), "user_id": string(q.User), "outcome": string(q.Outcome), "code": string(q.Code),
	} {
		if value != "" {
			by = append(by, db.Eq(column, value))
		}
	}
	if !q.Since.IsZero() {
		by = append(by, db.After("created_at", db.At(q.Since)))
	}
	if q.Before != "" {
		by = append(by, db.Below("id", q.Before))
	}
	rows, err := db.Newest[signInRow](ctx, in, "id", q.Limit, by...)
	return rows, doing("listing sign-ins", err)
}

func doing(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("sso/store: %s: %w", what, err)
}

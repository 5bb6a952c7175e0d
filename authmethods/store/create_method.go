package store

import (
	"context"
	"errors"
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
)

// NewMethod is what a new method is made of.
type NewMethod struct {
	Name            string
	Reference       string // empty: made of the name
	IntegrationType string
	Mode            authmethods.Mode // empty: ModeOAuth
	EnvironmentURL  string
	ClientID        string
	ClientSecret    secret.Text // may come later
	NextSecret      secret.Text // to follow ClientSecret; see authmethods.Client
	Scopes          []string
	DataCentre      string // empty: authmethods.DataCentreAuto
	Settings        authmethods.Settings
}

func (n NewMethod) method() authmethods.Method {
	m := authmethods.Method{
		ID:   authmethods.ID(token.NewID("am")),
		Name: strings.TrimSpace(n.Name), IntegrationType: n.IntegrationType, Mode: n.Mode,
		EnvironmentURL: strings.TrimSpace(n.EnvironmentURL), ClientID: strings.TrimSpace(n.ClientID),
		Scopes: tidyScopes(n.Scopes), DataCentre: n.DataCentre, Settings: n.Settings,
	}
	if m.Mode == "" {
		m.Mode = authmethods.ModeOAuth
	}
	if m.DataCentre == "" {
		m.DataCentre = authmethods.DataCentreAuto
	}
	return m
}

// CreateMethod makes a method, enabled nowhere yet.
func (t *Tenant) CreateMethod(ctx context.Context, n NewMethod) (authmethods.Method, error) {
	if err := t.caller.May(authmethods.CreateMethods); err != nil {
		return authmethods.Method{}, err
	}
	s := secretEdit{present: trimmed(n.ClientSecret), next: trimmed(n.NextSecret)}
	return t.insertMethod(ctx, n.Reference, n.method(), s, change{action: "method.created"})
}

// insertMethod checks m, gives it a reference and stores it with its
// environments, which hold no secrets.
func (t *Tenant) insertMethod(ctx context.Context, reference string, m authmethods.Method, s secretEdit, e change) (authmethods.Method, error) {
	// Two requests may derive the same reference; the second derives another.
	for attempt := 1; ; attempt++ {
		var err error
		if m.Reference, err = t.derived(ctx, reference, m.Name); err != nil {
			return authmethods.Method{}, err
		}
		f := checkMethod(t.Catalog, &m, map[string]secret.Text{"/client_secret": s.present, "/next_client_secret": s.next})
		f.Add("/next_client_secret", t.settle(ctx, t.in, m.Mode, clientSecrets{}, &s))
		if err := f.Problem(); err != nil {
			return authmethods.Method{}, err
		}
		stored, err := t.storeMethod(ctx, m, s, e)
		if errors.Is(err, db.ErrDuplicate) && strings.TrimSpace(reference) == "" && attempt < 5 {
			continue
		}
		return stored, err
	}
}

func (t *Tenant) storeMethod(ctx context.Context, m authmethods.Method, s secretEdit, e change) (stored authmethods.Method, err error) {
	row := fromMethod(&m)
	present, err := t.sealed(ctx, t.in, row.secrets(), presentSecret, s.present)
	if err != nil {
		return stored, err
	}
	next, err := t.sealed(ctx, t.in, row.secrets(), nextSecret, s.next)
	if err != nil {
		return stored, err
	}
	row.ClientSecret, row.SecretLast4, row.SecretSetAt = present.sealed, present.last4, present.setAt
	row.NextClientSecret, row.NextSecretLast4, row.NextSecretSetAt = next.sealed, next.last4, next.setAt
	limit, err := methodLimit(ctx, t.System, t.in.ID())
	if err != nil {
		return stored, err
	}
	e.kind, e.object, e.ref = feed.Method, m.ID, m.Reference
	if e.changes == nil {
		e.changes = described(&m)
		noteSecrets(e.changes, "", &s)
	}
	err = db.Tx(ctx, t.in, func(in db.Tenant) error {
		if err := takeReference(ctx, in, methodReference, m.Reference); err != nil {
			return err
		}
		if err := db.Insert(ctx, in, row); err != nil {
			return doing("storing a method", err)
		}
		for _, env := range m.Environments {
			copied := newEnvironmentRow(m.ID, env.Environment)
			copied.ClientID, copied.EnvironmentURL = env.ClientID, env.EnvironmentURL
			if err := db.Insert(ctx, in, copied); err != nil {
				return doing("storing a method", err)
			}
		}
		if err := t.record(ctx, in, e); err != nil {
			return err
		}
		// Counted last: writers of the audit log pass one at a time, so two new
		// methods cannot both be the last one.
		n, err := db.Count[methodRow](ctx, in)
		if err == nil && n > limit {
			return limitReached(limit)
		}
		if err != nil {
			return doing("counting methods", err)
		}
		stored, err = wholeMethod(ctx, in, row)
		return err
	})
	return stored, err
}

// described lists what a new method is made of, for the audit log.
func described(m *authmethods.Method) authmethods.Changes {
	c := authmethods.Changes{}
	authmethods.Note(c, "name", "", m.Name)
	authmethods.Note(c, "integration_type", "", m.IntegrationType)
	authmethods.Note(c, "mode", "", m.Mode)
	authmethods.Note(c, "environment_url", "", m.EnvironmentURL)
	authmethods.Note(c, "client_id", "", m.ClientID)
	authmethods.Note(c, "data_centre", "", m.DataCentre)
	if len(m.Scopes) > 0 {
		authmethods.Note(c, "scopes", nil, m.Scopes)
	}
	return c
}

// DuplicateMethod makes a method like another under a new name, without its
// secrets and connections and enabled nowhere.
func (t *Tenant) DuplicateMethod(ctx context.Context, ref, name, reference string) (authmethods.Method, error) {
	for _, right := range []authmethods.Right{authmethods.ViewMethods, authmethods.CreateMethods} {
		if err := t.caller.May(right); err != nil {
			return authmethods.Method{}, err
		}
	}
	row, err := methodByRef(ctx, t.in, ref)
	if err != nil {
		return authmethods.Method{}, err
	}
	m, err := wholeMethod(ctx, t.in, row)
	if err != nil {
		return authmethods.Method{}, err
	}
	original := m.Reference
	m.ID, m.Name = authmethods.ID(token.NewID("am")), strings.TrimSpace(name)
	what := described(&m)
	authmethods.Note(what, "copy_of", "", original)
	return t.insertMethod(ctx, reference, m, secretEdit{}, change{action: "method.created", changes: what})
}

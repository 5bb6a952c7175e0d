package store

import (
	"context"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
)

// Keys returns the keys of a service, revoked ones too.
func (t *Tenant) Keys(ctx context.Context, service string) ([]authmethods.APIKey, error) {
	s, err := t.Service(ctx, service)
	return s.Keys, err
}

// IssueKey makes a key for a service. It is shown this once. A zero expiresAt
// means that it never expires.
func (t *Tenant) IssueKey(ctx context.Context, service, name string, expiresAt time.Time) (authmethods.IssuedKey, error) {
	none := authmethods.IssuedKey{}
	if err := t.caller.May(authmethods.ModifyServices); err != nil {
		return none, err
	}
	var f authmethods.Faults
	name = strings.TrimSpace(name)
	f.Add("/name", wrongName(name))
	if !expiresAt.IsZero() && !expiresAt.After(time.Now()) {
		f.Add("/expires_at", "This is in the past.")
	}
	if err := f.Problem(); err != nil {
		return none, err
	}
	var issued authmethods.IssuedKey
	err := db.Tx(ctx, t.in, func(in db.Tenant) error {
		row, err := lockService(ctx, in, service, 0)
		if err != nil {
			return err
		}
		if issued, err = t.issue(ctx, in, row, name, expiresAt); err != nil {
			return err
		}
		return t.recordKey(ctx, in, "key.issued", row, issued.APIKey)
	})
	if err != nil {
		return none, err
	}
	return issued, nil
}

func (t *Tenant) issue(ctx context.Context, in db.Tenant, service *serviceRow, name string, expiresAt time.Time) (authmethods.IssuedKey, error) {
	if err := t.mayGrantAdmin(service.Admin); err != nil {
		return authmethods.IssuedKey{}, err
	}
	id, shown, hash := token.NewKey()
	row := newKeyRow(id, hash, service.ID, name, expiresAt)
	if err := db.Insert(ctx, in, row); err != nil {
		return authmethods.IssuedKey{}, doing("storing a key", err)
	}
	return issuedKey(row, shown), nil
}

func newKeyRow(id string, hash token.Hash, service authmethods.ID, name string, expiresAt time.Time) *keyRow {
	row := &keyRow{ServiceID: service, Name: name, Hash: hash.Bytes(), ExpiresAt: db.At(expiresAt)}
	row.ID = authmethods.ID(id)
	return row
}

func issuedKey(row *keyRow, shown secret.Text) authmethods.IssuedKey {
	return authmethods.IssuedKey{APIKey: row.key(), Shown: shown}
}

// recordKey writes what happened to a key. What is announced is its service.
func (t *Tenant) recordKey(ctx context.Context, in db.Tenant, action string, service *serviceRow, k authmethods.APIKey) error {
	noted := authmethods.Changes{}
	authmethods.Note(noted, "service", "", service.Name)
	if !k.ExpiresAt.IsZero() {
		authmethods.Note(noted, "expires_at", "", k.ExpiresAt.Format(time.RFC3339))
	}
	return t.record(ctx, in, change{
		action: action, kind: feed.Service, object: k.ID, ref: k.Name, changes: noted, heard: service.ID,
	})
}

// lockKey returns a key and its service, which no other transaction changes
// meanwhile.
func lockKey(ctx context.Context, in db.Tenant, id authmethods.ID) (*keyRow, *serviceRow, error) {
	if !token.ValidID("key", string(id)) {
		return nil, nil, authmethods.Missing()
	}
	row, err := db.Get[keyRow](ctx, in, id)
	if err != nil {
		return nil, nil, doing("reading a key", err)
	}
	service, err := lockService(ctx, in, string(row.ServiceID), 0)
	if err != nil {
		return nil, nil, err
	}
	row, err = db.Get[keyRow](ctx, in, id)
	return row, service, doing("reading a key", err)
}

// RevokeKey ends a key for good. Revoking it again changes nothing.
func (t *Tenant) RevokeKey(ctx context.Context, id authmethods.ID) error {
	if err := t.caller.May(authmethods.ModifyServices); err != nil {
		return err
	}
	return db.Tx(ctx, t.in, func(in db.Tenant) error {
		row, service, err := lockKey(ctx, in, id)
		if err != nil || row.RevokedAt != 0 {
			return err
		}
		if _, err := db.UpdateIf[keyRow](ctx, in, id, []db.Set{db.ToFromNow("revoked_at", 0)}); err != nil {
			return doing("revoking a key", err)
		}
		return t.recordKey(ctx, in, "key.revoked", service, row.key())
	})
}

// RollKey issues a new key in the place of an old one, which works for the overlap
// longer. A key that expires is followed by one that lives as long.
func (t *Tenant) RollKey(ctx context.Context, id authmethods.ID, overlap time.Duration) (authmethods.IssuedKey, error) {
	none := authmethods.IssuedKey{}
	if err := t.caller.May(authmethods.ModifyServices); err != nil {
		return none, err
	}
	if overlap < 0 || overlap > 366*24*time.Hour {
		return none, authmethods.InvalidField("/overlap", "The overlap is at most a year.")
	}
	var issued authmethods.IssuedKey
	err := db.Tx(ctx, t.in, func(in db.Tenant) error {
		old, service, err := lockKey(ctx, in, id)
		if err != nil {
			return err
		}
		now := time.Now()
		ends := old.ExpiresAt.Time()
		if old.RevokedAt != 0 || !ends.IsZero() && !ends.After(now) {
			return conflict("This key is no longer good. Issue a new one.", nil)
		}
		var expiresAt time.Time
		if !ends.IsZero() {
			expiresAt = now.Add(ends.Sub(old.CreatedAt.Time()))
		}
		if issued, err = t.issue(ctx, in, service, old.Name, expiresAt); err != nil {
			return err
		}
		if ends.IsZero() || ends.After(now.Add(overlap)) {
			old.ExpiresAt = db.At(now.Add(overlap))
			if _, err := db.UpdateIf[keyRow](ctx, in, id, []db.Set{db.To("expires_at", old.ExpiresAt)}); err != nil {
				return doing("rolling a key", err)
			}
		}
		if err := t.recordKey(ctx, in, "key.rolled", service, old.key()); err != nil {
			return err
		}
		return t.recordKey(ctx, in, "key.issued", service, issued.APIKey)
	})
	if err != nil {
		return none, err
	}
	return issued, nil
}

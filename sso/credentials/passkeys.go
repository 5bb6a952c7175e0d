package credentials

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/sso"
)

// Passkey is what may be shown of a passkey.
type Passkey struct {
	ID         authmethods.ID
	Name       string
	LastUsedAt time.Time // zero: never
	CreatedAt  time.Time
}

// Ceremony is the beginning of a WebAuthn ceremony.
type Ceremony struct {
	// Options are for the browser, in JSON: navigator.credentials.create or get.
	Options []byte
	// State is for the end of the ceremony. Seal it into a cookie.
	State []byte
}

// CeremonyLife is for how long a ceremony may be finished.
const CeremonyLife = 5 * time.Minute

const maxPasskeyName = 100

// Signer is who finished a ceremony of signing in: the owner of the passkey, who
// is to be looked at once more (disabled?) before anybody is signed in.
type Signer struct {
	User    authmethods.ID
	Passkey authmethods.ID
}

// Passkeys returns the passkeys of a user: to the user, and to who may view users.
func (c *Credentials) Passkeys(ctx context.Context, caller authmethods.Caller, user *sso.User) ([]Passkey, error) {
	in, err := c.look(caller, user)
	if err != nil {
		return nil, err
	}
	rows, err := db.List[passkeyRow](ctx, in, db.Eq("user_id", user.ID))
	if err != nil {
		return nil, doing("listing passkeys", err)
	}
	keys := make([]Passkey, len(rows))
	for i, r := range rows {
		keys[i] = r.passkey()
	}
	return keys, nil
}

func (r *passkeyRow) passkey() Passkey {
	return Passkey{ID: r.ID, Name: r.Name, LastUsedAt: r.LastUsedAt.Time(), CreatedAt: r.CreatedAt.Time()}
}

// passkeyName checks a name that is to be given to a passkey.
func passkeyName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n == 0 || n > maxPasskeyName || !utf8.ValidString(name) {
		return "", authmethods.InvalidField("/name", "A name has 1 to 100 characters.")
	}
	return name, nil
}

// RenamePasskey gives a passkey of the caller, who is the user, another name.
func (c *Credentials) RenamePasskey(ctx context.Context, caller authmethods.Caller, user *sso.User, id authmethods.ID, name string) error {
	if err := onlySelf(caller, user); err != nil {
		return err
	}
	name, err := passkeyName(name)
	if err != nil {
		return err
	}
	in, err := c.o.DB.For(caller)
	if err != nil {
		return err
	}
	return db.Tx(ctx, in, func(in db.Tenant) error {
		owner, err := lock(ctx, in, user.ID)
		if err != nil {
			return err
		}
		old, err := ownPasskey(ctx, in, user.ID, id)
		if err != nil || old.Name == name {
			return err
		}
		if _, err := db.UpdateIf[passkeyRow](ctx, in, id, []db.Set{db.To("name", name)}, db.Eq("user_id", user.ID)); err != nil {
			return doing("renaming a passkey", err)
		}
		return record(ctx, in, caller, "passkey.renamed", owner, map[string]authmethods.Change{"passkey": {From: old.Name, To: name}})
	})
}

func ownPasskey(ctx context.Context, in db.Tenant, user, id authmethods.ID) (*passkeyRow, error) {
	row, err := db.First[passkeyRow](ctx, in, db.Eq("id", id), db.Eq("user_id", user))
	return row, doing("reading a passkey", err)
}

// RemovePasskey deletes a passkey: of the caller, or of somebody who lost it. It ends
// the user's sessions.
func (c *Credentials) RemovePasskey(ctx context.Context, caller authmethods.Caller, of Target, id authmethods.ID) error {
	if !self(caller, of.User.ID) {
		if err := permit(caller, of, authmethods.ModifyUsers); err != nil {
			return err
		}
	}
	in, err := c.o.DB.For(caller)
	if err != nil {
		return err
	}
	return db.Tx(ctx, in, func(in db.Tenant) error {
		owner, err := bump(ctx, in, of.User.ID)
		if err != nil {
			return err
		}
		old, err := ownPasskey(ctx, in, owner.ID, id)
		if err != nil {
			return err
		}
		if _, err := db.DeleteIf[passkeyRow](ctx, in, db.Eq("id", old.ID)); err != nil {
			return doing("removing a passkey", err)
		}
		return record(ctx, in, caller, "passkey.removed", owner, map[string]authmethods.Change{"passkey": {From: old.Name}})
	})
}

package credentials

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/secret"
	"latchkey/sso"
)

// Expired reports whether a password that was set at setAt must be changed by now.
func Expired(s sso.Settings, setAt, now time.Time) bool {
	return s.PasswordDays > 0 && !now.Before(setAt.Add(time.Duration(s.PasswordDays)*24*time.Hour))
}

// PasswordSet returns when the user's password was set; zero: there is none.
func (c *Credentials) PasswordSet(ctx context.Context, caller authmethods.Caller, user *sso.User) (time.Time, error) {
	in, err := c.look(caller, user)
	if err != nil {
		return time.Time{}, err
	}
	row, err := db.Get[passwordRow](ctx, in, user.ID)
	if errors.Is(err, authmethods.NotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, doing("reading a password", err)
	}
	return row.SetAt.Time(), nil
}

// look returns the tenant for somebody who wants to see a user's credentials.
func (c *Credentials) look(caller authmethods.Caller, user *sso.User) (db.Tenant, error) {
	if !self(caller, user.ID) {
		if err := caller.May(authmethods.ViewUsers); err != nil {
			return db.Tenant{}, err
		}
	}
	return c.o.DB.For(caller)
}

// Set gives somebody a password, without a link: for the command line, and where
// there is no mail. words are what the tenant is called, which no password is made
// of. All sessions of the user end, and all links.
func (c *Credentials) Set(ctx context.Context, caller authmethods.Caller, to Target, password secret.Text, words ...string) error {
	if err := permit(caller, to, authmethods.ModifyUsers); err != nil {
		return err
	}
	in, err := c.o.DB.For(caller)
	if err != nil {
		return err
	}
	user, err := db.Get[userRow](ctx, in, to.User.ID)
	if err != nil {
		return doing("setting a password", err)
	}
	sealed, err := c.prepare(ctx, in, user, password, words)
	if err != nil {
		return err
	}
	return db.Tx(ctx, in, func(in db.Tenant) error {
		return c.store(ctx, in, caller, user, sealed, "password.set")
	})
}

// Change gives the caller, who is the user, another password. The current one is
// needed, and attempts at it count as those of signing in do. All sessions of the
// user end, this one too: make a new one.
func (c *Credentials) Change(ctx context.Context, caller authmethods.Caller, user *sso.User, from netip.Addr, current, next secret.Text, words ...string) error {
	if err := onlySelf(caller, user); err != nil {
		return err
	}
	in, err := c.o.DB.For(caller)
	if err != nil {
		return err
	}
	if _, err := c.Verify(ctx, caller, Attempt{User: user, Password: current, From: from}); err != nil {
		return err
	}
	row, err := db.Get[userRow](ctx, in, user.ID)
	if err != nil {
		return doing("changing a password", err)
	}
	before, err := canonicalPassword(current)
	if after, bad := canonicalPassword(next); err == nil && bad == nil && after == before {
		return authmethods.InvalidField("/password", "This is the password that you have.")
	}
	sealed, err := c.prepare(ctx, in, row, next, words)
	if err != nil {
		return err
	}
	return db.Tx(ctx, in, func(in db.Tenant) error {
		return c.store(ctx, in, caller, row, sealed, "password.changed")
	})
}

// prepare checks and hashes a new password, which takes a while: before the
// transaction that stores it.
func (c *Credentials) prepare(ctx context.Context, in db.Tenant, user *userRow, password secret.Text, words []string) ([]byte, error) {
	words = append([]string{user.UserName, user.Email, user.DisplayName}, words...)
	if err := c.Check(password, words...); err != nil {
		return nil, err
	}
	text, err := canonicalPassword(password)
	if err != nil {
		return nil, err
	}
	return c.hash(ctx, in, user.ID, text)
}

// store makes sealed the user's password, in a transaction. Whatever was proved
// with the old one counts no longer.
func (c *Credentials) store(ctx context.Context, in db.Tenant, caller authmethods.Caller, user *userRow, sealed []byte, action string) error {
	// First, for its lock: who sets a password of the same user waits here.
	ok, err := db.UpdateIf[userRow](ctx, in, user.ID, []db.Set{
		db.To("invited", false), db.Plus("version", 1), db.Plus("rev", 1),
	})
	if err != nil {
		return doing("ending sessions", err)
	}
	if !ok {
		return authmethods.Missing()
	}
	ok, err = db.UpdateIf[passwordRow](ctx, in, user.ID, []db.Set{db.To("hash", sealed), db.ToFromNow("set_at", 0)})
	if err == nil && !ok {
		err = c.insertPassword(ctx, in, user.ID, sealed)
	}
	if err != nil {
		return doing("storing a password", err)
	}
	if err := kill(ctx, in, user.ID); err != nil {
		return err
	}
	return record(ctx, in, caller, action, user, changed("password"))
}

func (c *Credentials) insertPassword(ctx context.Context, in db.Tenant, user authmethods.ID, sealed []byte) error {
	row := &passwordRow{Hash: sealed, SetAt: db.At(time.Now())}
	row.ID = user
	if err := db.Insert(ctx, in, row); err != nil {
		return err
	}
	// The database's clock counts, which an INSERT does not know.
	_, err := db.UpdateIf[passwordRow](ctx, in, user, []db.Set{db.ToFromNow("set_at", 0)})
	return err
}

// RemovePassword takes somebody's password away: the person signs in in another way
// from now on. There need not be one.
func (c *Credentials) RemovePassword(ctx context.Context, caller authmethods.Caller, from Target) error {
	if err := permit(caller, from, authmethods.ModifyUsers); err != nil {
		return err
	}
	in, err := c.o.DB.For(caller)
	if err != nil {
		return err
	}
	return db.Tx(ctx, in, func(in db.Tenant) error {
		user, err := bump(ctx, in, from.User.ID)
		if err != nil {
			return err
		}
		n, err := db.DeleteIf[passwordRow](ctx, in, db.Eq("id", user.ID))
		if err != nil {
			return doing("removing a password", err)
		}
		if err := kill(ctx, in, user.ID); err != nil || n == 0 {
			return err
		}
		return record(ctx, in, caller, "password.removed", user, changed("password"))
	})
}

// bump ends the sessions of a user and returns the user.
func bump(ctx context.Context, in db.Tenant, id authmethods.ID) (*userRow, error) {
	return touch(ctx, in, id, 1)
}

// lock returns a user whom nobody else changes before the transaction ends. It comes
// before every other lock on what belongs to the user.
func lock(ctx context.Context, in db.Tenant, id authmethods.ID) (*userRow, error) {
	return touch(ctx, in, id, 0)
}

func touch(ctx context.Context, in db.Tenant, id authmethods.ID, by int64) (*userRow, error) {
	ok, err := db.UpdateIf[userRow](ctx, in, id, []db.Set{db.Plus("version", by), db.Plus("rev", by)})
	if err != nil {
		return nil, doing("locking a user", err)
	}
	if !ok {
		return nil, authmethods.Missing()
	}
	user, err := db.Get[userRow](ctx, in, id)
	return user, doing("reading a user", err)
}

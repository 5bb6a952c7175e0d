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

// Attempt is somebody who says to be a user and gives a password.
type Attempt struct {
	// Name is what was typed. It is only counted by, in canonical form.
	Name     string
	User     *sso.User // nil: nobody is named so
	Password secret.Text
	From     netip.Addr
	// Device is the value of the cookie that [Outcome.Device] was put into, if the
	// browser sent one.
	Device secret.Text
}

// Outcome is what a right password proves.
type Outcome struct {
	SetAt time.Time // when the password was set; see [Expired]
	// SecondFactor means that the user has one-time codes: nobody is signed in
	// before [Credentials.VerifyTOTP].
	SecondFactor bool
	// Device is the value for a cookie that remembers the browser for [DeviceLife];
	// zero where what it sent is still good. Set it when the sign-in is complete.
	Device secret.Text
}

const wrongPassword = "User name or password is wrong." // #nosec G101 -- a text

// Verify checks a password. A wrong one, an unknown user and a user without a
// password are the same Problem (wrong_password) after the same work; too many
// attempts are one of kind Exhausted with RetryAfter, whatever was typed; a
// disabled user with the right password is user_disabled.
//
// Attempts are counted by user and by address before anything is hashed. Those
// from a device that is remembered are counted by themselves.
func (c *Credentials) Verify(ctx context.Context, caller authmethods.Caller, a Attempt) (Outcome, error) {
	in, err := c.o.DB.For(caller)
	if err != nil {
		return Outcome{}, err
	}
	budgets, remembered := c.budgets(ctx, in, a)
	if err := draw(ctx, in, budgets...); err != nil {
		return Outcome{}, err
	}
	row, stored, err := c.passwordOf(ctx, in, a.User)
	if err != nil {
		return Outcome{}, err
	}
	password, err := canonicalPassword(a.Password)
	if err != nil {
		return Outcome{}, wrong(wrongPassword) // nobody has such a one
	}
	var right bool
	if err := c.hasher.do(ctx, func() { right = stored.match(password) }); err != nil {
		return Outcome{}, errors.Join(err, giveBack(context.WithoutCancel(ctx), in, budgets...))
	}
	if !right || row == nil {
		return Outcome{}, wrong(wrongPassword)
	}
	if err := giveBack(ctx, in, budgets...); err != nil {
		return Outcome{}, err
	}
	if a.User.Disabled {
		return Outcome{}, &authmethods.Problem{
			Kind: authmethods.Forbidden, Code: authmethods.CodeUserDisabled, Detail: "This account is switched off.",
		}
	}
	c.strengthen(ctx, in, row, stored, password)
	return c.outcome(ctx, in, row, remembered)
}

// budgets are what an attempt is counted by.
func (c *Credentials) budgets(ctx context.Context, in db.Tenant, a Attempt) (all []budget, remembered bool) {
	if a.User == nil {
		name, err := sso.Canonical(a.Name)
		if err != nil {
			name = a.Name // which nobody can have
		}
		return []budget{byAddress(a.From), budgetOf(perName, "name", name)}, false
	}
	if b, ok := c.known(ctx, in, a.User.ID, a.Device, time.Now()); ok {
		return []budget{b}, true
	}
	// By the id: however many names lead to a user, there is one budget.
	return []budget{byAddress(a.From), budgetOf(perName, "user", string(a.User.ID))}, false
}

// passwordOf returns the user's password, and for somebody without one the decoy
// that takes as long to check.
func (c *Credentials) passwordOf(ctx context.Context, in db.Tenant, user *sso.User) (*passwordRow, phc, error) {
	id := authmethods.ID("usr_none")
	if user != nil {
		id = user.ID
	}
	row, err := db.Get[passwordRow](ctx, in, id)
	if errors.Is(err, authmethods.NotFound) {
		return nil, c.decoy, nil
	}
	if err != nil {
		return nil, phc{}, doing("reading a password", err)
	}
	text, err := c.o.Vault.Open(ctx, in, row.Hash, passwordPlace(row.ID))
	if err != nil {
		return nil, phc{}, doing("opening a password", err)
	}
	stored, err := parsePHC(text.Reveal())
	return row, stored, doing("reading a password", err)
}

// strengthen hashes a password anew with parameters that have risen since it was
// set. That may fail: the old hash is still good, and next time is soon.
func (c *Credentials) strengthen(ctx context.Context, in db.Tenant, row *passwordRow, stored phc, password string) {
	if !stored.weaker(c.o.Argon) {
		return
	}
	sealed, err := c.hash(ctx, in, row.ID, password)
	if err == nil {
		_, err = db.UpdateIf[passwordRow](ctx, in, row.ID, []db.Set{db.To("hash", sealed)}, db.Eq("hash", row.Hash))
	}
	if err != nil {
		c.o.Log.WarnContext(ctx, "a password could not be hashed with stronger parameters", "tenant", in.ID(), "user", row.ID, "error", err)
	}
}

// hash returns the sealed hash of a canonical password.
func (c *Credentials) hash(ctx context.Context, in db.Tenant, user authmethods.ID, password string) ([]byte, error) {
	var made phc
	if err := c.hasher.do(ctx, func() { made = c.o.Argon.derive(password) }); err != nil {
		return nil, err
	}
	sealed, err := c.o.Vault.Seal(ctx, in, made.text(), passwordPlace(user))
	return sealed, doing("sealing a password", err)
}

func (c *Credentials) outcome(ctx context.Context, in db.Tenant, row *passwordRow, remembered bool) (Outcome, error) {
	out := Outcome{SetAt: row.SetAt.Time()}
	n, err := db.Count[totpRow](ctx, in, db.Eq("id", row.ID), db.NotNull("confirmed_at"))
	if err != nil {
		return Outcome{}, doing("looking for a second factor", err)
	}
	out.SecondFactor = n > 0
	if !remembered {
		out.Device, err = c.newDevice(ctx, in, row.ID, time.Now())
	}
	return out, err
}

package credentials

import (
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"image/png"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/secret"
	"latchkey/sso"
)

// The parameters that every authenticator knows (RFC 6238 section 5.2). skew is how
// many steps a clock may be wrong.
const (
	codePeriod = 30 * time.Second
	codeSkew   = 1
	codeDigits = otp.DigitsSix
	// qrPixels is the side of the picture.
	qrPixels = 240
)

// NewTOTP is what somebody's authenticator is given. All of it is secret and is
// shown this once.
type NewTOTP struct {
	Secret secret.Text // in base 32, to be typed in
	URL    secret.Text // otpauth://…
	// PNG is a picture of URL that telephones read.
	PNG []byte
}

// BeginTOTP gives the caller, who is the user, a secret for one-time codes. They are
// asked for after ConfirmTOTP only; before, beginning again replaces it. issuer is
// the name that the authenticator shows.
func (c *Credentials) BeginTOTP(ctx context.Context, caller authmethods.Caller, user *sso.User, issuer string) (NewTOTP, error) {
	none := NewTOTP{}
	if err := onlySelf(caller, user); err != nil {
		return none, err
	}
	in, err := c.o.DB.For(caller)
	if err != nil {
		return none, err
	}
	// A colon would end the issuer in the address.
	issuer = strings.ReplaceAll(issuer, ":", " ")
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: user.UserName, Period: uint(codePeriod.Seconds()), Digits: codeDigits})
	if err != nil {
		return none, doing("making one-time codes", err)
	}
	made, err := shown(key)
	if err != nil {
		return none, doing("making one-time codes", err)
	}
	sealed, err := c.o.Vault.Seal(ctx, in, made.Secret, totpPlace(user.ID))
	if err != nil {
		return none, doing("sealing one-time codes", err)
	}
	return made, db.Tx(ctx, in, func(in db.Tenant) error { return storeTOTP(ctx, in, user.ID, sealed) })
}

func shown(key *otp.Key) (NewTOTP, error) {
	picture, err := key.Image(qrPixels, qrPixels)
	if err != nil {
		return NewTOTP{}, err
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		return NewTOTP{}, err
	}
	return NewTOTP{Secret: secret.New(key.Secret()), URL: secret.New(key.URL()), PNG: out.Bytes()}, nil
}

func storeTOTP(ctx context.Context, in db.Tenant, user authmethods.ID, sealed []byte) error {
	if _, err := lock(ctx, in, user); err != nil {
		return err
	}
	ok, err := db.UpdateIf[totpRow](ctx, in, user, []db.Set{db.To("secret", sealed), db.To("last_step", 0)}, db.IsNull("confirmed_at"))
	if err != nil || ok {
		return doing("storing one-time codes", err)
	}
	row := &totpRow{Secret: sealed}
	row.ID = user
	err = db.Insert(ctx, in, row)
	if errors.Is(err, db.ErrDuplicate) {
		return &authmethods.Problem{
			Kind: authmethods.Conflict, Code: authmethods.CodeConflict,
			Detail: "One-time codes are on already. Remove them first.", Err: err,
		}
	}
	return doing("storing one-time codes", err)
}

// ConfirmTOTP turns one-time codes on for the caller, who is the user, by the first
// of them. It ends the user's sessions.
func (c *Credentials) ConfirmTOTP(ctx context.Context, caller authmethods.Caller, user *sso.User, code string) error {
	if err := onlySelf(caller, user); err != nil {
		return err
	}
	step, in, err := c.accepted(ctx, caller, user, code, db.IsNull("confirmed_at"))
	if err != nil {
		return err
	}
	err = db.Tx(ctx, in, func(in db.Tenant) error {
		row, err := bump(ctx, in, user.ID)
		if err != nil {
			return err
		}
		sets := []db.Set{db.To("last_step", step), db.ToFromNow("confirmed_at", 0)}
		ok, err := db.UpdateIf[totpRow](ctx, in, user.ID, sets, db.IsNull("confirmed_at"), db.Below("last_step", step))
		if err != nil {
			return doing("confirming one-time codes", err)
		}
		if !ok {
			return wrongCode()
		}
		return record(ctx, in, caller, "totp.enabled", row, changed("totp"))
	})
	if err != nil {
		return err
	}
	return giveBack(ctx, in, codesOf(user.ID))
}

// VerifyTOTP checks a one-time code as the second proof of a sign-in. None counts
// twice, whoever is faster. Attempts are counted by user: only who knows the
// password gets here.
func (c *Credentials) VerifyTOTP(ctx context.Context, caller authmethods.Caller, user *sso.User, code string) error {
	step, in, err := c.accepted(ctx, caller, user, code, db.NotNull("confirmed_at"))
	if err != nil {
		return err
	}
	ok, err := db.UpdateIf[totpRow](ctx, in, user.ID, []db.Set{db.To("last_step", step)}, db.NotNull("confirmed_at"), db.Below("last_step", step))
	if err != nil {
		return doing("using a one-time code", err)
	}
	if !ok {
		return wrongCode()
	}
	return giveBack(ctx, in, codesOf(user.ID))
}

func codesOf(user authmethods.ID) budget { return budgetOf(perCodes, "codes", string(user)) }

// accepted returns the step that a code is of.
func (c *Credentials) accepted(ctx context.Context, caller authmethods.Caller, user *sso.User, code string, state db.Filter) (int64, db.Tenant, error) {
	in, err := c.o.DB.For(caller)
	if err != nil {
		return 0, in, err
	}
	if err := draw(ctx, in, codesOf(user.ID)); err != nil {
		return 0, in, err
	}
	if _, err := db.First[totpRow](ctx, in, db.Eq("id", user.ID), state); err != nil {
		return 0, in, doing("reading one-time codes", err)
	}
	row, now, err := db.GetNow[totpRow](ctx, in, user.ID)
	if err != nil {
		return 0, in, doing("reading one-time codes", err)
	}
	key, err := c.o.Vault.Open(ctx, in, row.Secret, totpPlace(user.ID))
	if err != nil {
		return 0, in, doing("opening one-time codes", err)
	}
	step, err := stepOf(key, code, now)
	if err != nil {
		return 0, in, doing("checking a one-time code", err)
	}
	if step <= row.LastStep {
		return 0, in, wrongCode()
	}
	return step, in, nil
}

// stepOf returns the step around now whose code this is; 0: of none.
func stepOf(key secret.Text, code string, now time.Time) (int64, error) {
	code = strings.Map(func(r rune) rune {
		if r == ' ' {
			return -1 // as authenticators show it
		}
		return r
	}, code)
	found := int64(0)
	current := now.Unix() / int64(codePeriod.Seconds())
	for step := current - codeSkew; step <= current+codeSkew; step++ {
		want, err := hotp.GenerateCodeCustom(key.Reveal(), uint64(step), hotp.ValidateOpts{Digits: codeDigits})
		if err != nil {
			return 0, fmt.Errorf("the secret is damaged") // what err says may hold it
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			found = step
		}
	}
	return found, nil
}

func wrongCode() error { return wrong("This code is wrong, too old, or was used already.") }

// HasTOTP reports whether one-time codes are on.
func (c *Credentials) HasTOTP(ctx context.Context, caller authmethods.Caller, user *sso.User) (bool, error) {
	in, err := c.look(caller, user)
	if err != nil {
		return false, err
	}
	n, err := db.Count[totpRow](ctx, in, db.Eq("id", user.ID), db.NotNull("confirmed_at"))
	return n > 0, doing("looking for one-time codes", err)
}

// RemoveTOTP turns one-time codes off: for the caller, who proves with one that the
// authenticator is at hand, or for somebody who lost it. It ends the user's
// sessions.
func (c *Credentials) RemoveTOTP(ctx context.Context, caller authmethods.Caller, of Target, code string) error {
	if self(caller, of.User.ID) {
		if err := c.VerifyTOTP(ctx, caller, of.User, code); err != nil {
			return err
		}
	} else if err := permit(caller, of, authmethods.ModifyUsers); err != nil {
		return err
	}
	in, err := c.o.DB.For(caller)
	if err != nil {
		return err
	}
	return db.Tx(ctx, in, func(in db.Tenant) error {
		user, err := bump(ctx, in, of.User.ID)
		if err != nil {
			return err
		}
		n, err := db.DeleteIf[totpRow](ctx, in, db.Eq("id", user.ID))
		if err != nil {
			return doing("removing one-time codes", err)
		}
		if n == 0 {
			return authmethods.Missing()
		}
		return record(ctx, in, caller, "totp.removed", user, changed("totp"))
	})
}

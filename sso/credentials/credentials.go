package credentials

import (
	"context"
	"fmt"
	"log/slog"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
	"latchkey/authmethods/vault"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
	"latchkey/sso"
)

// Options are what Credentials work with. DB, System, Vault and PublicURL are
// needed.
type Options struct {
	DB        *db.DB
	System    db.System
	Vault     *vault.Vault
	PublicURL authmethods.PublicURL
	// Argon is how passwords are hashed; the zero value is [StrongArgon].
	Argon Argon
	// Breached is a list of passwords that leaked somewhere, beside the common ones
	// that are part of the program; nil: none.
	Breached *Breached
	Log      *slog.Logger // nil: no log
}

// Credentials are those of everybody. They may be shared.
type Credentials struct {
	o      Options
	hasher *hasher
	// decoy is a hash that no password has, for those who have none.
	decoy phc
}

// New returns the Credentials that o describes.
func New(o Options) *Credentials {
	if o.Argon == (Argon{}) {
		o.Argon = StrongArgon
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Credentials{o: o, hasher: newHasher(), decoy: o.Argon.derive(token.Random(32).Reveal())}
}

// Target is somebody whom a caller acts upon, with the rights of that person: who
// may take an account over must have all of them.
type Target struct {
	User   *sso.User
	Rights authmethods.Rights
}

// permit lets a caller act upon the credentials of t: with right, and with every
// right that t has.
func permit(c authmethods.Caller, t Target, right authmethods.Right) error {
	if err := c.May(right); err != nil {
		return err
	}
	for _, theirs := range t.Rights {
		if c.May(theirs) != nil {
			return &authmethods.Problem{
				Kind: authmethods.Forbidden, Code: authmethods.CodeForbidden,
				Detail: "This person may do things that you may not: somebody with those rights must do this.",
			}
		}
	}
	return nil
}

// self reports whether the caller is the user.
func self(c authmethods.Caller, user authmethods.ID) bool {
	return c.Actor().Kind == authmethods.ActorPerson && c.Actor().ID == user && user != ""
}

// onlySelf refuses everybody but the user.
func onlySelf(c authmethods.Caller, user *sso.User) error {
	if self(c, user.ID) {
		return nil
	}
	return &authmethods.Problem{
		Kind: authmethods.Forbidden, Code: authmethods.CodeForbidden,
		Detail: "Only the person can do this.",
	}
}

// record writes the audit event of a change and announces it, in its transaction.
func record(ctx context.Context, in db.Tenant, c authmethods.Caller, action string, user *userRow, changes map[string]authmethods.Change) error {
	err := audit.Record(ctx, in, c, authmethods.Event{
		Action: action, Object: user.ID, ObjectRef: user.UserName, Changes: changes,
	})
	if err != nil {
		return err
	}
	return db.Announce(ctx, in, string(feed.User), user.ID)
}

// changed is the change of a secret.
func changed(what string) map[string]authmethods.Change {
	return map[string]authmethods.Change{what: authmethods.SecretChanged}
}

// wrong is the one answer for everything that proves nobody.
func wrong(detail string) error {
	return &authmethods.Problem{
		Kind: authmethods.Unauthenticated, Code: authmethods.CodeWrongPassword, Detail: detail,
	}
}

// whole returns the text of a secret as bytes to be sealed.
func whole(s secret.Text) []byte { return []byte(s.Reveal()) }

func doing(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("credentials: %s: %w", what, err)
}

package credentials

import (
	"context"
	"errors"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
)

// Purpose is what a link is for.
type Purpose string

// The purposes.
const (
	// Invitation is for somebody who has not had a password yet.
	Invitation Purpose = "invitation"
	// Reset is for somebody who forgot it.
	Reset Purpose = "reset"
)

// LinkLife is for how long a link is good.
const LinkLife = 2 * time.Hour

// Link is a link by which a password is set, once. It is secret: send it to its
// person, or show it once.
type Link struct {
	ID        authmethods.ID
	Purpose   Purpose
	URL       secret.Text
	ExpiresAt time.Time
}

// Invite makes a link for somebody; those that the person had are good no longer.
// slug is that of the tenant. A first invitation, to somebody who has not accepted
// any, needs the right to create users or to modify them, a reset the latter, and
// both every right that the person has.
func (c *Credentials) Invite(ctx context.Context, caller authmethods.Caller, slug string, to Target, purpose Purpose) (Link, error) {
	right := authmethods.ModifyUsers
	if purpose == Invitation && caller.May(right) != nil {
		right = authmethods.CreateUsers
	}
	if err := permit(caller, to, right); err != nil {
		return Link{}, err
	}
	if purpose != Invitation && purpose != Reset {
		return Link{}, authmethods.InvalidField("/purpose", "A link is an invitation or a reset.")
	}
	in, err := c.o.DB.For(caller)
	if err != nil {
		return Link{}, err
	}
	shown := token.Random(32)
	row := &invitationRow{UserID: to.User.ID, Purpose: purpose, Hash: token.HashOf(shown).Bytes()}
	row.ID = authmethods.ID(token.NewID("inv"))
	row.ExpiresAt = db.At(time.Now().Add(LinkLife))
	var until time.Time
	err = db.Tx(ctx, in, func(in db.Tenant) error {
		until, err = c.insertLink(ctx, in, caller, row)
		return err
	})
	if err != nil {
		return Link{}, err
	}
	url := c.o.PublicURL.Origin(slug) + "/invitations/" + shown.Reveal()
	return Link{ID: row.ID, Purpose: purpose, URL: secret.New(url), ExpiresAt: until}, nil
}

func (c *Credentials) insertLink(ctx context.Context, in db.Tenant, caller authmethods.Caller, row *invitationRow) (time.Time, error) {
	none := time.Time{}
	user, err := lock(ctx, in, row.UserID)
	if err != nil {
		return none, err
	}
	if row.Purpose == Invitation && !user.Invited {
		return none, &authmethods.Problem{
			Kind: authmethods.Conflict, Code: authmethods.CodeConflict,
			Detail: "This person has accepted an invitation already. Reset the password instead.",
		}
	}
	if err := kill(ctx, in, user.ID); err != nil {
		return none, err
	}
	err = db.Insert(ctx, in, row)
	if err == nil {
		_, err = db.UpdateIf[invitationRow](ctx, in, row.ID, []db.Set{db.ToFromNow("expires_at", LinkLife)})
	}
	if err != nil {
		return none, doing("making a link", err)
	}
	stored, err := db.Get[invitationRow](ctx, in, row.ID)
	if err != nil {
		return none, doing("making a link", err)
	}
	return stored.ExpiresAt.Time(), record(ctx, in, caller, string(row.Purpose)+".sent", user, changed("link"))
}

// kill makes a user's links useless.
func kill(ctx context.Context, in db.Tenant, user authmethods.ID) error {
	_, err := db.UpdateAll[invitationRow](ctx, in, []db.Set{db.ToFromNow("used_at", 0)}, db.Eq("user_id", user), db.IsNull("used_at"))
	return doing("ending links", err)
}

// Opened is what a link is for, before it is used.
type Opened struct {
	User      authmethods.ID
	UserName  string
	Purpose   Purpose
	ExpiresAt time.Time
}

// Open returns what a link is for, by the secret at its end, and changes nothing:
// programs that look at mail follow links too. A link that was never there, is used
// or too old is the same Problem, of kind NotFound.
func (c *Credentials) Open(ctx context.Context, caller authmethods.Caller, presented secret.Text) (Opened, error) {
	in, err := c.o.DB.For(caller)
	if err != nil {
		return Opened{}, err
	}
	link, user, err := open(ctx, in, presented)
	if err != nil {
		return Opened{}, err
	}
	return Opened{User: user.ID, UserName: user.UserName, Purpose: link.Purpose, ExpiresAt: link.ExpiresAt.Time()}, nil
}

func open(ctx context.Context, in db.Tenant, presented secret.Text) (*invitationRow, *userRow, error) {
	link, err := db.First[invitationRow](ctx, in, db.Eq("hash", token.HashOf(presented).Bytes()), db.IsNull("used_at"), db.Ahead("expires_at"))
	if errors.Is(err, authmethods.NotFound) {
		return nil, nil, outOfDate()
	}
	if err != nil {
		return nil, nil, doing("opening a link", err)
	}
	user, err := db.Get[userRow](ctx, in, link.UserID)
	if err != nil {
		return nil, nil, doing("opening a link", err)
	}
	if user.DisabledAt != 0 {
		return nil, nil, outOfDate()
	}
	return link, user, nil
}

func outOfDate() error {
	return &authmethods.Problem{
		Kind: authmethods.NotFound, Code: authmethods.CodeNotFound,
		Detail: "This link is good no longer: it was used, is older than two hours, or a newer one was sent. Ask for another.",
	}
}

// Accept sets the password of the user whom a link was sent to and uses the link up.
// A password that is refused leaves it good. It returns the user, whose sessions have
// ended. words are what the tenant is called.
func (c *Credentials) Accept(ctx context.Context, caller authmethods.Caller, presented, password secret.Text, words ...string) (authmethods.ID, error) {
	in, err := c.o.DB.For(caller)
	if err != nil {
		return "", err
	}
	link, user, err := open(ctx, in, presented)
	if err != nil {
		return "", err
	}
	sealed, err := c.prepare(ctx, in, user, password, words)
	if err != nil {
		return "", err
	}
	err = db.Tx(ctx, in, func(in db.Tenant) error {
		if _, err := lock(ctx, in, user.ID); err != nil {
			return err
		}
		// This one statement decides who uses it.
		ok, err := db.UpdateIf[invitationRow](ctx, in, link.ID, []db.Set{db.ToFromNow("used_at", 0)}, db.IsNull("used_at"), db.Ahead("expires_at"))
		if err != nil {
			return doing("using a link", err)
		}
		if !ok {
			return outOfDate()
		}
		return c.store(ctx, in, caller, user, sealed, string(link.Purpose)+".accepted")
	})
	return user.ID, err
}

package directory

import (
	"context"
	"errors"
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
	"latchkey/sso"
)

// Pin links a user, by id or user name, to an account at the provider behind a
// connector, by id or reference. It is the only way to an account with operator
// rights.
func (t *Tenant) Pin(ctx context.Context, user, connector string, s sso.Subject) (sso.Identity, error) {
	none := sso.Identity{}
	if err := t.caller.May(authmethods.ModifyUsers); err != nil {
		return none, err
	}
	var f authmethods.Faults
	f.Add("/issuer", wrongSubject(s.Issuer, maxIssuer))
	f.Add("/subject", wrongSubject(s.ID, maxSubject))
	if err := f.Problem(); err != nil {
		return none, err
	}
	row := &identityRow{Issuer: s.Issuer, Subject: s.ID, ByHand: true}
	row.ID = authmethods.ID(token.NewID("idn"))
	var err error
	if row.Claims, err = t.o.Vault.Seal(ctx, t.in, secret.New("{}"), claimsOf(row.ID)); err != nil {
		return none, doing("sealing claims", err)
	}
	err = db.Tx(ctx, t.in, func(in db.Tenant) error {
		u, _, err := t.handled(ctx, in, user, 0)
		if err != nil {
			return err
		}
		door, err := connectorByRef(ctx, in, connector)
		if err != nil {
			return noSuch("/connector", "connector", connector, err)
		}
		row.UserID, row.ConnectorID = u.ID, door.ID
		if err := t.pinTaken(ctx, in, row); err != nil {
			return err
		}
		if err := db.Insert(ctx, in, row); errors.Is(err, db.ErrDuplicate) {
			return conflict("The account was pinned by somebody else just now.", err)
		} else if err != nil {
			return doing("pinning an identity", err)
		}
		return t.record(ctx, in, identityChange("user.identity_pinned", u, row))
	})
	return row.identity(), err
}

func wrongSubject(s string, most int) string {
	if s == "" {
		return "This is needed."
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7e }) {
		return "This holds a character that is not printable ASCII."
	}
	return wrongText(s, most)
}

// pinTaken explains what is in the way of an identity.
func (t *Tenant) pinTaken(ctx context.Context, in db.Tenant, row *identityRow) error {
	other, err := db.First[pinRow](ctx, in, db.Eq("issuer", row.Issuer), db.Eq("subject", row.Subject))
	if err == nil {
		holder, err := db.Get[userRow](ctx, in, other.UserID)
		if err != nil {
			return doing("reading a user", err)
		}
		return conflict("This account is pinned to the user "+holder.UserName+" already. Unpin it there first.", nil)
	}
	if authmethods.KindOf(err) != authmethods.NotFound {
		return doing("reading an identity", err)
	}
	n, err := db.Count[pinRow](ctx, in, db.Eq("connector_id", row.ConnectorID), db.Eq("user_id", row.UserID))
	if err == nil && n > 0 {
		return conflict("Another account of this connector is pinned to the user. Unpin it first.", nil)
	}
	return doing("reading an identity", err)
}

func identityChange(action string, u *userRow, row *identityRow) change {
	noted := authmethods.Changes{}
	authmethods.Note(noted, "issuer", "", row.Issuer)
	authmethods.Note(noted, "subject", "", row.Subject)
	authmethods.Note(noted, "by_hand", false, row.ByHand)
	return change{action: action, kind: feed.User, object: u.ID, ref: u.UserName, changes: noted}
}

// Unpin takes a pinned account from a user, by id or user name, and ends the
// sessions that began with it. The next sign-in is judged by the rule again.
func (t *Tenant) Unpin(ctx context.Context, user string, identity authmethods.ID) error {
	if err := t.caller.May(authmethods.ModifyUsers); err != nil {
		return err
	}
	return t.alter(ctx, func(in db.Tenant) error {
		u, _, err := t.handled(ctx, in, user, 0)
		if err != nil {
			return err
		}
		row, err := db.First[identityRow](ctx, in, db.Eq("id", identity), db.Eq("user_id", u.ID))
		if err != nil {
			return doing("reading an identity", err)
		}
		if _, err := db.DeleteIf[identityRow](ctx, in, db.Eq("id", row.ID)); err != nil {
			return doing("unpinning an identity", err)
		}
		if err := endSessions(ctx, in, db.Eq("identity_id", row.ID), db.Eq("user_id", u.ID)); err != nil {
			return err
		}
		return t.record(ctx, in, identityChange("user.identity_unpinned", u, row))
	})
}

func (r *identityRow) identity() sso.Identity {
	pin := pinRow{
		Owned: r.Owned, UserID: r.UserID, ConnectorID: r.ConnectorID, Issuer: r.Issuer, Subject: r.Subject,
		Email: r.Email, ByHand: r.ByHand, LastUsedAt: r.LastUsedAt,
	}
	return pin.identity()
}

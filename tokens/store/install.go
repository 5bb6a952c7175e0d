package store

import (
	"context"
	"errors"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
	methods "latchkey/authmethods/store"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
	"latchkey/tokens"
)

// Installation is a grant that was verified and is to be lent from now on.
type Installation struct {
	Consent     authmethods.ID // that it comes from; its lineage
	From, To    string         // the consent's status before and after
	Notes       []string
	Code        authmethods.Code // what to know about the success, such as scopes_missing
	Detail      string
	MethodID    authmethods.ID
	Environment authmethods.Environment
	Subject     string
	DataCentre  string
	InstanceURL string
	APIDomain   string
	Account     tokens.Account
	// Organization is the chosen one of Organizations; empty if there are none.
	Organization  tokens.Organization
	Organizations []tokens.Organization
	ApprovedBy    string

	Access       tokens.AccessToken // zero for modes that fetch it when needed
	RefreshToken secret.Text
	RefreshUntil time.Time     // zero: never, or unknown
	IdleLimit    time.Duration // of the refresh token; 0: none
	Scopes       []string
}

// Installed tells what an installation did.
type Installed struct {
	Connection authmethods.ID
	// Replaced is the refresh token that the connection held before, if it was
	// another one.
	Replaced secret.Text
	// DataCentre is where the replaced one came from.
	DataCentre string

	lacking time.Time // since when services had no token because refreshes failed
}

// Install puts a new grant in a connection's place, enables the method in the
// environment and completes the consent, all in one transaction. Answers that
// are under way for the old grant find another epoch and touch nothing.
func (s *Store) Install(ctx context.Context, c authmethods.Caller, n Installation) (Installed, error) {
	v, err := s.view(ctx, c)
	if err != nil {
		return Installed{}, err
	}
	var out Installed
	err = db.Tx(ctx, v.in, func(in db.Tenant) error {
		v := view{in, v.sealer}
		// Enabling comes first: it locks the method, so that two consents that end at
		// the same time do not both make the connection.
		if err := methods.Approve(ctx, in, n.MethodID, n.Environment); err != nil {
			return err
		}
		if out, err = s.place(ctx, v, &n); err != nil {
			return err
		}
		done, err := db.UpdateIf[consentRow](ctx, in, n.Consent, []db.Set{
			db.To("status", n.To), db.To("code", n.Code), db.To("detail", n.Detail),
			db.To("notes", db.JSON[[]string]{V: n.Notes}), db.To("connection_id", out.Connection),
			db.To("data_centre", n.DataCentre), db.To("answer", nil), db.To("outcome", nil), db.ToFromNow("finished_at", 0),
		}, db.Eq("status", n.From))
		if err != nil {
			return err
		}
		if !done {
			return &authmethods.Problem{Kind: authmethods.Conflict, Code: authmethods.CodeConflict, Detail: "This consent was finished already."}
		}
		if err := audit.Record(ctx, in, c, authmethods.Event{
			Action: "consent.completed", Object: n.MethodID,
			Changes: map[string]authmethods.Change{
				"consent": {To: n.Consent}, "connection": {To: out.Connection}, "environment": {To: n.Environment},
				"account": {To: n.Account.ID}, "organization": {To: n.Organization.ID}, "data_centre": {To: n.DataCentre},
			},
		}); err != nil {
			return err
		}
		return db.Announce(ctx, in, string(feed.Method), n.MethodID)
	})
	if err == nil && !out.lacking.IsZero() {
		s.history.lack(v.in.ID(), out.Connection, out.lacking, time.Now())
	}
	return out, err
}

// place writes the connection and its grant, new or over the old ones.
func (s *Store) place(ctx context.Context, v view, n *Installation) (Installed, error) {
	row, err := db.First[connectionRow](ctx, v.in,
		db.Eq("method_id", n.MethodID), db.Eq("environment", n.Environment), db.Eq("subject", n.Subject))
	if errors.Is(err, authmethods.NotFound) {
		row = &connectionRow{MethodID: n.MethodID, Environment: n.Environment, Subject: n.Subject}
		row.ID = authmethods.ID(token.NewID("conn"))
		if err = db.Insert(ctx, v.in, row); err == nil {
			err = db.Insert(ctx, v.in, &grantRow{Owned: db.Owned{ID: row.ID}})
		}
	}
	if err != nil {
		return Installed{}, err
	}
	out := Installed{Connection: row.ID, DataCentre: row.DataCentre}
	if _, err := db.UpdateIf[connectionRow](ctx, v.in, row.ID, []db.Set{
		db.To("data_centre", n.DataCentre), db.To("instance_url", n.InstanceURL), db.To("api_domain", n.APIDomain),
		db.To("account_id", n.Account.ID), db.To("account_name", n.Account.Name), db.To("account_email", n.Account.Email),
		db.To("organization_id", n.Organization.ID), db.To("organization_name", n.Organization.Name),
		db.To("organizations", db.JSON[[]tokens.Organization]{V: n.Organizations}),
		db.To("approved_by", n.ApprovedBy), db.ToFromNow("approved_at", 0),
	}); err != nil {
		return out, err
	}
	grant, err := db.Get[grantRow](ctx, v.in, row.ID)
	if err != nil {
		return out, err
	}
	out.lacking = grant.lackingSince()
	old, err := open(v.sealer, grant.RefreshToken, place(grants, row.ID, "refresh_token"))
	if err == nil && old.Reveal() != n.RefreshToken.Reveal() {
		out.Replaced = old // one that no longer opens cannot be given back either
	}
	return out, s.placeGrant(ctx, v, row.ID, grant.Version+1, n)
}

func (s *Store) placeGrant(ctx context.Context, v view, id authmethods.ID, version int64, n *Installation) error {
	sets := append(noAttempt(), noFailure()...)
	sets = append(sets, db.To("lineage", string(n.Consent)), db.Plus("epoch", 1), db.To("version", version),
		db.To("refresh_expires_at", db.At(n.RefreshUntil)), db.To("refresh_token", nil), db.To("access_token", nil),
		db.To("token_id", ""), db.To("scopes", db.JSON[[]string]{V: n.Scopes}),
		db.To("issued_at", db.Time(0)), db.To("expires_at", db.Time(0)))
	if !n.RefreshToken.IsZero() {
		sealed, err := v.sealer.Seal(n.RefreshToken, place(grants, id, "refresh_token"))
		if err != nil {
			return err
		}
		sets = append(sets, db.To("refresh_token", sealed))
	}
	if !n.Access.Value.IsZero() {
		more, err := tokenSets(v.sealer, id, n.Access, n.IdleLimit)
		if err != nil {
			return err
		}
		sets = append(sets, more...)
		sets = append(sets, db.To("sent", sentTimes([]time.Time{n.Access.IssuedAt})))
		if err := db.Insert(ctx, v.in, newTokenRow(id, version, n.Access)); err != nil {
			return err
		}
	}
	_, err := db.UpdateIf[grantRow](ctx, v.in, id, sets)
	return err
}

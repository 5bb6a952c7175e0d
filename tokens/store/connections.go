package store

import (
	"context"
	"errors"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
	"latchkey/crypto/secret"
	"latchkey/tokens"
)

// ConnectionQuery selects connections; empty fields select all.
type ConnectionQuery struct {
	Method      string // reference or id
	Environment authmethods.Environment
	After       authmethods.ID
	Limit       int
}

// Connections lists the tenant's connections in the order of their creation.
func (s *Store) Connections(ctx context.Context, c authmethods.Caller, q ConnectionQuery) ([]tokens.Connection, error) {
	if err := c.May(authmethods.ViewMethods); err != nil {
		return nil, err
	}
	v, err := s.view(ctx, c)
	if err != nil {
		return nil, err
	}
	var fs []db.Filter
	if q.Method != "" {
		config, err := s.configs.find(ctx, s, c.Tenant(), q.Method)
		if errors.Is(err, authmethods.NotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		fs = append(fs, db.Eq("method_id", config.method.ID))
	}
	if q.Environment != "" {
		fs = append(fs, db.Eq("environment", q.Environment))
	}
	rows, err := db.Page[connectionRow](ctx, v.in, q.After, q.Limit, fs...)
	if err != nil {
		return nil, err
	}
	list := make([]tokens.Connection, 0, len(rows))
	for i := range rows {
		connection, err := s.connection(ctx, v, &rows[i])
		if err != nil {
			return nil, err
		}
		list = append(list, connection)
	}
	return list, nil
}

// Connection returns one connection.
func (s *Store) Connection(ctx context.Context, c authmethods.Caller, id authmethods.ID) (tokens.Connection, error) {
	if err := c.May(authmethods.ViewMethods); err != nil {
		return tokens.Connection{}, err
	}
	v, err := s.view(ctx, c)
	if err != nil {
		return tokens.Connection{}, err
	}
	row, err := db.Get[connectionRow](ctx, v.in, id)
	if err != nil {
		return tokens.Connection{}, err
	}
	shown, err := s.connection(ctx, v, row)
	if err != nil {
		return shown, err
	}
	return shown, s.warnOfCrowd(ctx, c, row, &shown)
}

// warnOfCrowd adds a warning if the connection's account has approved its client
// too often.
func (s *Store) warnOfCrowd(ctx context.Context, c authmethods.Caller, row *connectionRow, shown *tokens.Connection) error {
	config, err := s.configs.find(ctx, s, c.Tenant(), string(row.MethodID))
	if err != nil {
		return err
	}
	others, err := s.OtherApprovals(ctx, c, Approval{
		Account: row.AccountID, Client: config.method.ClientIDIn(row.Environment),
		MethodID: row.MethodID, Environment: row.Environment, Subject: row.Subject,
	})
	if warning := CrowdWarning(&config.kind.Limits, others+1); err == nil && warning != "" {
		shown.Warnings = append(shown.Warnings, warning)
	}
	return err
}

// connection puts a connection together from its row, its grant and its method.
func (s *Store) connection(ctx context.Context, v view, row *connectionRow) (tokens.Connection, error) {
	config, err := s.configs.find(ctx, s, v.in.ID(), string(row.MethodID))
	if err != nil {
		return tokens.Connection{}, err
	}
	c := tokens.Connection{
		ID: row.ID, MethodID: row.MethodID, Method: config.method.Reference, Environment: row.Environment,
		Subject: row.Subject, DataCentre: row.DataCentre,
		Account:       tokens.Account{ID: row.AccountID, Name: row.AccountName, Email: row.AccountEmail},
		Organization:  tokens.Organization{ID: row.OrganizationID, Name: row.OrganizationName},
		Organizations: row.Organizations.V, ApprovedBy: row.ApprovedBy, ApprovedAt: row.ApprovedAt.Time(),
		CreatedAt: row.CreatedAt.Time(), State: tokens.Disabled, Reason: authmethods.CodeMethodDisabled,
	}
	target, err := Directory{s}.target(authmethods.Tenant{ID: v.in.ID()}, config, row.Environment, row, v)
	if err != nil {
		return c, err
	}
	c.APIBaseURL = target.APIBaseURL
	if target.Slot == nil {
		return c, nil
	}
	g, now, err := target.Slot.Load(ctx)
	if errors.Is(err, authmethods.HumanNeeded) {
		c.State, c.Reason = tokens.Degraded, authmethods.CodeKeyUnavailable
		return c, nil
	}
	if err != nil {
		return c, err
	}
	c.Scopes, c.TokenID = g.Access.Scopes, g.Access.ID
	c.TokenIssuedAt, c.TokenExpiresAt, c.RefreshExpiresAt = g.Access.IssuedAt, g.Access.ExpiresAt, g.RefreshExpiresAt
	c.Failures, c.RetryAt = g.Failures, g.RetryAt
	if to, ok := target.Slot.(*slot); ok {
		c.LackingSince = db.Time(to.lacking.Load()).Time()
	}
	if warning := EndWarning(&g, now); warning != "" {
		c.Warnings = append(c.Warnings, warning)
	}
	if target.Enabled || g.Broken != "" {
		c.State, c.Reason = g.State(now), g.Reason()
	}
	return c, nil
}

// Slot returns the slot of a connection, for those who act on it on the caller's
// behalf.
func (s *Store) Slot(ctx context.Context, c authmethods.Caller, id authmethods.ID) (tokens.Target, error) {
	v, err := s.view(ctx, c)
	if err != nil {
		return tokens.Target{}, err
	}
	row, err := db.Get[connectionRow](ctx, v.in, id)
	if err != nil {
		return tokens.Target{}, err
	}
	tenant, err := s.Tenants.Find(ctx, string(c.Tenant()))
	if err != nil {
		return tokens.Target{}, err
	}
	config, err := s.configs.find(ctx, s, c.Tenant(), string(row.MethodID))
	if err != nil {
		return tokens.Target{}, err
	}
	return Directory{s}.target(tenant, config, row.Environment, row, v)
}

// RecordRefresh records that somebody asks for a new token, before anything is sent.
func (s *Store) RecordRefresh(ctx context.Context, c authmethods.Caller, id authmethods.ID) error {
	v, err := s.view(ctx, c)
	if err != nil {
		return err
	}
	return db.Tx(ctx, v.in, func(in db.Tenant) error {
		return audit.Record(ctx, in, c, authmethods.Event{Action: "connection.refresh_asked", Object: id})
	})
}

// Revoke gives a connection up: its tokens leave the database, and it is lent no
// more. It returns the refresh token and the access token, for the provider to be
// told. Revoking twice is not an error.
func (s *Store) Revoke(ctx context.Context, c authmethods.Caller, id authmethods.ID) (refresh, access secret.Text, err error) {
	if err := c.May(authmethods.ModifyMethods); err != nil {
		return refresh, access, err
	}
	v, err := s.view(ctx, c)
	if err != nil {
		return refresh, access, err
	}
	err = db.Tx(ctx, v.in, func(in db.Tenant) error {
		row, err := db.Get[grantRow](ctx, in, id)
		if err != nil {
			return err
		}
		if refresh, err = open(v.sealer, row.RefreshToken, place(grants, id, "refresh_token")); err != nil {
			return unreadable(err)
		}
		if access, err = open(v.sealer, row.AccessToken, place(grants, id, "access_token")); err != nil {
			return unreadable(err)
		}
		sets := append(noAttempt(), noFailure()...)
		sets = append(sets, db.Plus("epoch", 1), db.Plus("version", 1), db.To("refresh_token", nil), db.To("access_token", nil),
			db.To("refresh_at", db.Time(0)), db.To("broken_code", authmethods.CodeRevoked), db.ToFromNow("broken_at", 0))
		if _, err := db.UpdateIf[grantRow](ctx, in, id, sets); err != nil {
			return err
		}
		if _, err := db.DeleteIf[captureRow](ctx, in, db.Eq("grant_id", id)); err != nil {
			return err
		}
		if err := audit.Record(ctx, in, c, authmethods.Event{Action: "connection.revoked", Object: id}); err != nil {
			return err
		}
		return db.Announce(ctx, in, string(feed.Connection), id)
	})
	return refresh, access, err
}

// SelectOrganization makes another of the connection's organisations the one
// that loans are for.
func (s *Store) SelectOrganization(ctx context.Context, c authmethods.Caller, id authmethods.ID, chosen tokens.Organization, all []tokens.Organization) error {
	if err := c.May(authmethods.ModifyMethods); err != nil {
		return err
	}
	v, err := s.view(ctx, c)
	if err != nil {
		return err
	}
	return db.Tx(ctx, v.in, func(in db.Tenant) error {
		row, err := db.Get[connectionRow](ctx, in, id)
		if err != nil {
			return err
		}
		if _, err := db.UpdateIf[connectionRow](ctx, in, id, []db.Set{
			db.To("organization_id", chosen.ID), db.To("organization_name", chosen.Name),
			db.To("organizations", db.JSON[[]tokens.Organization]{V: all}),
		}); err != nil {
			return err
		}
		if err := audit.Record(ctx, in, c, authmethods.Event{
			Action: "connection.organization_selected", Object: id,
			Changes: map[string]authmethods.Change{"organization": {From: row.OrganizationID, To: chosen.ID}},
		}); err != nil {
			return err
		}
		return db.Announce(ctx, in, string(feed.Connection), id)
	})
}

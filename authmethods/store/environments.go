package store

import (
	"context"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
)

func environmentIn(ctx context.Context, in db.Tenant, method authmethods.ID, e authmethods.Environment) (*environmentRow, error) {
	row, err := db.First[environmentRow](ctx, in, db.Eq("method_id", method), db.Eq("environment", string(e)))
	if authmethods.KindOf(err) == authmethods.NotFound {
		return nil, nil
	}
	return row, doing("reading an environment", err)
}

// ensureEnvironment returns the method's row for e and makes it if it is not
// there. The method is locked by the caller's transaction.
func ensureEnvironment(ctx context.Context, in db.Tenant, method authmethods.ID, e authmethods.Environment) (*environmentRow, error) {
	row, err := environmentIn(ctx, in, method, e)
	if row != nil || err != nil {
		return row, err
	}
	row = newEnvironmentRow(method, e)
	return row, doing("setting an environment up", db.Insert(ctx, in, row))
}

// SetEnabled says whether a method lends tokens in an environment. Connections
// stay what they are.
func (t *Tenant) SetEnabled(ctx context.Context, ref string, e authmethods.Environment, enabled bool) error {
	if err := t.caller.May(authmethods.ModifyMethods); err != nil {
		return err
	}
	row, err := methodByRef(ctx, t.in, ref)
	if err != nil {
		return err
	}
	if err := t.mayHave(row, e, enabled); err != nil {
		return err
	}
	have, err := environmentIn(ctx, t.in, row.ID, e)
	if err != nil {
		return err
	}
	if have != nil && have.Enabled == enabled || have == nil && !enabled {
		return nil
	}
	action := "method.disabled"
	if enabled {
		action = "method.enabled"
	}
	noted := authmethods.Changes{}
	authmethods.Note(noted, "environments."+string(e)+".enabled", !enabled, enabled)
	return db.Tx(ctx, t.in, func(in db.Tenant) error {
		if row, err = lockMethod(ctx, in, string(row.ID), 0); err != nil {
			return err
		}
		environment, err := ensureEnvironment(ctx, in, row.ID, e)
		if err != nil {
			return err
		}
		if _, err := db.UpdateIf[environmentRow](ctx, in, environment.ID, []db.Set{db.To("enabled", enabled)}); err != nil {
			return doing("changing an environment", err)
		}
		return t.record(ctx, in, change{action: action, kind: feed.Method, object: row.ID, ref: row.Reference, changes: noted})
	})
}

// mayHave refuses environments that the integration type does not have. What is
// enabled can always be disabled, even if the type has gone.
func (t *Tenant) mayHave(row *methodRow, e authmethods.Environment, enabled bool) error {
	if !e.Valid() {
		return authmethods.InvalidField("/environment", "This is production, sandbox or developer.")
	}
	if !enabled {
		return nil
	}
	kind, ok := t.Catalog.Find(row.IntegrationType)
	if !ok {
		return authmethods.InvalidField("/integration_type", "There is no such integration type any more.")
	}
	if _, ok := kind.Environments[e]; !ok {
		return authmethods.InvalidField("/environment", kind.Name+" has no environment "+string(e)+".")
	}
	return nil
}

// mayUseClient lets those see a client secret who administer methods, and the
// programs that send it to providers.
func (t *Tenant) mayUseClient() error {
	if t.caller.May(authmethods.Borrow) == nil {
		return nil
	}
	return t.caller.May(authmethods.ModifyMethods)
}

// Client returns the client of a method in an environment with its secrets, as it
// is sent to the provider. An environment without values of its own uses the
// method's.
func (t *Tenant) Client(ctx context.Context, method authmethods.ID, e authmethods.Environment) (authmethods.Client, error) {
	none := authmethods.Client{}
	if err := t.mayUseClient(); err != nil {
		return none, err
	}
	var row methodRow
	var own environmentRow
	err := db.QueryRow(ctx, t.in, readClient, []any{e, method},
		&row.ID, &row.ClientID, &row.ClientSecret, &row.NextClientSecret, &row.ClientVersion, &row.NextChanges,
		&own.ID, &own.ClientID, &own.ClientSecret, &own.NextClientSecret, &own.ClientVersion, &own.NextChanges)
	if err != nil {
		return none, doing("reading a client", err)
	}
	client := authmethods.Client{ID: row.ClientID, Version: clientVersion(&row, &own)}
	client.Base = client.Version - row.NextChanges - own.NextChanges
	if own.ClientID != "" {
		client.ID = own.ClientID
	}
	have := secretsFor(&row, &own)
	if len(have.present) > 0 {
		client.Secret, err = t.Vault.Open(ctx, t.in, have.present, have.at(presentSecret))
	}
	if err == nil && len(have.next) > 0 {
		client.Next, err = t.Vault.Open(ctx, t.in, have.next, have.at(nextSecret))
	}
	return client, doing("opening a client secret", err)
}

// readClient is on the way of every refresh.
var readClient = db.Prepare(`SELECT m.id, m.client_id, m.client_secret, m.next_client_secret, m.client_version, m.next_changes,
	COALESCE(e.id, ''), COALESCE(e.client_id, ''), e.client_secret, e.next_client_secret, COALESCE(e.client_version, 0), COALESCE(e.next_changes, 0)
	FROM methods m LEFT JOIN method_environments e ON e.tenant_id = {tenant} AND e.method_id = m.id AND e.environment = ?
	WHERE m.tenant_id = {tenant} AND m.id = ?`)

// clientVersion changes whenever something of the client does: both numbers only
// grow.
func clientVersion(m *methodRow, own *environmentRow) int64 {
	if own == nil {
		return m.ClientVersion
	}
	return m.ClientVersion + own.ClientVersion
}

// RejectClient records that a provider refused the client of this version, until
// it changes or is accepted. The verdict about another version is ignored.
func (t *Tenant) RejectClient(ctx context.Context, method authmethods.ID, e authmethods.Environment, version int64, code authmethods.Code, retryAt time.Time) error {
	return t.judge(ctx, method, e, version, func(in db.Tenant, row *methodRow, own *environmentRow) error {
		sets := []db.Set{db.To("rejected_code", string(code)), db.To("rejected_retry_at", db.At(retryAt))}
		again := own.RejectedCode == string(code)
		if !again {
			sets = append(sets, db.ToFromNow("rejected_at", 0))
		}
		if _, err := db.UpdateIf[environmentRow](ctx, in, own.ID, sets); err != nil {
			return doing("recording a rejection", err)
		}
		if again {
			return db.Announce(ctx, in, string(feed.Method), row.ID)
		}
		noted := authmethods.Changes{}
		authmethods.Note(noted, "environments."+string(e)+".rejected", own.RejectedCode, string(code))
		return t.record(ctx, in, change{action: "method.client_rejected", kind: feed.Method, object: row.ID, ref: row.Reference, changes: noted})
	})
}

// AcceptClient clears a rejection: the provider took the client of this version.
func (t *Tenant) AcceptClient(ctx context.Context, method authmethods.ID, e authmethods.Environment, version int64) error {
	own, err := environmentIn(ctx, t.in, method, e)
	if err != nil || own == nil || own.RejectedCode == "" {
		if refused := t.mayUseClient(); refused != nil {
			return refused
		}
		return err
	}
	return t.judge(ctx, method, e, version, func(in db.Tenant, row *methodRow, own *environmentRow) error {
		if own.RejectedCode == "" {
			return nil
		}
		if _, err := db.UpdateIf[environmentRow](ctx, in, own.ID, notRejected()); err != nil {
			return doing("clearing a rejection", err)
		}
		noted := authmethods.Changes{}
		authmethods.Note(noted, "environments."+string(e)+".rejected", own.RejectedCode, "")
		return t.record(ctx, in, change{action: "method.client_accepted", kind: feed.Method, object: row.ID, ref: row.Reference, changes: noted})
	})
}

// judge runs f on the environment if its client is still of the given version, and
// keeps it so until f is done.
func (t *Tenant) judge(ctx context.Context, method authmethods.ID, e authmethods.Environment, version int64, f func(db.Tenant, *methodRow, *environmentRow) error) error {
	if err := t.mayUseClient(); err != nil {
		return err
	}
	if !e.Valid() {
		return authmethods.Missing()
	}
	return db.Tx(ctx, t.in, func(in db.Tenant) error {
		// Writing what is there locks the row; a verdict is no change of the method,
		// so neither its revision nor its time moves.
		still := []db.Set{db.Plus("client_version", 0), db.Plus("updated_at", 0)}
		if _, err := db.UpdateIf[methodRow](ctx, in, method, still); err != nil {
			return doing("locking a method", err)
		}
		row, err := db.Get[methodRow](ctx, in, method)
		if err != nil {
			return doing("reading a method", err)
		}
		own, err := environmentIn(ctx, in, method, e)
		if err != nil || clientVersion(row, own) != version {
			return err
		}
		if own, err = ensureEnvironment(ctx, in, method, e); err != nil {
			return err
		}
		return f(in, row, own)
	})
}

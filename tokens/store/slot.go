package store

import (
	"context"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
	"latchkey/tokens"
)

// spot is what the slots of a method in one environment and one data centre share.
type spot struct {
	store         *Store
	view          view
	method        *authmethods.Method
	environment   *authmethods.MethodEnvironment
	provider      *catalog.Provider
	clientVersion int64
}

// slot is the place of one grant in the database. It is a [tokens.Slot].
type slot struct {
	*spot
	id           authmethods.ID // of the connection and its grant
	organization string
	// found is the grant as it was read together with its connection, for the first
	// Load. Later ones read it anew.
	found atomic.Pointer[reading]
	// lacking is since when services have no token because refreshes failed, in
	// microseconds, as it was last read; 0: they have one, or nothing failed.
	lacking atomic.Int64
}

// reading is a grant as it was read, and when by the database's clock.
type reading struct {
	row grantRow
	now time.Time
	at  time.Time // the same moment by this process's monotonic clock
}

// query fills r by a statement that returns what goes into before, the clock, and
// the columns of a grant.
func (r *reading) query(ctx context.Context, in db.Tenant, st *db.Statement, args []any, before ...any) error {
	r.at = time.Now()
	var now db.Time
	dest := append(append(make([]any, 0, 1+len(before)+grantFields), before...), &now)
	err := db.QueryRow(ctx, in, st, args, r.row.fields(dest)...)
	r.now = now.Time()
	return err
}

// current is how long a reading is as good as a new one: no longer than a reading
// takes.
const current = 20 * time.Millisecond

var _ tokens.Slot = (*slot)(nil)

// Key implements [tokens.Slot].
func (s *slot) Key() string { return string(s.id) }

// Errand implements [tokens.Slot].
func (s *slot) Errand() tokens.Errand {
	return tokens.Errand{
		Party: string(s.view.in.ID()), Grant: s.Key(), Host: hostOf(s.provider),
		Client: s.method.ClientIDIn(s.environment.Environment), Limits: s.provider.Limits,
	}
}

// hostOf is where the provider's token requests go. Of endpoints that are
// discovered only the issuer is known before.
func hostOf(p *catalog.Provider) string {
	for _, address := range []string{p.TokenEndpoint, p.Issuer} {
		if u, err := url.Parse(address); err == nil && u.Host != "" {
			return strings.ToLower(u.Host)
		}
	}
	return p.Type
}

// Load implements [tokens.Slot].
func (s *slot) Load(ctx context.Context) (tokens.Grant, time.Time, error) {
	row, now, err := s.read(ctx)
	if err != nil {
		return tokens.Grant{}, now, err
	}
	s.lacking.Store(int64(db.At(row.lackingSince())))
	g, err := row.grant(s.view.sealer)
	if err != nil {
		return g, now, err
	}
	switch s.method.Mode {
	case authmethods.ModeClientCredentials:
		g.Renewable = true
	case authmethods.ModeStaticToken, authmethods.ModeBasic:
		err = s.loadStatic(ctx, &g)
	}
	if err == nil && g.Broken == authmethods.CodeLostSinceBackup {
		g.BackupAt, err = s.backupOf(ctx, s.view.in, row.Version)
	}
	g.ClientRejected = s.environment.Rejected
	g.Quota.Allowed, g.Quota.Window = s.provider.Limits.Refreshes.Budget, s.provider.Limits.Refreshes.Window
	if row.ClientVersion != 0 && row.ClientVersion != s.clientVersion {
		// The verdict was about a client that has been replaced since.
		g.FailureCode, g.Failures, g.RetryAt = "", 0, time.Time{}
	}
	return g, now, err
}

func (s *slot) read(ctx context.Context) (*grantRow, time.Time, error) {
	if r := s.found.Swap(nil); r != nil && time.Since(r.at) < current {
		return &r.row, r.now, nil
	}
	var r reading
	err := r.query(ctx, s.view.in, readGrant, []any{s.id})
	return &r.row, r.now, err
}

// Registration implements [tokens.Slot].
func (s *slot) Registration(ctx context.Context) (tokens.Registration, error) {
	client, err := s.client(ctx)
	return tokens.Registration{
		Provider: *s.provider, Client: client, Mode: s.method.Mode,
		Scopes: s.provider.ExpandScopes(s.method.Scopes), Organization: s.organization,
	}, err
}

func (s *slot) client(ctx context.Context) (authmethods.Client, error) {
	t, err := s.store.Methods.For(lending(s.view.in.ID()))
	if err != nil {
		return authmethods.Client{}, err
	}
	return t.Client(ctx, s.method.ID, s.environment.Environment)
}

var claimGrant = db.Prepare(`UPDATE grants SET epoch = epoch + 1, lease_owner = ?, lease_until = {now} + ?,
	attempt_id = ?, attempt_version = ?, attempt_token = ?, attempt_at = ?, attempt_retry = ?, sent = ?, updated_at = {now}
	WHERE grants.tenant_id = {tenant} AND id = ? AND epoch = ? AND (lease_until IS NULL OR lease_until <= {now})`)

// Claim implements [tokens.Slot].
func (s *slot) Claim(ctx context.Context, epoch int64, a tokens.Attempt, lease time.Duration) (bool, error) {
	if err := s.store.Freezes.Check(ctx, s.view.in.ID(), s.method.Reference, nil); err != nil {
		return false, err
	}
	n, err := db.Exec(ctx, s.view.in, claimGrant, s.store.Process, lease.Microseconds(),
		a.ID, a.Version, a.Token, db.At(a.At), a.Retry, sentTimes(a.Sent), s.id, epoch)
	return n == 1, err
}

// What a success changes: the grant, if its epoch is still the one; and only if it
// did, the list of tokens and the captured answer. applySuccess keeps the refresh
// token and its end where the answer had none.
var (
	applySuccess = db.Prepare(`UPDATE grants SET version = version + 1, access_token = ?, token_id = ?, token_type = ?, scopes = ?,
		issued_at = ?, expires_at = ?, refresh_at = ?,
		refresh_token = COALESCE(?, refresh_token), refresh_expires_at = COALESCE(?, refresh_expires_at),
		lease_owner = '', lease_until = NULL,
		attempt_id = '', attempt_version = 0, attempt_token = '', attempt_at = NULL, attempt_retry = FALSE,
		failures = 0, failure_code = '', client_version = 0, failed_at = NULL, retry_at = NULL, broken_code = '', broken_at = NULL,
		updated_at = {now}
		WHERE grants.tenant_id = {tenant} AND id = ? AND epoch = ?`)
	insertToken = db.Prepare(`INSERT INTO tokens (tenant_id, id, grant_id, version, issued_at, expires_at, created_at, updated_at)
		SELECT {tenant}, g.token_id, g.id, g.version, g.issued_at, g.expires_at, {now}, {now}
		FROM grants g WHERE g.tenant_id = {tenant} AND g.id = ? AND g.token_id = ?`)
	dropCapture = db.Prepare(`DELETE FROM captures WHERE captures.tenant_id = {tenant} AND id = ?
		AND EXISTS (SELECT 1 FROM grants g WHERE g.tenant_id = {tenant} AND g.id = ? AND g.token_id = ?)`)
)

// Succeed implements [tokens.Slot].
func (s *slot) Succeed(ctx context.Context, r tokens.Success) (bool, error) {
	args, err := s.successArgs(r)
	if err != nil {
		return false, err
	}
	var applied int64
	next, now := &reading{}, db.Time(0)
	err = db.Batch(ctx, s.view.in,
		db.Run(&applied, applySuccess, args...),
		db.Run(nil, insertToken, s.id, r.Access.ID),
		db.Run(nil, dropCapture, r.AttemptID, s.id, r.Access.ID),
		db.Read(readGrant, []any{s.id}, next.row.fields([]any{&now})...))
	switch {
	case errors.Is(err, db.ErrDuplicate): // an earlier try got through after all
	case err != nil || applied == 0:
		return false, err
	default:
		next.now, next.at = now.Time(), time.Now()
		s.found.Store(next) // the next Load comes at once
	}
	s.store.ring(s.view.in.ID(), s.id)
	s.store.history.outcome(s.view.in.ID(), s.id, refreshed)
	if since := db.Time(s.lacking.Swap(0)); since != 0 {
		s.store.history.lack(s.view.in.ID(), s.id, since.Time(), next.now)
	}
	if s.store.Lifeboat != nil {
		if err := s.store.Lifeboat.Land(r.AttemptID); err != nil {
			s.store.Log.Warn("an answer that was applied stays in the lifeboat", "error", err) // and is applied no second time
		}
	}
	if s.environment.Rejected == nil {
		return true, nil
	}
	t, err := s.store.Methods.For(lending(s.view.in.ID()))
	if err != nil {
		return true, err
	}
	return true, t.AcceptClient(ctx, s.method.ID, s.environment.Environment, s.clientVersion)
}

func (s *slot) successArgs(r tokens.Success) ([]any, error) {
	access, err := s.view.sealer.Seal(r.Access.Value, place(grants, s.id, "access_token"))
	if err != nil {
		return nil, err
	}
	var refresh []byte
	if !r.RefreshToken.IsZero() {
		if refresh, err = s.view.sealer.Seal(r.RefreshToken, place(grants, s.id, "refresh_token")); err != nil {
			return nil, err
		}
	}
	t := &r.Access
	return []any{
		access, t.ID, t.Type, db.JSON[[]string]{V: t.Scopes},
		db.At(t.IssuedAt), db.At(t.ExpiresAt), db.At(upkeepAt(t, s.provider.Refresh.RefreshTokenIdleLimit)),
		refresh, db.At(r.RefreshExpiresAt), s.id, r.Epoch,
	}, nil
}

// loadStatic makes the access token of the modes that lend the client's own
// secret. Its id changes with the secret.
func (s *slot) loadStatic(ctx context.Context, g *tokens.Grant) error {
	client, err := s.client(ctx)
	if err != nil {
		return err
	}
	value, kind := client.Secret, "Bearer"
	if s.method.Mode == authmethods.ModeBasic {
		pair := client.ID + ":" + client.Secret.Reveal()
		value, kind = secret.New(base64.StdEncoding.EncodeToString([]byte(pair))), "Basic"
	}
	g.Access = tokens.AccessToken{
		ID: authmethods.ID("tok_" + token.Fingerprint(value)), Value: value, Type: kind, Scopes: g.Access.Scopes,
	}
	return nil
}

// SetBack implements [tokens.Slot].
func (s *slot) SetBack(ctx context.Context, b tokens.Setback) (applied bool, err error) {
	sets := noLease()
	if !b.Uncertain {
		sets = noAttempt()
	}
	sets = append(sets, db.Plus("failures", 1), db.To("failure_code", b.Failure.Code), db.ToFromNow("failed_at", 0),
		db.To("retry_at", db.At(b.RetryAt)), db.To("client_version", b.ClientVersion), db.To("refresh_at", db.At(b.RetryAt)))
	if b.Broken != "" {
		sets = append(sets, db.To("broken_code", b.Broken), db.ToFromNow("broken_at", 0), db.To("refresh_at", db.Time(0)))
	}
	err = db.Tx(ctx, s.view.in, func(in db.Tenant) error {
		applied, err = db.UpdateIf[grantRow](ctx, in, s.id, sets, db.Eq("epoch", b.Epoch))
		if err != nil || !applied || b.Broken == "" {
			return err
		}
		if err := errors.Join(s.dropRejected(ctx, in), s.blameBackup(ctx, in, b.Broken)); err != nil {
			return err
		}
		return db.Announce(ctx, in, string(feed.Connection), s.id)
	})
	if applied && err == nil {
		s.store.ring(s.view.in.ID(), s.id)
		s.store.history.outcome(s.view.in.ID(), s.id, outcomeOf(&b.Failure))
	}
	if err != nil || !applied || b.ClientVersion == 0 {
		return applied && err == nil, err
	}
	t, err := s.store.Methods.For(lending(s.view.in.ID()))
	if err != nil {
		return true, err
	}
	return true, t.RejectClient(ctx, s.method.ID, s.environment.Environment, b.ClientVersion, b.Failure.Code, b.RetryAt)
}

// Promote implements [tokens.Slot].
func (s *slot) Promote(ctx context.Context, version int64) error {
	return s.store.PromoteSecret(ctx, s.view.in.ID(), s.method.ID, s.environment.Environment, version)
}

// dropRejected stops lending the last token of a lost grant if a service reported
// that the provider refuses it: two witnesses suffice. Without such a report it
// is lent until it expires.
func (s *slot) dropRejected(ctx context.Context, in db.Tenant) error {
	grant, err := db.Get[grantRow](ctx, in, s.id)
	if err != nil || grant.TokenID == "" {
		return err
	}
	last, err := db.Get[tokenRow](ctx, in, grant.TokenID)
	if errors.Is(err, authmethods.NotFound) || err == nil && last.RejectedAt == 0 {
		return nil
	}
	if err == nil {
		_, err = db.UpdateIf[grantRow](ctx, in, s.id, []db.Set{db.To("access_token", nil)})
	}
	return err
}

package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
	"latchkey/tokens"
)

// slot is the place of one grant in the database. It is a [tokens.Slot].
type slot struct {
	store         *Store
	view          view
	id            authmethods.ID // of the connection and its grant
	method        authmethods.Method
	environment   authmethods.MethodEnvironment
	provider      *catalog.Provider
	organization  string
	clientVersion int64
}

var _ tokens.Slot = (*slot)(nil)

// Key implements [tokens.Slot].
func (s *slot) Key() string { return string(s.id) }

// Load implements [tokens.Slot].
func (s *slot) Load(ctx context.Context) (tokens.Grant, time.Time, error) {
	row, now, err := db.GetNow[grantRow](ctx, s.view.in, s.id)
	if err != nil {
		return tokens.Grant{}, now, err
	}
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
	g.ClientRejected = s.environment.Rejected
	if row.ClientVersion != 0 && row.ClientVersion != s.clientVersion {
		// The verdict was about a client that has been replaced since.
		g.FailureCode, g.Failures, g.RetryAt = "", 0, time.Time{}
	}
	return g, now, err
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

// Claim implements [tokens.Slot].
func (s *slot) Claim(ctx context.Context, epoch int64, a tokens.Attempt, lease time.Duration) (bool, error) {
	return db.UpdateIf[grantRow](ctx, s.view.in, s.id, []db.Set{
		db.To("epoch", epoch+1), db.To("lease_owner", s.store.Process), db.ToFromNow("lease_until", lease),
		db.To("attempt_id", a.ID), db.To("attempt_version", a.Version), db.To("attempt_token", a.Token),
		db.To("attempt_at", db.At(a.At)), db.To("attempt_retry", a.Retry),
	}, db.Eq("epoch", epoch), db.Lapsed("lease_until"))
}

// storedAnswer is how an answer is sealed.
type storedAnswer struct {
	Status      int
	ContentType string
	Body        string
	Truncated   bool
}

// Capture implements [tokens.Slot].
func (s *slot) Capture(ctx context.Context, c tokens.Capture) error {
	plain, err := json.Marshal(storedAnswer{c.Answer.Status, c.Answer.ContentType, c.Answer.Body.Reveal(), c.Answer.Truncated})
	if err != nil {
		return fmt.Errorf("tokens/store: encoding an answer: %w", err)
	}
	id := authmethods.ID(c.AttemptID)
	sealed, err := s.view.sealer.SealBytes(plain, place("captures", id, "answer"))
	if err != nil {
		return err
	}
	err = db.Insert(ctx, s.view.in, &captureRow{
		Owned: db.Owned{ID: id}, GrantID: s.id, Lineage: c.Lineage, Epoch: c.Epoch, Version: c.Version,
		SentAt: db.At(c.SentAt), Answer: sealed,
	})
	if errors.Is(err, db.ErrDuplicate) {
		return nil // an earlier try got through after all
	}
	return err
}

// maxCaptures bounds the answers that are looked through for a lost token. Those
// that hold none stay too, so it is more than a few.
const maxCaptures = 100

// Captured implements [tokens.Slot].
func (s *slot) Captured(ctx context.Context, lineage string) ([]tokens.Capture, error) {
	rows, err := db.Newest[captureRow](ctx, s.view.in, "created_at", maxCaptures,
		db.Eq("grant_id", s.id), db.Eq("lineage", lineage))
	if err != nil {
		return nil, err
	}
	captures := make([]tokens.Capture, 0, len(rows))
	for _, r := range rows {
		plain, err := s.view.sealer.OpenBytes(r.Answer, place("captures", r.ID, "answer"))
		var a storedAnswer
		if err == nil {
			err = json.Unmarshal(plain, &a)
		}
		if err != nil {
			return nil, unreadable(err)
		}
		captures = append(captures, tokens.Capture{
			AttemptID: string(r.ID), Lineage: r.Lineage, Epoch: r.Epoch, Version: r.Version, SentAt: r.SentAt.Time(),
			Answer: tokens.Answer{Status: a.Status, ContentType: a.ContentType, Body: secret.New(a.Body), Truncated: a.Truncated},
		})
	}
	return captures, nil
}

// Succeed implements [tokens.Slot].
func (s *slot) Succeed(ctx context.Context, r tokens.Success) (applied bool, err error) {
	sets, err := s.successSets(r)
	if err != nil {
		return false, err
	}
	err = db.Tx(ctx, s.view.in, func(in db.Tenant) error {
		applied, err = db.UpdateIf[grantRow](ctx, in, s.id, sets, db.Eq("epoch", r.Epoch))
		if err != nil || !applied {
			return err
		}
		row, err := db.Get[grantRow](ctx, in, s.id)
		if err != nil {
			return err
		}
		if err := db.Insert(ctx, in, newTokenRow(s.id, row.Version, r.Access)); err != nil {
			return err
		}
		_, err = db.DeleteIf[captureRow](ctx, in, db.Eq("id", r.AttemptID))
		return err
	})
	if err != nil || !applied || s.environment.Rejected == nil {
		return applied && err == nil, err
	}
	t, err := s.store.Methods.For(lending(s.view.in.ID()))
	if err != nil {
		return true, err
	}
	return true, t.AcceptClient(ctx, s.method.ID, s.environment.Environment, s.clientVersion)
}

func (s *slot) successSets(r tokens.Success) ([]db.Set, error) {
	sets, err := tokenSets(s.view.sealer, s.id, r.Access)
	if err != nil {
		return nil, err
	}
	sets = append(sets, db.Plus("version", 1))
	sets = append(sets, noAttempt()...)
	sets = append(sets, noFailure()...)
	if !r.RefreshToken.IsZero() {
		sealed, err := s.view.sealer.Seal(r.RefreshToken, place(grants, s.id, "refresh_token"))
		if err != nil {
			return nil, err
		}
		sets = append(sets, db.To("refresh_token", sealed))
	}
	if !r.RefreshExpiresAt.IsZero() {
		sets = append(sets, db.To("refresh_expires_at", db.At(r.RefreshExpiresAt)))
	}
	return sets, nil
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
		db.To("retry_at", db.At(b.RetryAt)), db.To("client_version", b.ClientVersion))
	if b.Broken != "" {
		sets = append(sets, db.To("broken_code", b.Broken), db.ToFromNow("broken_at", 0))
	}
	err = db.Tx(ctx, s.view.in, func(in db.Tenant) error {
		applied, err = db.UpdateIf[grantRow](ctx, in, s.id, sets, db.Eq("epoch", b.Epoch))
		if err != nil || !applied || b.Broken == "" {
			return err
		}
		if err := s.dropRejected(ctx, in); err != nil {
			return err
		}
		return db.Announce(ctx, in, string(feed.Connection), s.id)
	})
	if err != nil || !applied || b.ClientVersion == 0 {
		return applied && err == nil, err
	}
	t, err := s.store.Methods.For(lending(s.view.in.ID()))
	if err != nil {
		return true, err
	}
	return true, t.RejectClient(ctx, s.method.ID, s.environment.Environment, b.ClientVersion, b.Failure.Code, b.RetryAt)
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

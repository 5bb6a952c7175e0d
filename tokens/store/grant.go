package store

import (
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/seal"
	"latchkey/crypto/secret"
	"latchkey/tokens"
)

const grants = "grants"

// grant opens the row's secrets.
func (r *grantRow) grant(sealer *seal.Sealer) (tokens.Grant, error) {
	g := tokens.Grant{
		Lineage: r.Lineage, Epoch: r.Epoch, Version: r.Version,
		RefreshExpiresAt: r.RefreshExpiresAt.Time(), LeaseUntil: r.LeaseUntil.Time(),
		Failures: r.Failures, FailureCode: r.FailureCode, RetryAt: r.RetryAt.Time(), Broken: r.BrokenCode,
		LastLentAt: r.LastLentAt.Time(),
		Access: tokens.AccessToken{
			ID: r.TokenID, Type: r.TokenType, Scopes: r.Scopes.V,
			IssuedAt: r.IssuedAt.Time(), ExpiresAt: r.ExpiresAt.Time(),
		},
	}
	for _, at := range r.Sent.V {
		g.Quota.Sent = append(g.Quota.Sent, at.Time())
	}
	if r.AttemptID != "" {
		g.Attempt = &tokens.Attempt{
			ID: r.AttemptID, Version: r.AttemptVersion, Token: r.AttemptToken, At: r.AttemptAt.Time(), Retry: r.AttemptRetry,
		}
	}
	var err error
	if g.Access.Value, err = open(sealer, r.AccessToken, place(grants, r.ID, "access_token")); err == nil {
		g.RefreshToken, err = open(sealer, r.RefreshToken, place(grants, r.ID, "refresh_token"))
	}
	if err != nil {
		return g, unreadable(err)
	}
	g.Renewable = !g.RefreshToken.IsZero()
	return g, nil
}

func open(sealer *seal.Sealer, sealed []byte, at seal.Place) (secret.Text, error) {
	if len(sealed) == 0 {
		return secret.Text{}, nil
	}
	return sealer.Open(sealed, at)
}

// unreadable is the problem of a value that does not open. The row stays as it
// is: with the right key it can be read again.
func unreadable(err error) error {
	return &authmethods.Problem{
		Kind: authmethods.HumanNeeded, Code: authmethods.CodeKeyUnavailable,
		Detail: "A stored secret cannot be opened with the keys at hand.", Err: err,
	}
}

// tokenSets are the columns that a new access token changes.
func tokenSets(sealer *seal.Sealer, id authmethods.ID, t tokens.AccessToken, idle time.Duration) ([]db.Set, error) {
	sealed, err := sealer.Seal(t.Value, place(grants, id, "access_token"))
	if err != nil {
		return nil, err
	}
	return []db.Set{
		db.To("access_token", sealed), db.To("token_id", t.ID), db.To("token_type", t.Type),
		db.To("scopes", db.JSON[[]string]{V: t.Scopes}),
		db.To("issued_at", db.At(t.IssuedAt)), db.To("expires_at", db.At(t.ExpiresAt)),
		db.To("refresh_at", db.At(upkeepAt(&t, idle))),
	}, nil
}

// upkeepAt is when the upkeep of a grant is due that got t. A token that never
// expires needs no refresh, but its refresh token may expire if it is not used.
func upkeepAt(t *tokens.AccessToken, idle time.Duration) time.Time {
	if at := tokens.DefaultPolicy.RefreshAt(t); !at.IsZero() || idle <= 0 {
		return at
	}
	return t.IssuedAt.Add(idle / 2)
}

// sentTimes is Quota.Sent as it is stored.
func sentTimes(sent []time.Time) db.JSON[[]db.Time] {
	times := make([]db.Time, 0, len(sent))
	for _, at := range sent {
		times = append(times, db.At(at))
	}
	return db.JSON[[]db.Time]{V: times}
}

// noAttempt are the columns that end an attempt and its lease.
func noAttempt() []db.Set {
	return append(noLease(),
		db.To("attempt_id", ""), db.To("attempt_version", 0), db.To("attempt_token", ""),
		db.To("attempt_at", db.Time(0)), db.To("attempt_retry", false))
}

func noLease() []db.Set {
	return []db.Set{db.To("lease_owner", ""), db.To("lease_until", db.Time(0))}
}

// noFailure are the columns that a success clears.
func noFailure() []db.Set {
	return []db.Set{
		db.To("failures", 0), db.To("failure_code", ""), db.To("client_version", 0), db.To("failed_at", db.Time(0)),
		db.To("retry_at", db.Time(0)), db.To("broken_code", ""), db.To("broken_at", db.Time(0)),
	}
}

// insertToken keeps the public id of an access token, for rejections.
func newTokenRow(grant authmethods.ID, version int64, t tokens.AccessToken) *tokenRow {
	return &tokenRow{
		Owned: db.Owned{ID: t.ID}, GrantID: grant, Version: version,
		IssuedAt: db.At(t.IssuedAt), ExpiresAt: db.At(t.ExpiresAt),
	}
}

// lackingSince is since when services have no token, or will have none, because
// refreshes failed; zero: nothing failed, or the grant was given up on purpose. A grant
// that nobody borrows from is not refreshed, so what counts begins with the first
// failure; when that was is estimated by how many there were.
func (r *grantRow) lackingSince() time.Time {
	if r.Failures == 0 || r.BrokenCode == authmethods.CodeRevoked || r.FailedAt == 0 {
		return time.Time{}
	}
	since := r.FailedAt.Time()
	for n := 1; n < r.Failures; n++ {
		since = since.Add(-min(time.Second<<min(n, 10), 15*time.Minute))
		if n > 200 {
			break
		}
	}
	if end := r.ExpiresAt.Time(); len(r.AccessToken) > 0 && end.After(since) {
		return end
	}
	return since
}

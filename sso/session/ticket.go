package session

import (
	"context"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
)

// ticketLife is how long the platform has to exchange a ticket.
const ticketLife = time.Minute

var (
	issueTicket = db.Prepare(`INSERT INTO tickets (tenant_id, id, hash, session_id, sign_in_id, return_to, used_at, expires_at, created_at, updated_at)
		SELECT {tenant}, ?, ?, s.id, ?, ?, NULL, {now} + ?, {now}, {now}
		FROM sessions s WHERE s.tenant_id = {tenant} AND s.id = ? AND s.ended_at IS NULL AND s.expires_at > {now}`)
	useTicket = db.Prepare(`UPDATE tickets SET used_at = {now}, updated_at = {now}
		WHERE tickets.tenant_id = {tenant} AND hash = ? AND used_at IS NULL AND expires_at > {now}
		RETURNING session_id, sign_in_id, return_to`)
)

// IssueTicket returns a ticket that tells the platform, once and within a minute,
// whose session it is. signIn is the attempt that began the session and may be
// empty; returnTo is where the browser is sent with the ticket. A session that has
// ended is [authmethods.Missing].
func (s *Sessions) IssueTicket(ctx context.Context, c authmethods.Caller, session, signIn authmethods.ID, returnTo string) (secret.Text, error) {
	in, err := s.o.DB.For(c)
	if err != nil {
		return secret.Text{}, err
	}
	ticket := newSecret()
	n, err := db.Exec(ctx, in, issueTicket, token.NewID("tkt"), token.HashOf(ticket).Bytes(), signIn, returnTo, ticketLife.Microseconds(), session)
	switch {
	case err != nil:
		return secret.Text{}, err
	case n == 0:
		return secret.Text{}, authmethods.Missing()
	}
	return ticket, nil
}

// Redeemed is what a ticket told.
type Redeemed struct {
	Present
	SignIn   authmethods.ID // empty: no attempt was named
	ReturnTo string
}

// Redeem exchanges a ticket of the caller's tenant. One statement decides, so that
// of any number who try at once one gets it. A ticket that was used, is over, of
// another tenant or of somebody who is not signed in any more is
// [authmethods.Missing], like one that never was.
func (s *Sessions) Redeem(ctx context.Context, c authmethods.Caller, ticket secret.Text) (Redeemed, error) {
	in, err := s.o.DB.For(c)
	if err != nil {
		return Redeemed{}, err
	}
	var session authmethods.ID
	r := Redeemed{}
	err = db.QueryRow(ctx, in, useTicket, []any{token.HashOf(ticket).Bytes()}, &session, &r.SignIn, &r.ReturnTo)
	if err != nil {
		return Redeemed{}, err
	}
	p, err := s.one(ctx, in, presentByID, session)
	switch {
	case authmethods.KindOf(err) == authmethods.Unauthenticated:
		return Redeemed{}, authmethods.Missing()
	case err != nil:
		return Redeemed{}, err
	}
	r.Present = p
	return r, nil
}

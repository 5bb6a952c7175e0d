package db

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrNoNotices is returned where there are no notices; see [System.Notifies].
var ErrNoNotices = errors.New("db: this database has no notices")

// channel is where the notices of all processes on one database go. The notice
// of a change is empty; other payloads are those of [Signal].
const channel = "latchkey"

const (
	// quiet is how long a listening connection may be silent until it is asked
	// whether it is still there.
	quiet = 30 * time.Second
	// answerWithin is how long it may take to say so.
	answerWithin = 5 * time.Second
)

// Notifies reports whether processes notify each other: not on SQLite, where one
// serves and knows what it does itself, and not through a pooler, which does not
// pass on what a connection hears between transactions.
func (s System) Notifies() bool { return s.h.listen != nil }

// Signal sends payloads of up to 8,000 bytes, at least one byte each, to every
// process that listens, this one included. It is fast and not certain: it waits for
// no disk, and whoever does not listen at this moment never hears it.
func Signal(ctx context.Context, s System, payloads []string) error {
	if !s.Notifies() {
		return ErrNoNotices
	}
	// The setting is for this statement's own transaction only.
	_, err := s.h.runWrite.pool.Exec(ctx,
		"SELECT pg_notify('"+channel+"', p) FROM set_config('synchronous_commit', 'off', true), unnest($1::text[]) AS p", payloads)
	return fail("sending signals", err)
}

// Listen calls hear with each notice until ctx ends or the connection breaks, and
// returns why it ended. It takes a connection of its own beside the pool, and calls
// ready when it hears: notices from before are lost. A change that was announced is
// an empty payload, without saying which; the rest is from [Signal]. hear must not
// block.
func Listen(ctx context.Context, s System, ready func(), hear func(payload string)) error {
	if !s.Notifies() {
		return ErrNoNotices
	}
	conn, err := pgx.ConnectConfig(ctx, s.h.listen.Copy())
	if err != nil {
		return fail("connecting to listen", err)
	}
	defer closeSoon(ctx, conn)
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return fail("beginning to listen", err)
	}
	ready()
	for {
		payload, err := nextNotice(ctx, conn)
		if err != nil {
			return fail("listening", err)
		}
		hear(payload)
	}
}

// nextNotice waits for a notice. A server that is gone without a word would be
// waited for in vain, so it is asked now and then.
func nextNotice(ctx context.Context, conn *pgx.Conn) (string, error) {
	for {
		wait, cancel := context.WithTimeout(ctx, quiet)
		notice, err := conn.WaitForNotification(wait)
		cancel()
		if err == nil {
			return notice.Payload, nil
		}
		if ctx.Err() != nil || conn.IsClosed() || !errors.Is(err, context.DeadlineExceeded) {
			return "", err
		}
		ask, cancel := context.WithTimeout(ctx, answerWithin)
		err = conn.Ping(ask)
		cancel()
		if err != nil {
			return "", err
		}
	}
}

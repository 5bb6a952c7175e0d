package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/secret"
	"latchkey/tokens"
	"latchkey/tokens/lifeboat"
)

// storedAnswer is how an answer is sealed.
type storedAnswer struct {
	Status      int
	ContentType string
	Body        string
	Truncated   bool
}

func (s *slot) sealAnswer(c *tokens.Capture) ([]byte, error) {
	plain, err := json.Marshal(storedAnswer{c.Answer.Status, c.Answer.ContentType, c.Answer.Body.Reveal(), c.Answer.Truncated})
	if err != nil {
		return nil, fmt.Errorf("tokens/store: encoding an answer: %w", err)
	}
	return s.view.sealer.SealBytes(plain, place("captures", authmethods.ID(c.AttemptID), "answer"))
}

var insertCapture = db.Prepare(`INSERT INTO captures (tenant_id, id, grant_id, lineage, epoch, version, sent_at, answer, created_at, updated_at)
	VALUES ({tenant}, ?, ?, ?, ?, ?, ?, ?, {now}, {now})`)

// Capture implements [tokens.Slot].
func (s *slot) Capture(ctx context.Context, c tokens.Capture) error {
	sealed, err := s.sealAnswer(&c)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, s.view.in, insertCapture, c.AttemptID, s.id, c.Lineage, c.Epoch, c.Version, db.At(c.SentAt), sealed)
	if errors.Is(err, db.ErrDuplicate) {
		err = nil // an earlier try got through after all
	}
	if err == nil && s.store.Lifeboat != nil {
		// It may be there as well; what stays is only captured once more.
		err = s.store.Lifeboat.Land(c.AttemptID)
	}
	return err
}

// Stow implements [tokens.Slot].
func (s *slot) Stow(c tokens.Capture) error {
	if s.store.Lifeboat == nil {
		return errors.New("tokens/store: there is no lifeboat")
	}
	sealed, err := s.sealAnswer(&c)
	if err != nil {
		return err
	}
	return s.store.Lifeboat.Stow(lifeboat.Record{
		Tenant: string(s.view.in.ID()), Grant: string(s.id), Attempt: c.AttemptID, Lineage: c.Lineage,
		Epoch: c.Epoch, Version: c.Version, SentAt: c.SentAt, Answer: sealed,
	})
}

// Land brings the answers in the lifeboat into the database, and returns how many
// there were. Of a grant that is gone meanwhile they are dropped. resting are those
// that no refresh of this process can still be at.
func (s *Store) Land(ctx context.Context, resting func(lifeboat.Record) bool) (int, error) {
	landed := 0
	for _, r := range s.Lifeboat.Records() {
		if !resting(r) {
			continue
		}
		in, err := s.System.For(authmethods.TenantID(r.Tenant), "landing an answer from the lifeboat")
		if err != nil {
			return landed, err
		}
		_, err = db.Get[grantRow](ctx, in, authmethods.ID(r.Grant))
		if err == nil {
			_, err = db.Exec(ctx, in, insertCapture, r.Attempt, r.Grant, r.Lineage, r.Epoch, r.Version, db.At(r.SentAt), r.Answer)
		}
		if err != nil && !errors.Is(err, db.ErrDuplicate) && !errors.Is(err, authmethods.NotFound) {
			return landed, err
		}
		if err := s.Lifeboat.Land(r.Attempt); err != nil {
			return landed, err
		}
		landed++
	}
	return landed, nil
}

// aboard returns the answers in this process's lifeboat that belong to a lineage of
// the grant, and are not in the database yet.
func (s *slot) aboard(lineage string) (rows []captureRow) {
	if s.store.Lifeboat == nil {
		return nil
	}
	for _, r := range slices.Backward(s.store.Lifeboat.Records()) {
		if r.Grant == string(s.id) && r.Lineage == lineage && r.Tenant == string(s.view.in.ID()) {
			rows = append(rows, captureRow{
				Owned: db.Owned{ID: authmethods.ID(r.Attempt)}, GrantID: s.id, Lineage: r.Lineage,
				Epoch: r.Epoch, Version: r.Version, SentAt: db.At(r.SentAt), Answer: r.Answer,
			})
		}
	}
	return rows
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
	rows = append(s.aboard(lineage), rows...)
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

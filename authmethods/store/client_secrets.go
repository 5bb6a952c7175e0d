package store

import (
	"context"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/seal"
	"latchkey/crypto/secret"
)

// The columns of client secrets: the one that counts, and the one that is to follow it.
const (
	presentSecret = "client_secret"
	nextSecret    = "next_client_secret"
)

// clientSecrets are the client secrets of a method or of one of its environments, as
// they are stored.
type clientSecrets struct {
	table         string
	row           authmethods.ID
	present, next []byte // sealed; empty: none
}

func (r *methodRow) secrets() clientSecrets {
	return clientSecrets{r.TableName(), r.ID, r.ClientSecret, r.NextClientSecret}
}

func (r *environmentRow) secrets() clientSecrets {
	return clientSecrets{r.TableName(), r.ID, r.ClientSecret, r.NextClientSecret}
}

// secretsFor are those that count in an environment: one that has a secret of its own
// inherits neither from its method. own may be nil.
func secretsFor(m *methodRow, own *environmentRow) clientSecrets {
	if own != nil && len(own.ClientSecret) > 0 {
		return own.secrets()
	}
	return m.secrets()
}

// at is where the secret in a column is sealed.
func (s clientSecrets) at(column string) seal.Place {
	return seal.Place{Purpose: column, Table: s.table, Row: string(s.row), Column: column}
}

func secretInfo(sealed []byte, last4 string, setAt db.Time) authmethods.SecretInfo {
	return authmethods.SecretInfo{Set: len(sealed) > 0, Last4: last4, SetAt: setAt.Time()}
}

// sealedSecret is a client secret as it is stored. The zero value is none.
type sealedSecret struct {
	sealed []byte
	last4  string
	setAt  db.Time
}

// sealed seals a secret for a column; none stays none.
func (t *Tenant) sealed(ctx context.Context, in db.Tenant, of clientSecrets, column string, s secret.Text) (sealedSecret, error) {
	if s.IsZero() {
		return sealedSecret{}, nil
	}
	b, err := t.Vault.Seal(ctx, in, s, of.at(column))
	return sealedSecret{b, s.Last4(), db.At(time.Now())}, doing("sealing a client secret", err)
}

func presentAs(s sealedSecret) []db.Set {
	return []db.Set{db.To(presentSecret, s.sealed), db.To("secret_last4", s.last4), db.To("secret_set_at", s.setAt)}
}

func nextAs(s sealedSecret) []db.Set {
	return []db.Set{db.To(nextSecret, s.sealed), db.To("next_secret_last4", s.last4), db.To("next_secret_set_at", s.setAt)}
}

// secretEdit is what becomes of the client secrets of a method or of one of its
// environments.
type secretEdit struct {
	present, next      secret.Text // absent: it stays
	forget, forgetNext bool
}

// presentStays reports an edit that changes the next secret at most.
func (s *secretEdit) presentStays() bool { return s.present.IsZero() && !s.forget }

// nextStays reports an edit that leaves the next secret as it is.
func (s *secretEdit) nextStays() bool { return s.next.IsZero() && !s.forgetNext }

const (
	nothingToFollow = "There is no client secret here that this one could follow. Set client_secret instead."
	nothingNew      = "This is the client secret that is in use already."
	neverRefused    = "This mode lends the secret itself, so that no provider refuses it here. Set client_secret instead."
)

// settle decides what becomes of the next secret beside have, and returns what is wrong
// with it; "" if nothing is. One that becomes the present one waits no longer.
func (t *Tenant) settle(ctx context.Context, in db.Tenant, mode authmethods.Mode, have clientSecrets, s *secretEdit) (wrong string) {
	s.forget = s.forget && len(have.present) > 0
	s.forgetNext = (s.forgetNext || s.forget) && len(have.next) > 0 && s.next.IsZero()
	if s.next.IsZero() {
		// One that does not open is of no use beside a new one either.
		same, err := t.holds(ctx, in, have, nextSecret, s.present)
		s.forgetNext = s.forgetNext || same || err != nil && !s.present.IsZero()
		return ""
	}
	switch {
	case mode == authmethods.ModeStaticToken || mode == authmethods.ModeBasic:
		return neverRefused
	case s.forget, s.present.IsZero() && len(have.present) == 0:
		return nothingToFollow
	}
	same := s.present.Reveal() == s.next.Reveal()
	if s.present.IsZero() {
		same, _ = t.holds(ctx, in, have, presentSecret, s.next) // one that does not open is another one
	}
	if same {
		return nothingNew
	}
	return ""
}

// holds reports whether the secret in a column is s.
func (t *Tenant) holds(ctx context.Context, in db.Tenant, have clientSecrets, column string, s secret.Text) (bool, error) {
	sealed := have.present
	if column == nextSecret {
		sealed = have.next
	}
	if s.IsZero() || len(sealed) == 0 {
		return false, nil
	}
	stored, err := t.Vault.Open(ctx, in, sealed, have.at(column))
	return err == nil && stored.Reveal() == s.Reveal(), err
}

// secretSets are the columns that an edit changes.
func (t *Tenant) secretSets(ctx context.Context, in db.Tenant, of clientSecrets, s secretEdit) ([]db.Set, error) {
	present, err := t.sealed(ctx, in, of, presentSecret, s.present)
	if err != nil {
		return nil, err
	}
	next, err := t.sealed(ctx, in, of, nextSecret, s.next)
	if err != nil {
		return nil, err
	}
	var sets []db.Set
	if !s.presentStays() {
		sets = append(sets, presentAs(present)...)
	}
	if !s.nextStays() {
		sets = append(sets, nextAs(next)...)
	}
	return sets, nil
}

// noteSecrets notes for the audit log what an edit changes.
func noteSecrets(c authmethods.Changes, at string, s *secretEdit) {
	if !s.presentStays() {
		c.Secret(at + presentSecret)
	}
	if !s.nextStays() {
		c.Secret(at + nextSecret)
	}
}

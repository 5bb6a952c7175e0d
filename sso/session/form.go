package session

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"time"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
)

// proof binds a form to the secret of the browser that was given it.
func proof(s secret.Text, purpose string) []byte {
	mac := hmac.New(sha256.New, []byte(s.Reveal()))
	mac.Write([]byte("latchkey form\x00" + purpose))
	return mac.Sum(nil)
}

// formToken is the proof under a mask: pages are sent compressed.
func formToken(s secret.Text, purpose string) string { return token.Mask(proof(s, purpose)) }

func checkFormToken(s secret.Text, purpose, presented string) bool {
	return !s.IsZero() && hmac.Equal(proof(s, purpose), token.Unmask(presented))
}

// FormToken returns what a form of this session must send back. purpose names the
// form, so that a token for one is nothing for another. It ends with the
// session's secret, and looks different each time.
func (p Present) FormToken(purpose string) string { return formToken(p.secret, purpose) }

// CheckFormToken reports whether presented is the [Present.FormToken] of this
// session for the purpose.
func (p Present) CheckFormToken(purpose, presented string) bool {
	return checkFormToken(p.secret, purpose, presented)
}

// Visitor is a browser in which nobody is signed in, for the login form: without
// it anybody could have a browser sign in as somebody else.
type Visitor struct{ secret secret.Text }

// FormToken is [Present.FormToken] for a form that a visitor fills in.
func (v Visitor) FormToken(purpose string) string { return formToken(v.secret, purpose) }

// CheckFormToken is [Present.CheckFormToken] for a visitor. Nothing is right for
// the zero Visitor.
func (v Visitor) CheckFormToken(purpose, presented string) bool {
	return checkFormToken(v.secret, purpose, presented)
}

// visit is a Visitor as the browser holds it.
type visit struct {
	At     int64  `json:"at"` // Unix microseconds of the database
	Secret string `json:"s"`
}

// visitorLife is how long a login form may lie open.
const visitorLife = 12 * time.Hour

// NewVisitor returns a Visitor and the value of its [FormCookie].
func (s *Sessions) NewVisitor(ctx context.Context, tenant authmethods.TenantID) (Visitor, secret.Text, error) {
	set, err := s.keysOf(ctx, tenant)
	if err != nil {
		return Visitor{}, secret.Text{}, err
	}
	v := Visitor{newSecret()}
	value, err := s.sealWith(set, FormCookie, visit{set.now().UnixMicro(), v.secret.Reveal()})
	return v, secret.New(value), err
}

// FindVisitor returns the Visitor of a [FormCookie]. One that is older than 12
// hours, or not from here, is the same Problem with the code not_signed_in: make a
// new one.
func (s *Sessions) FindVisitor(ctx context.Context, tenant authmethods.TenantID, cookie string) (Visitor, error) {
	set, err := s.keysOf(ctx, tenant)
	if err != nil {
		return Visitor{}, err
	}
	var held visit
	if !s.open(set, FormCookie, cookie, &held) || !set.within(held.At, visitorLife) {
		return Visitor{}, notSignedIn()
	}
	return Visitor{secret.New(held.Secret)}, nil
}

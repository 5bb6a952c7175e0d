package session

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gorilla/securecookie"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
)

// Cookie says what a cookie is for.
type Cookie string

// The cookies. What was sealed for one is refused as another.
const (
	SessionCookie Cookie = "latchkey"        // who is signed in; [Sessions.Find]
	FormCookie    Cookie = "latchkey-form"   // a browser in which nobody is; [Sessions.FindVisitor]
	StateCookie   Cookie = "latchkey-signin" // a sign-in on its way; [Sessions.OpenState]
)

// CookieName returns the name under which browsers hold the cookie. Over TLS it
// has the prefix __Host-: no neighbouring host and no plain connection can set it.
func (s *Sessions) CookieName(c Cookie) string {
	if s.o.PublicURL.Secure() {
		return "__Host-" + string(c)
	}
	return string(c)
}

// maxCookie is the longest value of a cookie, in bytes: browsers need not keep
// longer ones (RFC 6265 section 6.1).
const maxCookie = 4096

// newCodec returns the codec of a cookie key. It minds no age: what has one says
// so itself, by the database's clock.
func newCodec(key []byte) *securecookie.SecureCookie {
	return securecookie.New(key[:hashKeySize], key[hashKeySize:]).
		SetSerializer(securecookie.JSONEncoder{}).MaxLength(maxCookie).MaxAge(0)
}

// seal returns the value of a cookie that holds v.
func (s *Sessions) seal(ctx context.Context, tenant authmethods.TenantID, c Cookie, v any) (string, error) {
	set, err := s.keysOf(ctx, tenant)
	if err != nil {
		return "", err
	}
	return s.sealWith(set, c, v)
}

func (s *Sessions) sealWith(set *keySet, c Cookie, v any) (string, error) {
	codec := set.sealing()
	if codec == nil {
		return "", fmt.Errorf("session: sealing a cookie: its key has just ended")
	}
	value, err := codec.Encode(s.CookieName(c), v)
	if err != nil {
		return "", fmt.Errorf("session: sealing a cookie: %w", err)
	}
	return value, nil
}

// open reads the value of a cookie into v, which must be a pointer, with whichever
// key it was sealed. It reports false for everything that was not sealed here.
func (s *Sessions) open(set *keySet, c Cookie, value string, v any) bool {
	if value == "" || len(value) > maxCookie {
		return false
	}
	name := s.CookieName(c)
	for _, key := range set.cookies {
		if key.codec.Decode(name, value, v) == nil {
			return true
		}
	}
	return false
}

// state is what a browser holds of a sign-in.
type state struct {
	At    int64           `json:"at"` // when it was sealed; Unix microseconds of the database
	Value json.RawMessage `json:"v"`
}

// SealState returns the value of the [StateCookie] that holds v, which must encode
// as JSON. Nobody but [Sessions.OpenState] can read or make it. A v that is too
// large for a cookie is refused.
func (s *Sessions) SealState(ctx context.Context, tenant authmethods.TenantID, v any) (string, error) {
	set, err := s.keysOf(ctx, tenant)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("session: encoding a state: %w", err)
	}
	return s.sealWith(set, StateCookie, state{set.now().UnixMicro(), text})
}

// OpenState reads a [StateCookie] into v, a pointer. What is older than maxAge, of
// another tenant or not from here at all is the same Problem with the code
// sign_in_out_of_date.
func (s *Sessions) OpenState(ctx context.Context, tenant authmethods.TenantID, cookie string, v any, maxAge time.Duration) error {
	set, err := s.keysOf(ctx, tenant)
	if err != nil {
		return err
	}
	var held state
	if !s.open(set, StateCookie, cookie, &held) || !set.within(held.At, maxAge) || json.Unmarshal(held.Value, v) != nil {
		return &authmethods.Problem{
			Kind: authmethods.Invalid, Code: authmethods.CodeSignInOutOfDate,
			Detail: "This sign-in is out of date, or was begun in another browser.",
		}
	}
	return nil
}

// within reports whether a moment, in Unix microseconds, is at most maxAge ago.
func (k *keySet) within(at int64, maxAge time.Duration) bool {
	return k.now().Sub(time.UnixMicro(at)) <= maxAge
}

// newSecret returns what a browser proves itself with: 256 random bits.
func newSecret() secret.Text { return token.Random(32) }

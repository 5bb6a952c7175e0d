// Package secret holds values that must not be printed: no verb, logger, encoder
// or template shows one, and only [Text.Reveal] gives it back.
package secret

import (
	"errors"
	"fmt"
	"log/slog"
)

// Text is a string that does not print. The value lies behind a pointer because
// fmt reads the unexported fields of a struct that holds a Text, and calls no
// method on them; what it finds there is an address.
//
// The zero Text is the absent secret.
type Text struct{ p *string }

// New returns s as a secret. The empty string is the absent secret.
func New(s string) Text {
	if s == "" {
		return Text{}
	}
	return Text{&s}
}

// Reveal returns the value. Every call is a place to review.
func (t Text) Reveal() string {
	if t.p == nil {
		return ""
	}
	return *t.p
}

// IsZero reports whether the secret is absent.
func (t Text) IsZero() bool { return t.p == nil }

// Last4 returns the last four characters of a secret that is long enough for
// them to give nothing away, and the empty string otherwise.
func (t Text) Last4() string {
	if s := t.Reveal(); len(s) >= 12 {
		return s[len(s)-4:]
	}
	return ""
}

const redacted = "[redacted]"

// Format implements [fmt.Formatter] for every verb.
func (t Text) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// LogValue implements [slog.LogValuer].
func (t Text) LogValue() slog.Value { return slog.StringValue(redacted) }

var errEncode = errors.New("secret: refusing to encode")

// MarshalJSON refuses: a secret in a response is a bug, not an asterisk.
func (t Text) MarshalJSON() ([]byte, error) { return nil, errEncode }

// MarshalText refuses, for the encoders that ask for text: map keys, XML, YAML.
// There is no way in either: secrets are never decoded, they are made by [New].
func (t Text) MarshalText() ([]byte, error) { return nil, errEncode }

// GobEncode implements [encoding/gob.GobEncoder] and refuses.
func (t Text) GobEncode() ([]byte, error) { return nil, errEncode }

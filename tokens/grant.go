package tokens

import (
	"time"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
)

// Grant is what a consent yielded (RFC 6749 section 1.3) and what has become of
// it since.
type Grant struct {
	// Lineage names the consent that the grant comes from. Answers of an older
	// lineage never touch a newer grant.
	Lineage string
	// Epoch is the fence: every claim and every consent raises it, and an answer
	// applies only to the epoch that asked for it.
	Epoch int64
	// Version counts the answers applied: the generation of the tokens.
	Version int64
	// Renewable says that there is something to get a new access token with: a
	// refresh token, or client credentials.
	Renewable        bool
	RefreshToken     secret.Text
	RefreshExpiresAt time.Time // zero: never, or unknown
	Access           AccessToken

	LeaseUntil time.Time // somebody has the right to refresh until then
	Quota      Quota
	LastLentAt time.Time // zero: never; some seconds behind
	// Attempt is a request that was sent, or was about to be, and whose answer is
	// not applied yet.
	Attempt *Attempt

	Failures    int              // in a row
	FailureCode authmethods.Code // of the last one; empty after a success
	RetryAt     time.Time        // not before this
	// Broken says that only a person can bring the grant back: grant_lost,
	// response_lost, lost_since_backup or revoked.
	Broken authmethods.Code
	// BackupAt is when the backup was made that a grant with lost_since_backup came
	// back with.
	BackupAt time.Time
	// ClientRejected is set while the provider refuses the client itself; it is a
	// fault of the method, shared by its grants.
	ClientRejected *authmethods.Rejection
}

// AccessToken is one generation of an access token. The zero AccessToken is none.
type AccessToken struct {
	ID        authmethods.ID // public, for logs and rejections
	Value     secret.Text
	Type      string // token_type as the provider said it (RFC 6749 section 7.1)
	Scopes    []string
	IssuedAt  time.Time
	ExpiresAt time.Time // zero: never
}

// Usable reports whether the token can be lent at now with margin of life left.
func (t AccessToken) Usable(now time.Time, margin time.Duration) bool {
	return !t.Value.IsZero() && (t.ExpiresAt.IsZero() || t.ExpiresAt.Sub(now) > margin)
}

// Attempt is the intent to send one token request, durable before the request
// leaves.
type Attempt struct {
	ID      string
	Version int64  // of the grant, whose token is sent
	Token   string // fingerprint of the refresh token sent
	At      time.Time
	Sent    []time.Time // the grant's Quota.Sent with this attempt
	// Retry marks the sending of a refresh token once more because the answer to the
	// last one was lost. There is one for each lost answer, at once, because providers
	// tolerate it for seconds only.
	Retry bool
}

// State is the state of a connection in the words that everything uses.
type State string

// The states.
const (
	Disabled          State = "disabled"
	AwaitingConsent   State = "awaiting_consent"
	Active            State = "active"
	Degraded          State = "degraded"
	Throttled         State = "throttled"
	ReconnectRequired State = "reconnect_required"
	Revoked           State = "revoked"
)

// State returns the grant's state at now, for an enabled method.
func (g *Grant) State(now time.Time) State {
	switch {
	case g.Broken == authmethods.CodeRevoked:
		return Revoked
	case g.Broken != "":
		return ReconnectRequired
	case !g.Renewable && g.Access.Value.IsZero():
		return AwaitingConsent
	case g.FailureCode == authmethods.CodeProviderThrottled && now.Before(g.RetryAt):
		return Throttled
	case g.Failures > 0 || g.ClientRejected != nil:
		return Degraded
	}
	return Active
}

// lost reports whether the grant was given up by the provider's word, which
// tokens that are found after all disprove.
func (g *Grant) lost() bool {
	return g.Broken != "" && g.Broken != authmethods.CodeRevoked
}

// Reason returns the code that explains a state other than active; empty for
// active.
func (g *Grant) Reason() authmethods.Code {
	switch {
	case g.Broken != "":
		return g.Broken
	case g.ClientRejected != nil:
		return g.ClientRejected.Code
	}
	return g.FailureCode
}

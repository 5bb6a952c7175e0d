package tokens

import (
	"context"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
)

// Slot is the place where one grant is stored. It is already bound to its
// tenant, so the engine knows of none and cannot mix them. Each write is durable
// when it returns, and is one short transaction.
type Slot interface {
	// Key is the same for two Slots exactly if they are the same place.
	Key() string
	// Errand describes the requests that are made for this grant, without a look at
	// the storage. Demanded is the engine's to set.
	Errand() Errand
	// Load returns the grant and the time by the storage's clock, the only clock
	// that replicas share. The engine reads no other.
	Load(context.Context) (Grant, time.Time, error)
	// Registration returns what a request to the provider needs.
	Registration(context.Context) (Registration, error)
	// Claim takes the lease and records the intent in one write, and raises the
	// epoch, if the epoch is still the given one and no lease holds by the
	// storage's clock. It is also the proof that the storage can be written to
	// before a token is spent.
	Claim(ctx context.Context, epoch int64, a Attempt, lease time.Duration) (bool, error)
	// Capture stores a provider's answer before anybody reads it.
	Capture(ctx context.Context, c Capture) error
	// Stow keeps an answer in this machine's lifeboat, durably and without the
	// storage, until it can be captured.
	Stow(c Capture) error
	// Captured returns the answers of this lineage that were never applied, the
	// newest first.
	Captured(ctx context.Context, lineage string) ([]Capture, error)
	// Succeed applies new tokens and ends the attempt, if the epoch is still the
	// given one.
	Succeed(context.Context, Success) (bool, error)
	// SetBack records a failure and ends or keeps the attempt, if the epoch is
	// still the given one.
	SetBack(context.Context, Setback) (bool, error)
	// Promote makes the client's next secret its present one, because the provider
	// took it, if the client is still of this version.
	Promote(ctx context.Context, version int64) error
}

// Registration is a client at a provider.
type Registration struct {
	Provider catalog.Provider
	Client   authmethods.Client
	Mode     authmethods.Mode
	Scopes   []string // to ask for where the grant type needs them
	// Organization is the provider's number of the organisation, for grant types
	// that must name it.
	Organization string
}

// Capture is a provider's answer as it came.
type Capture struct {
	AttemptID string
	Lineage   string
	Epoch     int64
	Version   int64 // of the grant when the request was sent
	SentAt    time.Time
	Answer    Answer
}

// Success is what applying an answer changes.
type Success struct {
	Epoch            int64
	AttemptID        string // of the capture that it comes from
	Access           AccessToken
	RefreshToken     secret.Text // absent: the stored one stays
	RefreshExpiresAt time.Time   // zero: as stored
}

// Setback is what a failure changes.
type Setback struct {
	Epoch   int64
	Failure Failure
	RetryAt time.Time
	// Uncertain keeps the attempt on record, because its answer may exist.
	Uncertain bool
	// Broken is set when only a person can bring the grant back.
	Broken authmethods.Code
	// ClientVersion is the version of the client that was refused, for a verdict
	// about the client; zero otherwise.
	ClientVersion int64
}

// Request is one token request.
type Request struct {
	Registration
	RefreshToken secret.Text // absent: client credentials
	// NotAfter is the moment after which nothing may be sent any more, because the
	// lease might lapse under it. Its monotonic reading counts.
	NotAfter time.Time
}

// Upstream sends token requests to providers.
type Upstream interface {
	// Send makes exactly one request and returns the answer, whatever its status.
	// When there is none it returns a *Failure that says whether the request may
	// have taken effect. It never retries and follows no redirect.
	Send(context.Context, Request) (Answer, error)
}

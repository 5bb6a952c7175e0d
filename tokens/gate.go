package tokens

import (
	"context"

	"latchkey/authmethods/catalog"
)

// Errand is a token request that wants to leave: who pays for it and where it
// goes.
type Errand struct {
	Party  string // whose turn it takes in the queue; the tenant, whom the engine does not know
	Grant  string // the key of its slot
	Host   string // of the token endpoint
	Client string // the client ID there
	Limits catalog.Limits
	// Demanded is closed as soon as somebody waits for the answer; until then the
	// errand lets all others pass.
	Demanded <-chan struct{}
}

// Departure is what became of an errand that was let through.
type Departure struct {
	Sent    bool
	Failure *Failure // nil: it succeeded, or was not sent
}

// Gate decides when token requests may leave: within the budgets of clients and
// hosts, not towards a provider that does not answer, and no tenant before its
// turn.
type Gate interface {
	// Enter waits for the errand's turn. The errand is let through until leave is
	// called, which must happen. A *authmethods.Problem of the kind Unavailable says
	// when to come back; nothing was sent then.
	Enter(ctx context.Context, e Errand) (leave func(Departure), err error)
}

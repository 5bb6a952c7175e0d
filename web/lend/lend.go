package lend

import (
	"log/slog"
	"net/http"
	"regexp"
	"sync"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/tokens"
	"latchkey/tokens/consent"
	"latchkey/web/route"
	"latchkey/web/strict"
)

// Handlers answer the internal API.
type Handlers struct {
	Lender   *tokens.Lender
	Services *store.Authenticator
	Tenants  *store.Tenants
	Consents *consent.Service
	// Guess looks up a key that is presented in the body, unless too much that came from
	// its address was wrong.
	Guess func(c *route.Call, key string, lookUp func() error) error
	// Lent and Rejected count.
	Lent     func(tokens.Source)
	Rejected func(tokens.Outcome)
	// Log has the faults that hide behind an answer that is good as a whole.
	Log *slog.Logger
}

// Bounds of what a request may hold; api.yaml repeats them.
const (
	maxRef     = 64
	maxSubject = 200
	maxPurpose = 200
	maxScope   = 512
	maxScopes  = 200
	maxMinTTL  = 24 * 60 * 60
)

// wish is what is asked for.
type wish struct {
	tokens.LoanRequest
	held authmethods.ID // the token that the service has, which need not be told again
}

// readWish reads a wish. Whether it is well formed is known when the whole body is.
func readWish(body *strict.Object) wish {
	body.Require("method")
	w := wish{
		LoanRequest: tokens.LoanRequest{
			Tenant:      body.Line("tenant", maxRef),
			Method:      body.Line("method", maxRef),
			Environment: strict.Choice(body, "environment", authmethods.Environments[:]...),
			Subject:     body.Line("subject", maxSubject),
			MinTTL:      time.Duration(body.Int("min_ttl_seconds", 0, maxMinTTL)) * time.Second,
			Scopes:      body.Texts("scopes", maxScopes, maxScope),
			Purpose:     body.Line("purpose", maxPurpose),
		},
		held: authmethods.ID(body.Line("if_token_id", maxRef)),
	}
	if body.Has("if_token_id") && !heldID.MatchString(string(w.held)) {
		body.Fault("if_token_id", "This is the id of a token, which begins with tok_.")
	}
	return w
}

// heldID is wider than what ids look like today: an id that is not ours any more
// only means that the token is told.
var heldID = regexp.MustCompile(`^tok_[0-9A-Za-z_]{1,60}$`)

// Token lends an access token.
func (h *Handlers) Token(c *route.Call) error {
	body, err := strict.Decode(c.Request())
	if err != nil {
		return err
	}
	w := readWish(body)
	if err := body.Err(); err != nil {
		return err
	}
	loan, err := h.lend(c, &c.Service, w.LoanRequest)
	if err != nil {
		return err
	}
	room := answers.Get().(*[answerRoom]byte)
	defer func() {
		clear(room[:]) // it held a token
		answers.Put(room)
	}()
	return c.ReplyBytes(http.StatusOK, append(appendAnswer(room[:0], &loan, w.held), '\n'))
}

// answers has room for answers, nearly all of which it suffices for: what is
// written is copied.
var answers = sync.Pool{New: func() any { return new([answerRoom]byte) }}

const answerRoom = 1024

func (h *Handlers) lend(c *route.Call, service *authmethods.Service, r tokens.LoanRequest) (tokens.Loan, error) {
	loan, err := h.Lender.Lend(c.Request().Context(), service, r)
	if err != nil {
		return loan, err
	}
	h.noted(c, &loan)
	return loan, nil
}

func (h *Handlers) noted(c *route.Call, loan *tokens.Loan) {
	c.Note("tenant", loan.Tenant)
	c.Note("token", string(loan.TokenID))
	c.Note("source", string(loan.Source))
	h.Lent(loan.Source)
}

// tokenID is what names a token: a ULID, or the fingerprint of a fixed one.
var tokenID = regexp.MustCompile(`^tok_[0-9A-Za-z]{1,32}$`)

// Reject takes the report that a provider refused a token.
func (h *Handlers) Reject(c *route.Call) error {
	id := c.Param("token_id")
	body, err := strict.Decode(c.Request())
	if err != nil {
		return err
	}
	body.Require("status")
	r := tokens.Rejection{Status: int(body.Int("status", 100, 599)), Code: body.Line("code", maxRef)}
	if err := body.Err(); err != nil {
		return err
	}
	if !tokenID.MatchString(id) {
		return authmethods.Missing()
	}
	verdict, loan, err := h.Lender.Reject(c.Request().Context(), &c.Service, authmethods.ID(id), r)
	if err != nil {
		return err
	}
	h.Rejected(verdict)
	c.Note("verdict", string(verdict))
	if loan.TokenID != "" {
		h.noted(c, &loan)
	}
	return c.ReplyBytes(http.StatusOK, appendRejection(nil, verdict, &loan))
}

package lend

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"latchkey/authmethods"
	"latchkey/tokens"
	"latchkey/web/httperr"
	"latchkey/web/route"
	"latchkey/web/strict"
)

// maxBatch bounds the loans of one call; api.yaml repeats it.
const maxBatch = 100

// atOnce bounds how many loans of one call may wait for storage and providers, so
// that a batch does not starve other callers.
const atOnce = 16

// result is what became of one wish.
type result struct {
	loan tokens.Loan
	held authmethods.ID
	err  error
}

// Batch lends many access tokens. The request is accepted or refused as a whole;
// after that each loan succeeds or fails by itself.
func (h *Handlers) Batch(c *route.Call) error {
	wishes, err := readBatch(c.Request())
	if err != nil {
		return err
	}
	results := h.lendAll(c, wishes)
	b := append(make([]byte, 0, 1024*len(results)), `{"results":[`...)
	for i := range results {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendResult(b, i, &results[i], c.RequestID); err != nil {
			return fmt.Errorf("lend: encoding a batch: %w", err)
		}
	}
	return c.ReplyBytes(http.StatusOK, append(b, "]}\n"...))
}

func readBatch(r *http.Request) ([]wish, error) {
	body, err := strict.Decode(r)
	if err != nil {
		return nil, err
	}
	body.Require("loans")
	var wishes []wish
	for _, each := range body.Objects("loans", maxBatch) {
		wishes = append(wishes, readWish(each))
	}
	if err := body.Err(); err != nil {
		return nil, err
	}
	if len(wishes) == 0 {
		return nil, authmethods.InvalidField("/loans", "There is at least one of these.")
	}
	return wishes, nil
}

// patience is what all loans of a batch share.
const patience = 25 * time.Second

// lendAll returns the results in the order of the wishes.
func (h *Handlers) lendAll(c *route.Call, wishes []wish) []result {
	ctx, cancel := context.WithTimeout(c.Request().Context(), patience)
	defer cancel()
	results := make([]result, len(wishes))
	var g errgroup.Group
	g.SetLimit(atOnce)
	for i := range wishes {
		g.Go(func() error {
			results[i] = h.lendOne(ctx, &c.Service, &wishes[i])
			return nil // another's failure is nothing to the others
		})
	}
	_ = g.Wait()
	for i := range results {
		err := results[i].err
		if err == nil {
			h.Lent(results[i].loan.Source)
			continue
		}
		c.Refused = append(c.Refused, err)
		if httperr.Of(err).Kind == authmethods.Internal {
			h.Log.ErrorContext(ctx, "a loan of a batch", "request_id", c.RequestID, "item", i, "error", err.Error())
		}
	}
	c.Note("loans", strconv.Itoa(len(results)-len(c.Refused)))
	c.Note("refused", strconv.Itoa(len(c.Refused)))
	return results
}

// lendOne keeps a panic to itself: it is not on the goroutine of the request, where
// one would be caught.
func (h *Handlers) lendOne(ctx context.Context, service *authmethods.Service, w *wish) (r result) {
	r.held = w.held
	defer func() {
		if p := recover(); p != nil {
			r.err = fmt.Errorf("lend: panic: %v\n%s", p, debug.Stack())
		}
	}()
	r.loan, r.err = h.Lender.Lend(ctx, service, w.LoanRequest)
	return r
}

// appendResult appends what became of the wish with the given index.
func appendResult(b []byte, i int, r *result, requestID string) ([]byte, error) {
	if r.err == nil {
		b = appendAnswer(append(b, `{"loan":`...), &r.loan, r.held)
		return append(b, '}'), nil
	}
	p := *httperr.Of(r.err)
	p.Fields = slices.Clone(p.Fields)
	for f := range p.Fields { // pointers lead into the body as a whole
		p.Fields[f].Pointer = "/loans/" + strconv.Itoa(i) + p.Fields[f].Pointer
	}
	b, err := httperr.AppendJSON(append(b, `{"problem":`...), &p, requestID)
	return append(b, '}'), err
}

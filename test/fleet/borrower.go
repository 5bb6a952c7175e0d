package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"latchkey/test/judge"
	"latchkey/zohosim"
)

// Log is what borrowers were answered, in the order of the answers.
type Log struct {
	mu   sync.Mutex
	list []judge.Loan
}

func (l *Log) add(loan judge.Loan) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, loan)
}

// All returns the log so far.
func (l *Log) All() []judge.Loan {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]judge.Loan(nil), l.list...)
}

// WriteTo writes the log as JSON lines.
func (l *Log) WriteTo(w io.Writer) (int64, error) {
	var b bytes.Buffer
	lines := json.NewEncoder(&b)
	for _, loan := range l.All() {
		if err := lines.Encode(loan); err != nil {
			return 0, err
		}
	}
	return b.WriteTo(w)
}

// Borrower is a client that borrows tokens and logs what it is answered.
type Borrower struct {
	Name   string
	Tenant *Tenant // whose service it is; its key is used
	// Patience bounds one request; 0 is a minute.
	Patience time.Duration

	log    *Log
	client *http.Client
}

// Borrower makes a borrower of the tenant's service. One that a test uses for a
// moment is to be closed, or a server has its connection until it ends.
func (w *World) Borrower(t *Tenant, name string) *Borrower {
	return &Borrower{Name: name, Tenant: t, log: w.Loans, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}}}
}

// Close gives the connections up that no request uses. The borrower can still ask.
func (b *Borrower) Close() { b.client.CloseIdleConnections() }

// Wish is what is asked for beyond the connection. The zero Wish is nothing more.
type Wish struct {
	MinTTL  time.Duration
	Purpose string
}

// answer is a loan or a problem on the wire.
type answer struct {
	AccessToken string    `json:"access_token"`
	TokenID     string    `json:"token_id"`
	ExpiresAt   time.Time `json:"expires_at"`
	State       string    `json:"state"`
	Source      string    `json:"source"`
	Tenant      string    `json:"tenant"`
	Connection  string    `json:"connection"`
	Code        string    `json:"code"`
	Reason      string    `json:"reason"`

	Verdict string  `json:"verdict"`
	Token   *answer `json:"token"`
}

// Lend borrows a token of the connection from the process once. It always returns
// a line of the log; one without an answer has status 0.
func (b *Borrower) Lend(ctx context.Context, p *Process, c *Connection, w Wish) judge.Loan {
	body := map[string]any{"tenant": c.Of.Slug, "method": c.Of.Method, "environment": "production", "subject": c.Subject}
	if w.MinTTL > 0 {
		body["min_ttl_seconds"] = int(w.MinTTL / time.Second)
	}
	if w.Purpose != "" {
		body["purpose"] = w.Purpose
	}
	loan, _ := b.ask(ctx, p, c, "/internal/v1/tokens", body)
	return loan
}

// Reject reports that the provider refused a token with 401. It returns the
// verdict, and a line of the log if a token came with it.
func (b *Borrower) Reject(ctx context.Context, p *Process, c *Connection, tokenID string) (verdict string, loan judge.Loan) {
	loan, a := b.ask(ctx, p, c, "/internal/v1/tokens/"+tokenID+"/rejections", map[string]any{"status": 401, "code": "INVALID_OAUTH"})
	return a.Verdict, loan
}

// ask makes a request that may be answered with a token, and logs it.
func (b *Borrower) ask(ctx context.Context, p *Process, c *Connection, path string, body map[string]any) (judge.Loan, answer) {
	patience := b.Patience
	if patience == 0 {
		patience = time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	loan := judge.Loan{
		Borrower: b.Name, Process: p.Name, Tenant: c.Of.Slug, Connection: c.ID, Service: b.Tenant.Service, Asked: time.Now().Round(0),
	}
	a := b.exchange(ctx, p.Internal()+path, body, &loan)
	loan.Answered = time.Now().Round(0)
	b.log.add(loan)
	return loan, a
}

func (b *Borrower) exchange(ctx context.Context, address string, body map[string]any, loan *judge.Loan) (a answer) {
	text, err := json.Marshal(body)
	if err != nil {
		loan.Error = err.Error()
		return a
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(text))
	if err != nil {
		loan.Error = err.Error()
		return a
	}
	r.Header.Set("Authorization", "Bearer "+b.Tenant.Key)
	r.Header.Set("Content-Type", "application/json")
	r.GetBody = nil // the transport must not repeat what may have been answered
	resp, err := b.client.Do(r)
	if err != nil {
		loan.Error = err.Error()
		return a
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err == nil {
		err = json.Unmarshal(content, &a)
	}
	if err != nil {
		loan.Error = err.Error() // half an answer is none
		return a
	}
	loan.Status, loan.Code, loan.Reason, loan.RetryAfter = resp.StatusCode, a.Code, a.Reason, resp.Header.Get("Retry-After")
	held := &a
	if a.Token != nil {
		held = a.Token
	}
	loan.TokenID, loan.ExpiresAt, loan.State, loan.Source = held.TokenID, held.ExpiresAt, held.State, held.Source
	if held.AccessToken != "" {
		loan.Fingerprint, loan.AnsweredTenant, loan.AnsweredConnection = zohosim.Fingerprint(held.AccessToken), held.Tenant, held.Connection
	}
	return a
}

// Loop borrows tokens until ctx ends: next says from whom and of what, and each
// request follows the answer to the one before after a pause.
func (b *Borrower) Loop(ctx context.Context, pause time.Duration, next func() (*Process, *Connection)) {
	tick := time.NewTimer(pause)
	defer tick.Stop()
	for ctx.Err() == nil {
		p, c := next()
		b.Lend(context.WithoutCancel(ctx), p, c, Wish{})
		tick.Reset(pause)
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// Insist borrows from the process until it is lent a token, only a person can help
// (409), or patience ends, and returns the last line of the log. It heeds
// Retry-After as far as a second.
func (b *Borrower) Insist(ctx context.Context, p *Process, c *Connection, patience time.Duration) judge.Loan {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		loan := b.Lend(ctx, p, c, Wish{})
		if loan.OK() || loan.Status == http.StatusConflict || ctx.Err() != nil {
			return loan
		}
		wait := 50 * time.Millisecond
		if loan.RetryAfter != "" && !strings.HasPrefix(loan.RetryAfter, "0") {
			wait = time.Second
		}
		select {
		case <-ctx.Done():
			return loan
		case <-time.After(wait):
		}
	}
}

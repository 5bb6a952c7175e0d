package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"
)

// event is one request to the token endpoint, as a test sees it afterwards.
type event struct {
	Time          time.Time `json:"time"`
	Finished      time.Time `json:"finished"`
	GrantType     string    `json:"grant_type"`
	ClientAuth    string    `json:"client_auth"`             // client_secret_basic, client_secret_post or none
	Grant         string    `json:"grant,omitempty"`         // id of the grant the refresh token belongs to
	RefreshToken  string    `json:"refresh_token,omitempty"` // fingerprint of the one presented
	Issued        string    `json:"issued,omitempty"`        // fingerprint of the one given out
	Status        int       `json:"status"`
	Outcome       string    `json:"outcome"`         // "ok" or the error code
	InFlight      int       `json:"in_flight"`       // token requests open at its arrival, itself included
	GrantInFlight int       `json:"grant_in_flight"` // the same, counting only refreshes of its grant
}

// journal watches the token endpoint.
type journal struct {
	store *storage

	mu     sync.Mutex
	events []event
	open   []*event
}

// watch serves with next and records what happened. The answer is held back
// until it is recorded, so that whoever has the answer also finds the record,
// and so that a request made after it never counts as overlapping.
func (j *journal) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := &heldAnswer{header: w.Header(), status: http.StatusOK}
		current := j.begin(r)
		defer func() { // also when the library panics
			j.finish(current, answer)
			answer.release(w)
		}()
		next.ServeHTTP(answer, r)
	})
}

func (j *journal) begin(r *http.Request) *event {
	token := r.PostFormValue("refresh_token")
	current := &event{
		Time:         time.Now(),
		GrantType:    r.PostFormValue("grant_type"),
		ClientAuth:   clientAuth(r),
		Grant:        j.store.grantID(token),
		RefreshToken: fingerprint(token),
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.open = append(j.open, current)
	current.InFlight = len(j.open)
	for _, other := range j.open {
		if current.Grant != "" && other.Grant == current.Grant {
			current.GrantInFlight++
		}
	}
	return current
}

func (j *journal) finish(current *event, answer *heldAnswer) {
	var body struct {
		Error        string `json:"error"`
		RefreshToken string `json:"refresh_token"`
	}
	if err := json.Unmarshal(answer.body.Bytes(), &body); err != nil {
		body.Error = "no JSON answer"
	}
	current.Finished = time.Now()
	current.Status = answer.status
	current.Issued = fingerprint(body.RefreshToken)
	current.Outcome = body.Error
	if body.Error == "" {
		current.Outcome = "ok"
	}
	if current.Grant == "" {
		current.Grant = j.store.grantID(body.RefreshToken)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.open = slices.DeleteFunc(j.open, func(e *event) bool { return e == current })
	j.events = append(j.events, *current)
}

func (j *journal) all() []event {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]event{}, j.events...)
}

func clientAuth(r *http.Request) string {
	if _, _, ok := r.BasicAuth(); ok {
		return "client_secret_basic"
	}
	if r.PostFormValue("client_secret") != "" {
		return "client_secret_post"
	}
	return "none"
}

// fingerprint tells tokens apart without showing them.
func fingerprint(token string) string {
	if token == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:6])
}

// heldAnswer is a response kept until it may go out.
type heldAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (h *heldAnswer) Header() http.Header         { return h.header }
func (h *heldAnswer) WriteHeader(status int)      { h.status = status }
func (h *heldAnswer) Write(p []byte) (int, error) { return h.body.Write(p) }

func (h *heldAnswer) release(w http.ResponseWriter) {
	w.WriteHeader(h.status)
	_, _ = w.Write(h.body.Bytes())
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

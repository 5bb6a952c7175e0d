package httperr

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"latchkey/authmethods"
	"latchkey/web/page"
	"latchkey/web/route"
	"latchkey/web/words"
)

// body is a problem on the wire (RFC 9457).
type body struct {
	Type       string                   `json:"type"`
	Title      string                   `json:"title"`
	Status     int                      `json:"status"`
	Detail     string                   `json:"detail,omitempty"`
	Code       authmethods.Code         `json:"code"`
	Reason     authmethods.Code         `json:"reason,omitempty"`
	Diagnosis  string                   `json:"diagnosis,omitempty"`
	Retryable  bool                     `json:"retryable"`
	NextAction string                   `json:"next_action"`
	RequestID  string                   `json:"request_id,omitempty"`
	Errors     []authmethods.FieldError `json:"errors,omitempty"`
	Related    []string                 `json:"related,omitempty"`
}

// transport explains the codes that only HTTP knows.
var transport = map[authmethods.Code]authmethods.Diagnosis{
	CodeTooLarge:         {Title: "The request is too large", NextAction: "fix_request", Who: "you"},
	CodeMethodNotAllowed: {Title: "This method is not allowed here", NextAction: "fix_request", Who: "you"},
	CodeUnknownHost:      {Title: "This host is not known here", NextAction: "check_name", Who: "you"},
	CodeBrowserRefused:   {Title: "Browsers are refused here", NextAction: "fix_request", Who: "you"},
	CodeCrossOrigin:      {Title: "Another site sent this request", NextAction: "fix_request", Who: "you"},
}

// explain returns the most exact diagnosis of a problem.
func explain(p *authmethods.Problem) authmethods.Diagnosis {
	if d := authmethods.Diagnose(p.Reason); p.Reason != "" && d.Code == p.Reason {
		return d
	}
	if d, ok := transport[p.Code]; ok {
		d.Code = p.Code
		return d
	}
	return authmethods.Diagnose(p.Code)
}

// usualWait is what a caller is told to wait when nobody knows how long.
const usualWait = 5 * time.Second

// retryable reports whether the same request may succeed later.
func retryable(p *authmethods.Problem) bool {
	return p.Kind == authmethods.Unavailable || p.Kind == authmethods.Exhausted
}

// headers sets those that belong to a problem.
func headers(w http.ResponseWriter, p *authmethods.Problem) {
	if retryable(p) {
		SetRetryAfter(w, p)
	}
	if p.Kind == authmethods.Unauthenticated {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
}

// SetRetryAfter says in whole seconds when to try again.
func SetRetryAfter(w http.ResponseWriter, p *authmethods.Problem) {
	wait := cmp.Or(p.RetryAfter, usualWait)
	w.Header().Set("Retry-After", strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10))
}

// AppendJSON appends the problem as a JSON object, as it stands in an answer of its
// own or beside others, in English.
func AppendJSON(b []byte, p *authmethods.Problem, requestID string) ([]byte, error) {
	return appendJSON(b, words.Words{}, p, requestID)
}

func appendJSON(b []byte, w words.Words, p *authmethods.Problem, requestID string) ([]byte, error) {
	d := w.Diagnosis(explain(p))
	shown := body{
		Type: "about:blank", Title: d.Title, Status: Status(p), Detail: p.Detail, Code: p.Code, Reason: p.Reason,
		Diagnosis: d.Ref, Retryable: retryable(p), NextAction: d.NextAction, RequestID: requestID,
		Errors: p.Fields, Related: p.Related,
	}
	if p.Kind == authmethods.Internal {
		shown.Detail, shown.Reason, shown.Errors, shown.Related = "", "", nil, nil
	}
	if p.Kind == authmethods.NotFound {
		// Unknown and foreign are the same answer, byte for byte; the request id is
		// in its header.
		shown.RequestID = ""
	}
	encoded, err := json.Marshal(shown)
	return append(b, encoded...), err
}

// AnswerJSON answers with the problem as application/problem+json, its title in the
// language of whoever asks. Code and details are the same in every language.
func AnswerJSON(c *route.Call, p *authmethods.Problem) error {
	return WriteJSON(c.Response(), page.Words(c), p, c.RequestID)
}

// WriteJSON is [AnswerJSON] in a language of the caller's choice.
func WriteJSON(w http.ResponseWriter, speaks words.Words, p *authmethods.Problem, requestID string) error {
	encoded, err := appendJSON(nil, speaks, p, requestID)
	if err != nil {
		return err
	}
	headers(w, p)
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Content-Language", string(speaks.Language()))
	w.WriteHeader(Status(p))
	_, err = w.Write(append(encoded, '\n'))
	return err
}

// AnswerPage answers people with the problem as a page in their language.
func AnswerPage(c *route.Call, p *authmethods.Problem) error {
	headers(c.Response(), p)
	return page.Fault.Show(c, Status(p), page.Problem(page.Words(c), p, explain(p), c.RequestID))
}

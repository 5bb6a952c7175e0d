package lend

import (
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/tokens"
	"latchkey/web/httperr"
	"latchkey/web/route"
)

// The words of RFC 8693.
const (
	grantTypeExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	typeAccessToken   = "urn:ietf:params:oauth:token-type:access_token" // #nosec G101 -- a name
)

// refusal is an error answer of a token endpoint (RFC 6749 section 5.2).
type refusal struct {
	Error       string           `json:"error"`
	Description string           `json:"error_description,omitempty"`
	Code        authmethods.Code `json:"code,omitempty"` // ours, as elsewhere
	status      int
}

func refuse(code, description string) *refusal {
	return &refusal{Error: code, Description: description, status: http.StatusBadRequest}
}

// Exchange lends an access token in return for an API key, as a token exchange
// (RFC 8693). The service stays visible as the one that acts: it is a delegation.
func (h *Handlers) Exchange(c *route.Call) error {
	form, wrong := exchangeForm(c.Request())
	if wrong != nil {
		return c.Reply(wrong.status, wrong)
	}
	key := form.Get("subject_token")
	err := h.Guess(c, key, func() (err error) {
		c.Service, err = h.Services.Service(c.Request().Context(), key)
		return err
	})
	if err != nil {
		return h.refused(c, err)
	}
	r, wrong := exchangeRequest(form)
	if wrong != nil {
		return c.Reply(wrong.status, wrong)
	}
	loan, err := h.lend(c, &c.Service, r)
	if err != nil {
		return h.refused(c, err)
	}
	return c.ReplyBytes(http.StatusOK, appendExchange(nil, &loan))
}

// exchangeForm reads the parameters. None may be repeated (RFC 6749 section 3.2);
// those nobody knows are ignored, as it demands.
func exchangeForm(r *http.Request) (url.Values, *refusal) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return nil, refuse("invalid_request", "The body must be application/x-www-form-urlencoded.")
	}
	if err := r.ParseForm(); err != nil {
		return nil, refuse("invalid_request", "The body is not well formed or too large.")
	}
	for name, values := range r.PostForm {
		if len(values) > 1 {
			return nil, refuse("invalid_request", "A parameter is given twice.")
		}
		if len(values[0]) > 8192 || len(name) > 128 || strings.ContainsFunc(values[0], control) {
			return nil, refuse("invalid_request", "A parameter is too long or holds control characters.")
		}
	}
	form := r.PostForm
	switch requested := form.Get("requested_token_type"); {
	case form.Get("grant_type") != grantTypeExchange:
		return nil, refuse("unsupported_grant_type", "Only "+grantTypeExchange+" is supported.")
	case form.Get("subject_token") == "" || form.Get("subject_token_type") != typeAccessToken:
		return nil, refuse("invalid_request", "subject_token must be an API key, with subject_token_type "+typeAccessToken+".")
	case requested != "" && requested != typeAccessToken:
		return nil, refuse("invalid_request", "Only access tokens are lent.")
	case form.Get("actor_token") != "":
		return nil, refuse("invalid_request", "The service that holds the key is the actor; actor_token is not supported.")
	case form.Get("resource") != "":
		return nil, refuse("invalid_target", "Name the method as audience; resource is not supported.")
	case form.Get("audience") == "":
		return nil, refuse("invalid_request", "audience must name a method, or tenant/method.")
	}
	return form, nil
}

func control(r rune) bool { return r < ' ' || r == 0x7f }

// exchangeRequest reads what is asked for. Beside the standard's parameters it
// takes environment, subject and min_ttl_seconds.
func exchangeRequest(form url.Values) (tokens.LoanRequest, *refusal) {
	r := tokens.LoanRequest{
		Method: form.Get("audience"), Environment: authmethods.Environment(form.Get("environment")),
		Subject: form.Get("subject"), Scopes: strings.Fields(form.Get("scope")), Purpose: "token exchange",
	}
	if tenant, method, ok := strings.Cut(r.Method, "/"); ok {
		r.Tenant, r.Method = tenant, method
	}
	if r.Environment != "" && !r.Environment.Valid() {
		return r, refuse("invalid_request", "environment is production, sandbox or developer.")
	}
	if len(r.Scopes) > maxScopes || len(r.Subject) > maxSubject {
		return r, refuse("invalid_request", "scope or subject is too long.")
	}
	if ttl := form.Get("min_ttl_seconds"); ttl != "" {
		n, err := strconv.Atoi(ttl)
		if err != nil || n < 0 || n > maxMinTTL {
			return r, refuse("invalid_request", "min_ttl_seconds is a whole number.")
		}
		r.MinTTL = time.Duration(n) * time.Second
	}
	return r, nil
}

// refused turns a problem into the words of RFC 6749 section 5.2 and RFC 8693
// section 2.2.2.
func (h *Handlers) refused(c *route.Call, err error) error {
	p := httperr.Of(err)
	r := &refusal{Error: "invalid_request", Description: p.Detail, Code: p.Code, status: http.StatusBadRequest}
	switch p.Kind {
	case authmethods.NotFound, authmethods.Forbidden:
		r.Error = "invalid_target"
	case authmethods.HumanNeeded, authmethods.Conflict:
		r.Error = "invalid_grant"
		if p.Code == authmethods.CodeScopesMissing {
			r.Error = "invalid_scope"
		}
	case authmethods.Unavailable, authmethods.Exhausted:
		r.Error, r.status = "temporarily_unavailable", httperr.Status(p)
		httperr.SetRetryAfter(c.Response(), p)
	case authmethods.Internal:
		return err // shown like every fault of ours
	}
	c.Note("code", string(p.Code))
	return c.Reply(r.status, r)
}

// appendExchange appends the successful answer (RFC 8693 section 2.2.1).
func appendExchange(b []byte, l *tokens.Loan) []byte {
	b = appendField(b, `{"access_token":`, l.AccessToken.Reveal())
	b = append(b, `,"issued_token_type":"`+typeAccessToken+`"`...)
	b = appendField(b, `,"token_type":`, l.TokenType)
	if !l.ExpiresAt.IsZero() {
		b = append(b, `,"expires_in":`...)
		b = strconv.AppendInt(b, max(0, int64(l.ExpiresIn/time.Second)), 10)
	}
	b = appendField(b, `,"scope":`, strings.Join(l.Scopes, " "))
	return append(b, "}\n"...)
}

package tokens

import (
	"bytes"
	"encoding/json"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
)

// Answer is a token endpoint's response as it came, before anybody has looked at
// what it means. Its body holds secrets.
type Answer struct {
	Status      int
	ContentType string
	RetryAfter  time.Duration
	Date        time.Time // the provider's clock; zero: it did not say
	Body        secret.Text
	Truncated   bool // the connection ended before the body did
	// WithNext says that it answers the client's next secret, because the provider
	// refused the present one.
	WithNext bool
}

// Success reports whether the answer might hold tokens, and so must be durable
// before it is read.
func (a Answer) Success() bool {
	return a.Status >= 200 && a.Status < 300 && !a.Body.IsZero()
}

// Renewal is what a token endpoint gave (RFC 6749 section 5.1).
type Renewal struct {
	AccessToken  secret.Text
	RefreshToken secret.Text // absent: the one we have stays
	TokenType    string
	ExpiresIn    time.Duration // zero: it never expires
	RefreshLife  time.Duration // zero: not told
	Scopes       []string      // nil: as requested
	IDToken      secret.Text
	APIDomain    string
	InstanceURL  string
}

// Read understands an answer by the provider's rules. It returns a Failure and
// no Renewal for everything that is not plainly a success; it never fails for
// odd values in an answer that holds an access token.
func Read(p *catalog.Provider, a Answer) (*Renewal, *Failure) {
	f := fields(a)
	access := f.text("access_token")
	switch {
	case f.failed() || a.Status < 200 || a.Status > 299:
		return nil, refusal(p, a, f)
	case access == "" && f.code(p) != "":
		return nil, refusal(p, a, f)
	case access == "" || !printable(access):
		// A cut or garbled success may have spent the refresh token all the same.
		return nil, &Failure{Code: authmethods.CodeUnexpectedReply, Status: a.Status, Unanswered: true}
	}
	r := &Renewal{
		AccessToken: secret.New(access),
		TokenType:   f.text("token_type"),
		ExpiresIn:   lifetime(p, f),
		Scopes:      strings.FieldsFunc(f.text("scope"), func(c rune) bool { return c == ' ' || c == ',' }),
		IDToken:     secret.New(f.text("id_token")),
		APIDomain:   strings.TrimSuffix(f.text("api_domain"), "/"),
		InstanceURL: strings.TrimSuffix(f.text("instance_url"), "/"),
	}
	if rt := f.text("refresh_token"); printable(rt) {
		r.RefreshToken = secret.New(rt)
	}
	for _, name := range []string{"refresh_token_expires_in", "refresh_expires_in", "x_refresh_token_expires_in"} {
		if n, ok := f.number(name); ok && n > 0 {
			r.RefreshLife = seconds(n)
			break
		}
	}
	return r, nil
}

// RefusesClient reports that an answer refuses the credentials of the client and gives
// nothing. No code and no refresh token was used then (RFC 6749 section 5.2), so that the
// same request may be made with other credentials.
func RefusesClient(p *catalog.Provider, a Answer) bool {
	f := fields(a)
	if f.text("access_token") != "" || f.text("refresh_token") != "" {
		return false
	}
	_, failure := Read(p, a)
	return failure != nil && failure.Code == authmethods.CodeClientRejected
}

// refusal classifies an answer that is not a success, by code and shape, never
// by prose: the texts are localised at some providers.
func refusal(p *catalog.Provider, a Answer, f answerFields) *Failure {
	code := f.code(p)
	out := &Failure{Code: authmethods.CodeProviderDown, Status: a.Status, RetryAfter: a.RetryAfter, ProviderError: codeLike(code)}
	class := p.Errors.Class(code)
	switch {
	case a.Status == 429, class == catalog.ClassThrottled, !p.Errors.Knows(code) && p.Errors.ThrottleShape(f):
		out.Code = authmethods.CodeProviderThrottled
	case a.Status >= 500:
		// A gateway that gave up says nothing of what became of the request.
		out.Unanswered = a.Status == 502 || a.Status == 504
	case class != catalog.ClassTemporary && p.Errors.Believes(a.Status):
		out.Verdict, out.Code = verdictOf(class)
	case code == "":
		out.Code = authmethods.CodeUnexpectedReply
	}
	return out
}

func verdictOf(class catalog.Class) (Verdict, authmethods.Code) {
	switch class {
	case catalog.ClassGrantLost:
		return GrantLost, authmethods.CodeGrantLost
	case catalog.ClassClientRejected:
		return ClientRejected, authmethods.CodeClientRejected
	case catalog.ClassRedirectURI:
		return ClientRejected, authmethods.CodeRedirectURIMismatch
	case catalog.ClassScopeInvalid:
		return Temporary, authmethods.CodeScopeUnknown
	case catalog.ClassOrganizationMissing:
		return Temporary, authmethods.CodeOrganizationMissing
	}
	return Temporary, authmethods.CodeProviderDown
}

// answerFields are the members of an answer's body, however it was encoded.
// Numbers are [json.Number].
type answerFields map[string]any

// fields decodes the body as a JSON object, or as a form, as some providers
// answer. What is neither has no fields.
func fields(a Answer) answerFields {
	body := bytes.TrimSpace(bytes.TrimPrefix([]byte(a.Body.Reveal()), []byte("\xef\xbb\xbf")))
	if a.Truncated || len(body) == 0 {
		return nil
	}
	switch body[0] {
	case '{':
		var f answerFields
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber()
		if d.Decode(&f) != nil {
			return nil
		}
		return f
	case '<', '[':
		return nil
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("access_token") == "" && form.Get("error") == "" {
		return nil
	}
	f := answerFields{}
	for name := range form {
		f[name] = form.Get(name)
	}
	return f
}

// failed reports whether the answer names an error, in whatever form.
func (f answerFields) failed() bool {
	switch e := f["error"].(type) {
	case nil:
		return false
	case string:
		return e != ""
	case bool:
		return e
	}
	return true
}

// code returns the error code, "" if there is none.
func (f answerFields) code(p *catalog.Provider) string {
	for _, name := range p.Errors.CodeFields {
		if code := f.text(name); code != "" {
			return code
		}
	}
	return f.text("error")
}

// text returns the member called name if it is a string.
func (f answerFields) text(name string) string {
	s, _ := f[name].(string)
	return s
}

// number returns the member called name if it is a number or a string that
// spells one.
func (f answerFields) number(name string) (float64, bool) {
	var spelled string
	switch v := f[name].(type) {
	case json.Number:
		spelled = v.String()
	case string:
		spelled = strings.TrimSpace(v)
	}
	n, err := strconv.ParseFloat(spelled, 64)
	return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
}

// leastLife is what a token lives at least: a life too short to lend would have
// it refreshed without end.
const leastLife = time.Minute

// lifetime reads expires_in, whose unit and presence vary between providers,
// between leastLife and the bound that the integration type gives.
func lifetime(p *catalog.Provider, f answerFields) time.Duration {
	n, ok := f.number(p.Refresh.ExpiresInSecondsField)
	if !ok {
		n, ok = f.number("expires_in")
		if p.Refresh.ExpiresInUnit == catalog.Milliseconds {
			n /= 1000
		}
	}
	if !ok || n <= 0 {
		return p.Refresh.AccessTokenDefaultLifetime
	}
	if limit := p.Refresh.AccessTokenMaxLifetime; limit > 0 && seconds(n) > limit {
		return limit
	}
	return max(seconds(n), leastLife)
}

// seconds converts without overflow; a century stands for everything longer.
func seconds(n float64) time.Duration {
	const century = 100 * 365 * 24 * time.Hour
	if n > century.Seconds() {
		return century
	}
	return time.Duration(n * float64(time.Second))
}

const maxTokenBytes = 16 << 10

// printable reports whether s may stand in a header: visible ASCII (RFC 6749
// appendix A.12 less the space, which no header survives).
func printable(s string) bool {
	if len(s) > maxTokenBytes {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// codeLike returns s if it looks like an error code, and nothing otherwise: a
// provider's prose may quote what it was sent.
func codeLike(s string) string {
	if len(s) > 64 {
		return ""
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '_' && c != '-' {
			return ""
		}
	}
	return s
}

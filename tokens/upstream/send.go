package upstream

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
	"latchkey/tokens"
)

// Send implements [tokens.Upstream]: one refresh or client credentials request
// (RFC 6749 sections 6 and 4.4.2). For a provider whose endpoints are discovered
// it discovers them first. In its errors errors.As finds a *tokens.Failure.
func (c *Client) Send(ctx context.Context, r tokens.Request) (tokens.Answer, error) {
	form := url.Values{}
	switch {
	case !r.RefreshToken.IsZero():
		form.Set("grant_type", "refresh_token")
		form.Set("refresh_token", r.RefreshToken.Reveal())
	case r.Mode == authmethods.ModeClientCredentials:
		addClientCredentials(form, &r.Registration)
	default:
		return tokens.Answer{}, &tokens.Failure{Code: authmethods.CodeInternal}
	}
	return c.token(ctx, r.Registration, form, r.NotAfter)
}

func addClientCredentials(form url.Values, r *tokens.Registration) {
	for name, value := range r.Provider.ClientCredentialsParams {
		if strings.Contains(value, catalog.PlaceholderOrganization) {
			if r.Organization == "" {
				continue // the provider says whether it needs one
			}
			value = strings.ReplaceAll(value, catalog.PlaceholderOrganization, r.Organization)
		}
		form.Set(name, value)
	}
	form.Set("grant_type", "client_credentials")
	if len(r.Scopes) > 0 {
		separator := r.Provider.ScopeSeparator
		if separator == "" {
			separator = " "
		}
		form.Set("scope", strings.Join(r.Scopes, separator))
	}
}

// token posts form to the token endpoint, once with each secret that it takes.
func (c *Client) token(ctx context.Context, r tokens.Registration, form url.Values, notAfter time.Time) (tokens.Answer, error) {
	p, err := c.Complete(ctx, r.Provider)
	if err != nil {
		return tokens.Answer{}, err
	}
	return withSecrets(&p, r.Client, func(client authmethods.Client) (tokens.Answer, error) {
		header := http.Header{}
		authenticate(header, form, p.ClientAuth, client)
		resp, err := c.do(ctx, call{
			what: "token request", method: http.MethodPost, url: p.TokenEndpoint,
			header: header, form: form, notAfter: notAfter,
		})
		if err != nil {
			return tokens.Answer{}, err
		}
		return c.answer(resp), nil
	})
}

// authenticate adds the client's credentials (RFC 6749 section 2.3.1).
func authenticate(header http.Header, form url.Values, style catalog.ClientAuth, client authmethods.Client) {
	switch style {
	case catalog.ClientAuthBasic:
		// Each half is form-encoded first, or a colon would move the border.
		pair := url.QueryEscape(client.ID) + ":" + url.QueryEscape(client.Secret.Reveal())
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	case catalog.ClientAuthNone:
		form.Set("client_id", client.ID)
	default:
		form.Set("client_id", client.ID)
		if !client.Secret.IsZero() {
			form.Set("client_secret", client.Secret.Reveal())
		}
	}
}

// answer takes the response as it came. A response whose body breaks off is an
// answer too: its status is known.
func (c *Client) answer(resp *http.Response) tokens.Answer {
	body, err := readBody(resp, maxTokenBody)
	a := tokens.Answer{
		Status:      resp.StatusCode,
		ContentType: printable(resp.Header.Get("Content-Type")),
		RetryAfter:  retryAfter(resp.Header, c.now()),
		Date:        date(resp.Header),
		Body:        secret.New(string(body)),
		// A complete object was not cut, however the connection ended.
		Truncated: err != nil && !completeObject(body),
	}
	if errors.Is(err, errBodyTooLong) {
		a.Truncated = true
	}
	return a
}

// readBody reads at most limit bytes and closes the body.
func readBody(resp *http.Response, limit int) ([]byte, error) {
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, int64(limit)+1))
	if len(body) > limit {
		return body[:limit], errBodyTooLong
	}
	return body, err
}

func completeObject(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) && json.Valid(body)
}

// printable returns a header value if it is short printable ASCII, else nothing.
func printable(s string) string {
	if len(s) > 128 {
		return ""
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return ""
		}
	}
	return s
}

const maxRetryAfter = 24 * time.Hour

// retryAfter reads the Retry-After header (RFC 9110 section 10.2.3). A date in it
// counts from the server's own clock if it tells it, else from now.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if strings.Trim(value, "0123456789") == "" && value != "" {
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n > int64(maxRetryAfter/time.Second) {
			return maxRetryAfter
		}
		return time.Duration(n) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if d := date(h); !d.IsZero() {
		now = d
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}

func date(h http.Header) time.Time {
	d, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return d
}

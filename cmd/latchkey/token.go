package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

type tokenCommands struct {
	Get tokenGet `cmd:"" help:"Borrow an access token. The server is LATCHKEY_URL, the key LATCHKEY_API_KEY or the file LATCHKEY_API_KEY_FILE."`
}

type tokenGet struct {
	Method      string        `required:"" help:"The method's reference or id." placeholder:"METHOD"`
	Tenant      string        `help:"The tenant, slug or id (default: the key's own)." placeholder:"TENANT"`
	Environment string        `help:"production, sandbox or developer (default: the only enabled one, else production)." placeholder:"ENVIRONMENT"`
	Subject     string        `help:"Whose connection (default: the tenant's)." placeholder:"SUBJECT"`
	MinTTL      time.Duration `name:"min-ttl" help:"The life that the token must have left." placeholder:"DURATION"`
	Scope       []string      `help:"A scope that the token must have; may be repeated." placeholder:"SCOPE"`
	Purpose     string        `help:"What it is for, for the record." placeholder:"TEXT"`
	Output      string        `enum:"token,json,header,headers,env,exec-credential" default:"token" help:"What to print: ${enum}."`
}

// loan is the part of the server's answer that is printed here.
type loan struct {
	AccessToken string            `json:"access_token"`
	TokenType   string            `json:"token_type"`
	ExpiresAt   time.Time         `json:"expires_at"`
	Headers     map[string]string `json:"headers"`
	APIBaseURL  string            `json:"api_base_url"`
}

func (c *tokenGet) Run(ctx context.Context, p *program) error {
	lender, err := newLenderClient(p.environ)
	if err != nil {
		return err
	}
	request := map[string]any{"method": c.Method}
	for name, value := range map[string]string{
		"tenant": c.Tenant, "environment": c.Environment, "subject": c.Subject, "purpose": c.Purpose,
	} {
		if value != "" {
			request[name] = value
		}
	}
	if len(c.Scope) > 0 {
		request["scopes"] = c.Scope
	}
	switch seconds := int64((c.MinTTL + time.Second - 1) / time.Second); {
	case c.MinTTL < 0:
		return &usageError{err: errors.New("--min-ttl must not be negative"), command: "token get"}
	case seconds > 0:
		request["min_ttl_seconds"] = seconds
	}
	answer, err := lender.lend(ctx, request)
	if err != nil {
		return err
	}
	text, err := c.show(answer)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.stdout, text)
	return err
}

// show renders the server's answer as the output that was asked for.
func (c *tokenGet) show(answer []byte) (string, error) {
	var l loan
	if err := json.Unmarshal(answer, &l); err != nil || l.AccessToken == "" {
		return "", errors.New("the server's answer is no loan; is LATCHKEY_URL the internal listener?")
	}
	switch c.Output {
	case "json":
		return strings.TrimSpace(string(answer)), nil
	case "header":
		return "Authorization: " + l.authorization(), nil
	case "headers":
		return strings.Join(l.headerLines(), "\n"), nil
	case "env":
		return l.env(), nil
	case "exec-credential":
		return l.execCredential()
	}
	return l.AccessToken, nil
}

func (l *loan) authorization() string {
	if value, ok := l.Headers["Authorization"]; ok {
		return value
	}
	return l.TokenType + " " + l.AccessToken
}

// headerLines are the headers of a call to the provider, as curl takes them with
// -H @-.
func (l *loan) headerLines() []string {
	var lines []string
	for _, name := range sortedKeys(l.Headers) {
		lines = append(lines, name+": "+l.Headers[name])
	}
	return lines
}

// env is text for a shell to evaluate.
func (l *loan) env() string {
	lines := []string{
		"ACCESS_TOKEN=" + shellQuote(l.AccessToken), "TOKEN_TYPE=" + shellQuote(l.TokenType),
		"AUTHORIZATION=" + shellQuote(l.authorization()), "API_BASE_URL=" + shellQuote(l.APIBaseURL),
	}
	if !l.ExpiresAt.IsZero() {
		lines = append(lines, "EXPIRES_AT="+shellQuote(l.ExpiresAt.UTC().Format(time.RFC3339)))
	}
	return strings.Join(lines, "\n")
}

// execCredential is what Kubernetes clients read from a credential plugin.
func (l *loan) execCredential() (string, error) {
	status := map[string]string{"token": l.AccessToken}
	if !l.ExpiresAt.IsZero() {
		status["expirationTimestamp"] = l.ExpiresAt.UTC().Format(time.RFC3339)
	}
	text, err := json.Marshal(map[string]any{
		"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status,
	})
	return string(text), err
}

func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

package main

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
)

// borrow runs «latchkey token get» with a key and returns its exit code and output.
func (i *installation) borrow(t *testing.T, key string, args ...string) (int, string) {
	t.Helper()
	cmd := binary(t, []string{"LATCHKEY_URL=" + i.demo.internal, "LATCHKEY_API_KEY=" + key}, append([]string{"token", "get"}, args...)...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	cmd.Run() // its error is the exit code
	if out.Len() > 0 == (said.Len() > 0) {
		t.Errorf("stdout %q, stderr %q", &out, &said)
	}
	if strings.Contains(said.String(), key) {
		t.Error("the key is printed")
	}
	return cmd.ProcessState.ExitCode(), out.String() + said.String()
}

func TestTokensAreBorrowedAtTheCommandLine(t *testing.T) {
	i := install(t)
	i.connected(t)
	for _, c := range []struct {
		name string
		key  string
		args []string
		code int
		want string
	}{
		{"a token", i.service, []string{"--method", "zoho-desk"}, exitOK, "1000."},
		{"as headers", i.service, []string{"--method", "zoho-desk", "--output", "headers"}, exitOK, "orgId: 20067000001"},
		{"with all options", i.service, []string{"--method", "zoho-desk", "--tenant", "acme", "--environment", "production",
			"--min-ttl", "5m", "--scope", "Desk.tickets.READ", "--purpose", "test", "--output", "json"}, exitOK, `"access_token":"1000.`},
		{"a key that nobody issued", "lk_nonsense", []string{"--method", "zoho-desk"}, exitUnauthenticated, "[invalid_api_key]"},
		{"an environment outside the permit", i.service, []string{"--method", "zoho-desk", "--environment", "sandbox"}, exitForbidden, "[loan_not_allowed]"},
		{"an unknown method", i.service, []string{"--method", "nobody"}, exitNotFound, "[not_found]"},
		{"a word that is no environment", i.service, []string{"--method", "zoho-desk", "--environment", "moon"}, exitUsage, "/environment"},
		{"a scope that was not granted", i.service, []string{"--method", "zoho-desk", "--scope", "Desk.contacts.READ"}, exitHuman, "[scopes_missing]"},
		{"a life that no token has", i.service, []string{"--method", "zoho-desk", "--min-ttl", "2h"}, exitTemporary, "latchkey: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, text := i.borrow(t, c.key, c.args...)
			if code != c.code || !strings.Contains(text, c.want) {
				t.Errorf("exit code %d, want %d with %q:\n%s", code, c.code, c.want, text)
			}
		})
	}
}

// TestARunningServerHearsOfWhatACommandChanges asks until the answer changes; how
// soon is another test's matter.
func TestARunningServerHearsOfWhatACommandChanges(t *testing.T) {
	i := install(t)
	i.connected(t)
	run := func(args ...string) string {
		out, err := binary(t, i.environ, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	until := func(want int) {
		for t.Context().Err() == nil {
			status := i.status(t)
			if status == want {
				return
			}
		}
	}
	run("tenant", "disable", "acme")
	until(http.StatusUnauthorized)
	run("tenant", "enable", "acme")
	until(http.StatusOK)
	for line := range strings.Lines(run("key", "list", "--tenant", "acme")) {
		if words := strings.Fields(line); len(words) > 2 && words[2] == "call-pop" {
			run("key", "revoke", words[0])
		}
	}
	until(http.StatusUnauthorized)
}

// status is that of asking for a loan.
func (i *installation) status(t *testing.T) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, i.demo.internal+"/internal/v1/tokens", strings.NewReader(`{"method":"zoho-desk"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+i.service)
	r.Header.Set("Content-Type", "application/json")
	status, _, err := i.send(i.plain(), r)
	if err != nil {
		t.Fatal(err)
	}
	return status
}

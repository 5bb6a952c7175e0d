package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	_ "github.com/ncruces/go-sqlite3/driver"

	"latchkey/zohosim"
)

// fails runs the program to its end and returns its exit code and what it said.
func fails(t *testing.T, environ []string, args ...string) (int, string) {
	t.Helper()
	cmd := binary(t, environ, args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err == nil {
		t.Fatalf("latchkey %s did not fail", strings.Join(args, " "))
	}
	return cmd.ProcessState.ExitCode(), said.String()
}

func TestASecondServerOnTheSameSQLiteFileIsRefused(t *testing.T) {
	environ := newSettings(t)
	first := serve(t, environ...)
	code, said := fails(t, environ, "serve")
	if code != exitHuman || !strings.Contains(said, "another Latchkey serves this database already") {
		t.Errorf("exit code %d:\n%s", code, said)
	}
	first.Process.Signal(syscall.SIGTERM)
	if code := first.ends(); code != exitOK {
		t.Errorf("the first ended with %d:\n%s", code, first.logged())
	}
	serve(t, environ...) // the lock went with its process
}

func TestADatabaseOfANewerProgramIsRefused(t *testing.T) {
	environ := newSettings(t)
	s := serve(t, environ...)
	s.Process.Signal(syscall.SIGTERM)
	s.ends()
	dir, _ := strings.CutPrefix(environ[0], "LATCHKEY_DATA_DIR=")
	d, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, databaseFile))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.ExecContext(t.Context(), "INSERT INTO schema_version (version) VALUES (9999)"); err != nil {
		t.Fatal(err)
	}
	d.Close()
	code, said := fails(t, environ, "serve")
	if code != exitHuman || !strings.Contains(said, "it was used by a newer Latchkey") {
		t.Errorf("exit code %d:\n%s", code, said)
	}
}

func TestASocketOfAKilledServerIsTakenOver(t *testing.T) {
	environ := newSettings(t, "LATCHKEY_INTERNAL_LISTEN=unix:"+filepath.Join(t.TempDir(), "s"))
	s := serve(t, environ...)
	s.Process.Kill()
	s.ends()
	again := serve(t, environ...)
	if again.internal != strings.TrimPrefix(environ[len(environ)-1], "LATCHKEY_INTERNAL_LISTEN=") {
		t.Errorf("it listens on %s", again.internal)
	}
}

// TestATerminatedServerFinishesTheRefreshInHand holds a refresh at the provider,
// asks the server to stop, and lets the provider answer.
func TestATerminatedServerFinishesTheRefreshInHand(t *testing.T) {
	i := install(t)
	token := i.connected(t)
	held, release := make(chan struct{}), make(chan struct{})
	i.sim.Inject(zohosim.Fault{Kind: zohosim.FaultSlow, Path: "/oauth/v2/token", GrantType: "refresh_token",
		BeforeReply: func(context.Context) { close(held); <-release }})
	answer := make(chan error, 1)
	var verdict struct {
		Verdict string `json:"verdict"`
	}
	go func() {
		answer <- i.call(t.Context(), http.MethodPost, i.demo.internal+"/internal/v1/tokens/"+token+"/rejections", i.service,
			map[string]any{"status": 401, "code": "INVALID_OAUTH"}, http.StatusOK, &verdict)
	}()
	<-held
	i.Process.Signal(syscall.SIGTERM)
	i.until(t, "shutdown: stopped accepting connections")
	if err := i.call(t.Context(), http.MethodGet, i.demo.internal+"/livez", "", nil, 0, nil); err == nil {
		t.Error("a new connection was accepted")
	}
	close(release)
	if err := <-answer; err != nil || verdict.Verdict != "replaced" {
		t.Errorf("the request in hand: %q, %v", verdict.Verdict, err)
	}
	for _, step := range []string{
		"answered the requests in hand", "stopped background work", "finished the refreshes in flight", "closed the database",
	} {
		i.until(t, "shutdown: "+step)
	}
	if code := i.ends(); code != exitOK {
		t.Errorf("exit code %d:\n%s", code, i.logged())
	}
}

// TestARefreshOutlivesItsCallerAndTheListeners does the same with a caller who has
// hung up: nobody waits for the new token, and it must not be lost.
func TestARefreshOutlivesItsCallerAndTheListeners(t *testing.T) {
	i := install(t)
	token := i.connected(t)
	held, release := make(chan struct{}), make(chan struct{})
	i.sim.Inject(zohosim.Fault{Kind: zohosim.FaultSlow, Path: "/oauth/v2/token", GrantType: "refresh_token",
		BeforeReply: func(context.Context) { close(held); <-release }})
	ctx, hangUp := context.WithCancel(t.Context())
	answer := make(chan error, 1)
	go func() {
		answer <- i.call(ctx, http.MethodPost, i.demo.internal+"/internal/v1/tokens/"+token+"/rejections", i.service,
			map[string]any{"status": 401, "code": "INVALID_OAUTH"}, http.StatusOK, nil)
	}()
	<-held
	hangUp()
	if err := <-answer; err == nil {
		t.Error("the caller got an answer before there was one")
	}
	i.Process.Signal(syscall.SIGTERM)
	i.until(t, "shutdown: stopped background work")
	close(release)
	i.until(t, "shutdown: finished the refreshes in flight")
	if code := i.ends(); code != exitOK {
		t.Errorf("exit code %d:\n%s", code, i.logged())
	}
	i.server = serve(t, i.environ...)
	i.demo.internal = "http://" + i.server.internal
	if after := i.lent(t); after == token {
		t.Error("the token that came during the shutdown was lost")
	}
	if asked := i.refreshes(); asked != 1 {
		t.Errorf("the provider was asked %d times", asked)
	}
}

// refreshes counts the refreshes that the simulator answered.
func (i *installation) refreshes() (n int) {
	for _, e := range i.sim.Events() {
		if e.Kind == zohosim.EventRefresh {
			n++
		}
	}
	return n
}

// connected goes through a consent and returns the id of a lent token.
func (i *installation) connected(t *testing.T) string {
	t.Helper()
	for _, do := range []func(context.Context) (string, error){
		i.makeTenant, i.makeKeys, i.makeMethod("zoho-desk", "Zoho Desk"), i.enable("zoho-desk", "production"),
	} {
		if _, err := do(t.Context()); err != nil {
			t.Fatalf("%v\n%s", err, i.logged())
		}
	}
	return i.lent(t)
}

// lent borrows a token and returns its id.
func (i *installation) lent(t *testing.T) string {
	t.Helper()
	var lent struct {
		TokenID string `json:"token_id"`
	}
	err := i.call(t.Context(), http.MethodPost, i.demo.internal+"/internal/v1/tokens", i.service,
		map[string]any{"method": "zoho-desk"}, http.StatusOK, &lent)
	if err != nil {
		t.Fatalf("%v\n%s", err, i.logged())
	}
	return lent.TokenID
}

func TestNoSecretGetsIntoTheLog(t *testing.T) {
	i := install(t)
	i.connected(t)
	planted := map[string]string{
		"the administrator's key": i.admin, "the service's key": i.service, "the client secret": i.seed.Server.Secret,
	}
	var l loan
	err := i.call(t.Context(), http.MethodPost, i.demo.internal+"/internal/v1/tokens", i.service, map[string]any{"method": "zoho-desk"}, http.StatusOK, &l)
	if err != nil {
		t.Fatal(err)
	}
	planted["the access token"] = l.AccessToken
	// Secrets in the wrong places: an address, a bad key, a body that is refused.
	const canary = "canary-7f3a9c"
	planted["a canary"] = canary
	for _, wrong := range []struct{ method, address, key, body string }{
		{http.MethodGet, i.origin + "/api/authclients/" + i.tenant.CallbackA + "/" + i.tenant.CallbackB + "?code=" + canary + "&state=" + canary, "", ""},
		{http.MethodGet, i.origin + "/consents/cs_01M7YSGMSG55T625FNZD5SSAX6/start?ticket=" + canary, "", ""},
		{http.MethodGet, i.origin + "/api/v1/auth-methods?cursor=" + canary, "lk_" + canary, ""},
		{http.MethodPost, i.origin + "/api/v1/auth-methods", i.admin, `{"client_secret":"` + canary + `","nope":"` + canary + `"}`},
		{http.MethodPost, i.demo.internal + "/internal/v1/tokens", i.service, `{"method":"` + canary + `"}`},
		{http.MethodPost, i.demo.internal + "/oauth/token", i.service, canary},
	} {
		r, err := http.NewRequestWithContext(t.Context(), wrong.method, wrong.address, strings.NewReader(wrong.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+wrong.key)
		r.Header.Set("Content-Type", "application/json")
		if _, _, err := i.send(i.plain(), r); err != nil {
			t.Fatal(err)
		}
	}
	i.Process.Signal(syscall.SIGTERM)
	i.ends()
	log := i.logged()
	if !strings.Contains(log, `"msg":"ready"`) || strings.Count(log, "\n") < 10 {
		t.Fatalf("this is no log:\n%s", log)
	}
	for what, value := range planted {
		if value == "" || strings.Contains(log, value) {
			t.Errorf("%s is in the log (or was never planted)", what)
		}
	}
	for line := range strings.Lines(log) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
}

package main

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/oauth2"
)

const (
	testSecret   = "s3cret+with/odd=characters"
	testRedirect = "http://127.0.0.1:1/callback"
	beTheProgram = "PROVIDER_TEST_RUN_MAIN"
)

// TestMain turns the test binary into the program itself when asked to, so that
// the tests start a real process without building one.
func TestMain(m *testing.M) {
	if os.Getenv(beTheProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// program is a running provider and the client a test speaks to it with.
type program struct {
	t *testing.T
	announcement
	endpoints map[string]any
	http      *http.Client
}

func start(t *testing.T, args ...string) *program {
	t.Helper()
	args = append([]string{"-redirect-uri", testRedirect, "-access-token-life", "5s"}, args...)
	command := exec.Command(os.Args[0], args...)
	command.Env = append(os.Environ(), beTheProgram+"=1", "PROVIDER_CLIENT_SECRET="+testSecret)
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		if err := command.Wait(); err != nil {
			t.Errorf("the provider did not end cleanly on SIGTERM: %v", err)
		}
	})
	p := &program{t: t, http: &http.Client{CheckRedirect: stopAtTheClient}}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatalf("read the announcement: %v", err)
	}
	if err := json.Unmarshal(line, &p.announcement); err != nil {
		t.Fatalf("announcement %q: %v", line, err)
	}
	if status := p.get(p.Issuer+"/.well-known/openid-configuration", "", &p.endpoints); status != http.StatusOK {
		t.Fatalf("discovery answers %d", status)
	}
	return p
}

func stopAtTheClient(r *http.Request, _ []*http.Request) error {
	if strings.HasPrefix(r.URL.String(), testRedirect) {
		return http.ErrUseLastResponse
	}
	return nil
}

func (p *program) endpoint(name string) string {
	p.t.Helper()
	address, ok := p.endpoints[name].(string)
	if !ok {
		p.t.Fatalf("discovery names no %s", name)
	}
	return address
}

// get decodes a JSON answer into v and returns the status.
func (p *program) get(address, bearer string, v any) int {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	return p.do(request, v)
}

func (p *program) do(request *http.Request, v any) int {
	p.t.Helper()
	response, err := p.http.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	if v != nil {
		if err := json.NewDecoder(response.Body).Decode(v); err != nil {
			p.t.Fatalf("%s answers %s without JSON: %v", request.URL, response.Status, err)
		}
	}
	return response.StatusCode
}

// post sends a form as the client, by basic authentication or in the body.
func (p *program) post(address string, form url.Values, inBody bool, v any) int {
	p.t.Helper()
	if inBody {
		form.Set("client_id", p.ClientID)
		form.Set("client_secret", testSecret)
	}
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if !inBody {
		request.SetBasicAuth(url.QueryEscape(p.ClientID), url.QueryEscape(testSecret))
	}
	return p.do(request, v)
}

// authorize follows the authorization request to the client's redirect URI and
// returns the parameters that arrive there.
func (p *program) authorize(query url.Values) url.Values {
	p.t.Helper()
	response, err := p.http.Get(p.endpoint("authorization_endpoint") + "?" + query.Encode())
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	location, err := response.Location()
	if err != nil {
		p.t.Fatalf("authorization ends with %s and no redirect", response.Status)
	}
	return location.Query()
}

func (p *program) authorizationQuery(verifier string) url.Values {
	return url.Values{
		"client_id":             {p.ClientID},
		"redirect_uri":          {testRedirect},
		"response_type":         {"code"},
		"scope":                 {"openid profile email offline_access unheard:of"},
		"state":                 {"the-state"},
		"nonce":                 {"the-nonce"},
		"code_challenge":        {oauth2.S256ChallengeFromVerifier(verifier)},
		"code_challenge_method": {"S256"},
	}
}

// tokens is an answer of the token endpoint, good or bad.
type tokens struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	IDToken      string `json:"id_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"`
	Scope        string `json:"scope"`
	Error        string `json:"error"`
}

func (p *program) exchange(code, verifier string, inBody bool) (int, tokens) {
	p.t.Helper()
	var answer tokens
	status := p.post(p.endpoint("token_endpoint"), url.Values{
		"grant_type": {"authorization_code"}, "code": {code},
		"redirect_uri": {testRedirect}, "code_verifier": {verifier},
	}, inBody, &answer)
	return status, answer
}

func (p *program) refresh(token string, inBody bool) (int, tokens) {
	p.t.Helper()
	var answer tokens
	status := p.post(p.endpoint("token_endpoint"), url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {token},
	}, inBody, &answer)
	return status, answer
}

// connect goes from the authorization request to the first tokens.
func (p *program) connect() tokens {
	p.t.Helper()
	verifier := oauth2.GenerateVerifier()
	back := p.authorize(p.authorizationQuery(verifier))
	if back.Get("code") == "" {
		p.t.Fatalf("no code came back: %v", back)
	}
	status, answer := p.exchange(back.Get("code"), verifier, false)
	if status != http.StatusOK {
		p.t.Fatalf("the exchange answers %d %s", status, answer.Error)
	}
	return answer
}

func (p *program) userinfoStatus(accessToken string) int {
	p.t.Helper()
	return p.get(p.endpoint("userinfo_endpoint"), accessToken, nil)
}

func (p *program) log() []event {
	p.t.Helper()
	var events []event
	p.get(p.Control+"/log", "", &events)
	return events
}

func (p *program) grants() []grantState {
	p.t.Helper()
	var states []grantState
	p.get(p.Control+"/grants", "", &states)
	return states
}

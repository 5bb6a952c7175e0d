package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"latchkey/zohosim"
)

// Provider is a simulated Zoho that listens. It remembers the tokens that it gave
// out, which the simulator itself does not, so that a test can look for them where
// they must not be.
type Provider struct {
	*zohosim.Sim
	URL string

	address string
	server  *http.Server

	mu     sync.Mutex
	issued map[string]bool
}

func startProvider(sw zohosim.Switches) (*Provider, error) {
	p := &Provider{Sim: zohosim.New(zohosim.Config{Switches: sw, EventCapacity: 1_000_000}), issued: map[string]bool{}}
	if err := p.Open(); err != nil {
		return nil, err
	}
	p.URL = "http://" + p.address
	p.SetBaseURL(p.URL)
	return p, nil
}

// Open listens, again on the same address after [Provider.Close].
func (p *Provider) Open() error {
	var l net.Listener
	var err error
	if p.address == "" {
		l, err = listenSomewhere(context.Background())
	} else {
		l, err = listenAgain(context.Background(), p.address)
	}
	if err != nil {
		return fmt.Errorf("fleet: the provider: %w", err)
	}
	p.address = l.Addr().String()
	s := &http.Server{Handler: http.HandlerFunc(p.serve), ReadHeaderTimeout: 10 * time.Second}
	p.server = s
	go func() {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			panic(err) // nothing would be true any more
		}
	}()
	return nil
}

// Close hangs up on everybody and stops listening: connections are refused until
// [Provider.Open]. What the provider knows stays.
func (p *Provider) Close() error { return p.server.Close() }

func (p *Provider) serve(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/oauth/v2/token") {
		p.Sim.ServeHTTP(w, r)
		return
	}
	c := &copying{ResponseWriter: w}
	defer func() { p.remember(c.body.Bytes()) }()
	p.Sim.ServeHTTP(c, r)
}

func (p *Provider) remember(answer []byte) {
	var tokens struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if json.Unmarshal(answer, &tokens) != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, token := range []string{tokens.Access, tokens.Refresh} {
		if token != "" {
			p.issued[token] = true
		}
	}
}

// Issued are the tokens that were given out whole, access and refresh tokens, by
// fingerprint.
func (p *Provider) Issued() map[string]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make(map[string]string, len(p.issued))
	for token := range p.issued {
		all["token "+zohosim.Fingerprint(token)] = token
	}
	return all
}

// copying keeps what passes through it. Unwrap lets the simulator's faults take
// the connection over.
type copying struct {
	http.ResponseWriter
	body bytes.Buffer
}

func (c *copying) Write(b []byte) (int, error) {
	c.body.Write(b)
	return c.ResponseWriter.Write(b)
}

func (c *copying) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// writeTypes writes the integration types that lead to the provider. Without
// limits, neither the provider nor the broker counts requests.
func (p *Provider) writeTypes(dir string, limits, rotates bool, more map[string]string) error {
	var y strings.Builder
	y.WriteString("extends: zoho\ndata_centres:\n")
	for _, dc := range p.DataCentres() {
		fmt.Fprintf(&y, "  %s:\n    authorization_server: %s\n    hosts:\n", dc.Code, dc.Accounts)
		fmt.Fprintf(&y, "      desk: {production: %[1]s, sandbox: %[1]s}\n", dc.Desk)
		fmt.Fprintf(&y, "      api: {production: %s, sandbox: %s, developer: %s}\n", dc.API, dc.SandboxAPI, dc.DeveloperAPI)
	}
	var desk strings.Builder
	desk.WriteString("extends: zoho_desk\n")
	if rotates {
		desk.WriteString("refresh:\n  rotates_refresh_token: always\n")
	}
	if !limits {
		desk.WriteString("limits: {refreshes: null, access_tokens_per_refresh_token: 0}\n")
	}
	files := map[string]string{"zoho.dc.yaml": y.String()}
	if rotates || !limits {
		files["zoho_desk.yaml"] = desk.String()
	}
	for name, text := range more {
		files[name] = text
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return fmt.Errorf("fleet: writing integration types: %w", err)
		}
	}
	return nil
}

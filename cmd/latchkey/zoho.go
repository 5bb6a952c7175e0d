package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"latchkey/zohosim"
)

type zohoCommand struct {
	Listen       string   `help:"Address to listen on." default:"127.0.0.1:9090"`
	Integrations string   `help:"Write zoho.dc.yaml here, so that a broker with LATCHKEY_INTEGRATIONS_DIR set to it speaks to the simulator." placeholder:"DIR"`
	RedirectURI  []string `name:"redirect-uri" help:"A redirect URI that the demo application may use; may be repeated. «latchkey tenant show» prints a tenant's." placeholder:"URI" sep:"none"`
}

func (c *zohoCommand) Run(ctx context.Context, p *program) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	sim, err := zohosim.Start(ctx, zohosim.Config{}, c.Listen)
	if err != nil {
		return &refusal{what: "The simulator cannot listen on " + c.Listen + ".", err: err, cause: "Another program uses the port.", do: "Choose another with --listen."}
	}
	defer sim.Close()
	seed, err := zohosim.Demo(sim.Sim, c.RedirectURI...)
	if err != nil {
		return err
	}
	if c.Integrations != "" {
		if err := writeIntegrations(c.Integrations, sim.Sim); err != nil {
			return err
		}
	}
	c.describe(p.stdout, sim, seed)
	return sim.Wait()
}

// describe prints how to use the simulator.
func (c *zohoCommand) describe(w io.Writer, sim *zohosim.Server, seed zohosim.DemoSeed) {
	fmt.Fprintf(w, "A simulated Zoho, all data centres, at %s\n\n", sim.URL)
	fmt.Fprintln(w, "People who can sign in (there is no password):")
	for _, u := range seed.Users {
		var orgs []string
		for _, o := range u.Orgs {
			orgs = append(orgs, fmt.Sprintf("%s %s (%s)", o.Product, o.ID, o.Environment))
		}
		fmt.Fprintf(w, "  %-18s %s: %s\n", u.Email, u.DC, strings.Join(orgs, ", "))
	}
	fmt.Fprintf(w, "\nApplications:\n  server       %s  secret %s\n  self client  %s  secret %s\n",
		seed.Server.ID, seed.Server.Secret, seed.Self.ID, seed.Self.Secret)
	if len(seed.Server.RedirectURIs) == 0 {
		fmt.Fprintf(w, "  The server application has no redirect URI yet. Give it one with --redirect-uri, or while it runs:\n"+
			"    curl -d '{\"id\":\"%s\",\"secret\":\"%s\",\"name\":\"Demo application\",\"multi_dc\":true,\"redirect_uris\":[\"URI\"]}' %s/_sim/clients\n",
			seed.Server.ID, seed.Server.Secret, sim.URL)
	}
	fmt.Fprintf(w, "\nAddresses: %s/accounts.zoho.eu, %s/desk.zoho.eu/api/v1, … (GET %s/_sim/catalog lists them all)\n", sim.URL, sim.URL, sim.URL)
	fmt.Fprintf(w, "\nTo steer it:\n  GET  %[1]s/_sim/events          what happened\n  GET  %[1]s/_sim/tokens          which tokens are good\n"+
		"  POST %[1]s/_sim/faults          go wrong on demand\n  POST %[1]s/_sim/clock/advance   let time pass\n  POST %[1]s/_sim/revoke          withdraw access\n", sim.URL)
	if c.Integrations != "" {
		fmt.Fprintf(w, "\nA broker speaks to it with:\n  LATCHKEY_INTEGRATIONS_DIR=%s LATCHKEY_OUTBOUND_ALLOW=127.0.0.0/8 latchkey serve\n", c.Integrations)
	}
}

// writeIntegrations writes the table of data centres that leads to the simulator.
func writeIntegrations(dir string, sim *zohosim.Sim) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the directory of integration types: %w", err)
	}
	path := filepath.Join(dir, "zoho.dc.yaml")
	if err := os.WriteFile(path, []byte(dataCentreTable(sim.DataCentres())), 0o600); err != nil {
		return fmt.Errorf("writing integration types: %w", err)
	}
	return nil
}

// dataCentreTable is an override of the built-in table of Zoho's data centres.
func dataCentreTable(list []zohosim.DataCentre) string {
	b := &strings.Builder{}
	b.WriteString("# Leads every data centre of Zoho to a simulator. Written by «latchkey zoho».\nextends: zoho\ndata_centres:\n")
	for _, dc := range list {
		fmt.Fprintf(b, "  %s:\n    authorization_server: %s\n    hosts:\n", dc.Code, dc.Accounts)
		fmt.Fprintf(b, "      desk:\n        production: %[1]s\n        sandbox: %[1]s\n", dc.Desk)
		fmt.Fprintf(b, "      api:\n        production: %s\n        sandbox: %s\n        developer: %s\n", dc.API, dc.SandboxAPI, dc.DeveloperAPI)
	}
	return b.String()
}

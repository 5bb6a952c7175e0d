package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"latchkey/zohosim"
)

func TestTheSimulatorSaysHowToUseIt(t *testing.T) {
	sim, err := zohosim.Start(t.Context(), zohosim.Config{}, "")
	if err != nil {
		t.Fatal(err)
	}
	defer sim.Close()
	seed, err := zohosim.Demo(sim.Sim)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := writeIntegrations(dir, sim.Sim); err != nil {
		t.Fatal(err)
	}
	out := &strings.Builder{}
	(&zohoCommand{Integrations: dir}).describe(out, sim, seed)
	for _, part := range []string{sim.URL, "ada@example.eu", seed.Server.ID, seed.Server.Secret, "--redirect-uri", "LATCHKEY_INTEGRATIONS_DIR=" + dir} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("%q is not in:\n%s", part, out)
		}
	}
	addresses := regexp.MustCompile(`GET +(http\S+)`).FindAllStringSubmatch(out.String(), -1)
	if len(addresses) < 3 {
		t.Errorf("only %d addresses to look at", len(addresses))
	}
	for _, a := range addresses {
		resp, err := http.Get(a[1])
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s answers %d", a[1], resp.StatusCode)
		}
	}
	// What it wrote is what a server takes, if http is allowed to it.
	environ := []string{"LATCHKEY_INTEGRATIONS_DIR=" + dir, "LATCHKEY_OUTBOUND_ALLOW=127.0.0.0/8"}
	cfg, err := readConfig(environ)
	if err != nil {
		t.Fatal(err)
	}
	kinds, err := loadCatalog(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if desk, ok := kinds.Find("zoho_desk"); !ok {
		t.Error("there is no zoho_desk")
	} else if eu, _ := desk.DataCentre("eu"); !strings.HasPrefix(eu.AuthorizationServer, sim.URL) {
		t.Errorf("Zoho is at %s", eu.AuthorizationServer)
	}
	if cfg, err = readConfig(environ[:1]); err != nil {
		t.Fatal(err)
	}
	if _, err := loadCatalog(cfg); exitCode(err) != exitHuman {
		t.Errorf("http was taken without being allowed: %v", err)
	}
}

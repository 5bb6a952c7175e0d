package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/crypto/seal"
)

// newKeyring writes a keyring to a file of a mode and returns the file.
func newKeyring(t *testing.T, name string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if _, err := seal.CreateKeyringFile(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// the keyring comes from a file that is its owner's alone, from systemd or from
// the environment, and never from two of them.
func TestTheKeyringIsFoundWhereItIs(t *testing.T) {
	file := newKeyring(t, "keyring", 0o600)
	credential := newKeyring(t, credentialName, 0o440) // as systemd shows one with an access list
	open := newKeyring(t, "keyring", 0o640)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	inOneLine := strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", ";")
	credentials := "CREDENTIALS_DIRECTORY=" + filepath.Dir(credential)
	for name, c := range map[string]struct {
		environ  []string
		source   string // a part of it
		editable bool
		refused  string
	}{
		"a file":                  {environ: []string{"LATCHKEY_KEYRING_FILE=" + file}, source: file, editable: true},
		"a file of others":        {environ: []string{"LATCHKEY_KEYRING_FILE=" + open}, refused: "chmod 600"},
		"the environment":         {environ: []string{"LATCHKEY_KEYRING=" + string(text)}, source: "LATCHKEY_KEYRING"},
		"the same in one line":    {environ: []string{"LATCHKEY_KEYRING=" + inOneLine}, source: "LATCHKEY_KEYRING"},
		"a credential":            {environ: []string{credentials}, source: "systemd"},
		"a file beside it":        {environ: []string{credentials, "LATCHKEY_KEYRING_FILE=" + file}, source: file, editable: true},
		"a service, and its name": {environ: []string{"LATCHKEY_KEYRING=v1 transit https://bao.example/transit/keys/k active"}, source: "LATCHKEY_KEYRING"},
		"two of them":             {environ: []string{"LATCHKEY_KEYRING=x", "LATCHKEY_KEYRING_FILE=" + file}, refused: "use one of them"},
		"nothing that is one":     {environ: []string{"LATCHKEY_KEYRING=k1 c2VjcmV0c2VjcmV0 active"}, refused: "bytes long"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, err := readConfig(append(c.environ, "LATCHKEY_DATA_DIR="+t.TempDir()))
			var ring *seal.Keyring
			if err == nil {
				ring, err = loadKeyring(cfg)
			}
			if c.refused != "" {
				if err == nil || !strings.Contains(err.Error(), c.refused) || strings.Contains(err.Error(), "c2VjcmV0") {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(ring.IDs()) != 1 || !strings.Contains(cfg.keySource(), c.source) || (cfg.editableKeyring() != "") != c.editable {
				t.Errorf("keys %v from %s, editable %q", ring.IDs(), cfg.keySource(), cfg.editableKeyring())
			}
			if shown := strings.Join(strings.Fields(string(text))[20:], " "); strings.Contains(strings.Join(printed(cfg), " "), shown) {
				t.Error("the configuration shows the keyring")
			}
		})
	}
}

// printed is everything that is shown of a configuration.
func printed(cfg *Config) (all []string) {
	for _, e := range effectiveConfig(cfg) {
		all = append(all, e.Name, e.Value)
	}
	return all
}

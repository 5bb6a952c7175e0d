package main

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"latchkey/test/postgres"
)

func TestServersShareOnePostgreSQLAndOneKeyring(t *testing.T) {
	keyring := filepath.Join(t.TempDir(), "keyring")
	if out, err := binary(t, nil, "keyring", "create", keyring).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	environ := newSettings(t, "LATCHKEY_DATABASE_URL="+postgres.URL(t), "LATCHKEY_KEYRING_FILE="+keyring)
	first, second := serve(t, environ...), serve(t, environ...)
	out, err := binary(t, environ, "tenant", "create", "acme", "--json").Output()
	if err != nil || !strings.Contains(string(out), `"slug":"acme"`) {
		t.Errorf("%v: %s", err, out)
	}
	for _, s := range []*server{first, second} {
		s.Process.Signal(syscall.SIGTERM)
		if code := s.ends(); code != exitOK {
			t.Errorf("exit code %d:\n%s", code, s.logged())
		}
	}
	other := filepath.Join(t.TempDir(), "keyring")
	if out, err := binary(t, nil, "keyring", "create", other).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	code, said := fails(t, append(environ, "LATCHKEY_KEYRING_FILE="+other), "serve")
	if code != exitHuman || !strings.Contains(said, "does not belong to this database") {
		t.Errorf("with another keyring: exit code %d:\n%s", code, said)
	}
}

// the owner migrates and another role serves, and who bypasses the second wall
// is told so.
func TestOneRoleMigratesAndAnotherServes(t *testing.T) {
	keyring := filepath.Join(t.TempDir(), "keyring")
	if out, err := binary(t, nil, "keyring", "create", keyring).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	address := postgres.URL(t)
	as := func(address string) []string {
		return newSettings(t, "LATCHKEY_DATABASE_URL="+address, "LATCHKEY_KEYRING_FILE="+keyring)
	}
	code, said := fails(t, as(postgres.Served(address)), "serve")
	if code != exitHuman || !strings.Contains(said, "«latchkey migrate»") {
		t.Errorf("before there are tables: exit code %d:\n%s", code, said)
	}
	if out, err := binary(t, as(address), "migrate").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	const warning = "row-level security does not keep tenants apart"
	for role, held := range map[string]bool{postgres.Served(address): true, address: true, postgres.Past(address): false} {
		s := serve(t, as(role)...)
		if warned := strings.Contains(s.logged(), warning); warned == held {
			t.Errorf("as %s, warned %t:\n%s", role, warned, s.logged())
		}
		s.Process.Signal(syscall.SIGTERM)
		if code := s.ends(); code != exitOK {
			t.Errorf("exit code %d:\n%s", code, s.logged())
		}
	}
}

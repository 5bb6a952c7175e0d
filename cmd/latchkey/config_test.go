package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

//
func TestConfigurationFaults(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		environ []string
		want    []string // parts of the message; none: no fault
	}{
		{"nothing set is a complete configuration", nil, nil},
		{"names of others do not matter", []string{"PATH=/bin", "LATCHKEYS=x"}, nil},
		{"a misspelt name gets a suggestion", []string{"LATCHKEY_LISTN=:1"}, []string{"LATCHKEY_LISTN: unknown; did you mean LATCHKEY_LISTEN?"}},
		{"a name like none gets the list", []string{"LATCHKEY_FROBNICATION_MODE=1"}, []string{"LATCHKEY_FROBNICATION_MODE: unknown; «latchkey config»"}},
		{"a _FILE of what is no secret is unknown", []string{"LATCHKEY_LISTEN_FILE=/x"}, []string{"LATCHKEY_LISTEN_FILE: unknown"}},
		{"all faults are told at once", []string{"LATCHKEY_LISTEN=x", "LATCHKEY_STALE_GRACE=1h", "LATCHKEY_NOPE=1"},
			[]string{"LATCHKEY_LISTEN:", "LATCHKEY_STALE_GRACE:", "LATCHKEY_NOPE: unknown"}},
		{"the public address needs the tenant", []string{"LATCHKEY_PUBLIC_URL=https://example.com"}, []string{"exactly once"}},
		{"the tenant may not be twice in it", []string{"LATCHKEY_PUBLIC_URL=https://{tenant}.{tenant}.com"}, []string{"exactly once"}},
		{"the tenant may not be in the path", []string{"LATCHKEY_PUBLIC_URL=https://example.com/{tenant}"}, []string{"in the host"}},
		{"the public address has no path", []string{"LATCHKEY_PUBLIC_URL=https://{tenant}.example.com/x"}, []string{"end after the host"}},
		{"nor a user", []string{"LATCHKEY_PUBLIC_URL=https://u@{tenant}.example.com"}, []string{"end after the host"}},
		{"http is for this machine", []string{"LATCHKEY_PUBLIC_URL=http://{tenant}.example.com"}, []string{"must use https"}},
		{"not for names that only look like it", []string{"LATCHKEY_PUBLIC_URL=http://{tenant}.notlocalhost"}, []string{"must use https"}},
		{"http on localhost is fine", []string{"LATCHKEY_PUBLIC_URL=http://{tenant}.localhost:9999/"}, nil},
		{"https anywhere is fine", []string{"LATCHKEY_PUBLIC_URL=https://login-{tenant}.example.com"}, nil},
		{"other schemes are not", []string{"LATCHKEY_PUBLIC_URL=ftp://{tenant}.example.com"}, []string{"must begin with https"}},
		{"a listener needs a port", []string{"LATCHKEY_LISTEN=localhost"}, []string{"HOST:PORT"}},
		{"a port has a limit", []string{"LATCHKEY_INTERNAL_LISTEN=127.0.0.1:70000"}, []string{"no port between"}},
		{"a socket needs a path", []string{"LATCHKEY_INTERNAL_LISTEN=unix:"}, []string{"path of a socket"}},
		{"only the internal listener may be a socket", []string{"LATCHKEY_LISTEN=unix:/x"}, []string{"LATCHKEY_LISTEN"}},
		{"the listeners must be apart", []string{"LATCHKEY_LISTEN=:1", "LATCHKEY_INTERNAL_LISTEN=:1"}, []string{"must be apart"}},
		{"everybody is no trusted proxy", []string{"LATCHKEY_TRUSTED_PROXIES=10.0.0.0/8,0.0.0.0/0"}, []string{"0.0.0.0/0 is everybody"}},
		{"everybody in IPv6 neither", []string{"LATCHKEY_OUTBOUND_ALLOW=::/0"}, []string{"::/0 is everybody"}},
		{"a network has no bits after its prefix", []string{"LATCHKEY_OUTBOUND_ALLOW=10.1.0.0/8"}, []string{"did you mean 10.0.0.0/8"}},
		{"networks are no names", []string{"LATCHKEY_OUTBOUND_ALLOW=localhost, zz"}, []string{`"localhost" is not a network`, `"zz" is not`}},
		{"addresses are networks of one", []string{"LATCHKEY_TRUSTED_PROXIES=10.0.0.1, ::1"}, nil},
		{"the grace has a limit", []string{"LATCHKEY_STALE_GRACE=10m1s"}, []string{"between 0 and 10m"}},
		{"the grace is not negative", []string{"LATCHKEY_STALE_GRACE=-1s"}, []string{"between 0 and"}},
		{"the grace is a duration", []string{"LATCHKEY_STALE_GRACE=30"}, []string{"not a duration"}},
		{"no grace is fine", []string{"LATCHKEY_STALE_GRACE=0"}, nil},
		{"the integrations must be there", []string{"LATCHKEY_INTEGRATIONS_DIR=/nowhere/at/all"}, []string{"no such file"}},
		{"and a directory", []string{"LATCHKEY_INTEGRATIONS_DIR=" + file}, []string{"is not a directory"}},
		{"other databases are refused", []string{"LATCHKEY_DATABASE_URL=mysql://u:hunter2@h/d"}, []string{"must be sqlite:PATH or postgres://"}},
		{"SQLite needs a path", []string{"LATCHKEY_DATABASE_URL=sqlite:"}, []string{"needs the path"}},
		{"PostgreSQL needs a keyring", []string{"LATCHKEY_DATABASE_URL=postgres://u:hunter2@h/d"}, []string{"LATCHKEY_KEYRING_FILE: needed"}},
		{"PostgreSQL with a keyring is fine", []string{"LATCHKEY_DATABASE_URL=postgres://u:hunter2@h/d", "LATCHKEY_KEYRING_FILE=/k"}, nil},
		{"a secret comes from one place", []string{"LATCHKEY_DATABASE_URL=sqlite:/a", "LATCHKEY_DATABASE_URL_FILE=" + file}, []string{"use one of them"}},
		{"a secret's file must be there", []string{"LATCHKEY_DATABASE_URL_FILE=/nowhere/at/all"}, []string{"LATCHKEY_DATABASE_URL_FILE: ", "no such file"}},
		{"a value from a file is checked too", []string{"LATCHKEY_DATABASE_URL_FILE=" + file}, []string{"LATCHKEY_DATABASE_URL: must be"}},
		{"levels have names", []string{"LATCHKEY_LOG_LEVEL=loud"}, []string{`"loud" is not debug`}},
		{"formats have names", []string{"LATCHKEY_LOG_FORMAT=xml"}, []string{`"xml" is not json`}},
		{"what the client reads is known", []string{"LATCHKEY_URL=http://h:1", "LATCHKEY_API_KEY_FILE=/x"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := readConfig(c.environ)
			if err == nil != (len(c.want) == 0) {
				t.Fatalf("the error is %v", err)
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in %v", part, err)
				}
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("a password is in %v", err)
			}
			if err != nil && exitCode(err) != exitUsage {
				t.Errorf("the exit code is %d", exitCode(err))
			}
		})
	}
}

func TestDefaultsFollowFromOtherValues(t *testing.T) {
	c, err := readConfig([]string{"LATCHKEY_DATA_DIR=/data", "LATCHKEY_STALE_GRACE=0", "LATCHKEY_PUBLIC_URL=https://{tenant}.example.com/"})
	if err != nil {
		t.Fatal(err)
	}
	got := []any{c.sqlitePath(), c.KeyringFile, string(c.PublicURL), c.StaleGrace, c.Listen, c.InternalListen}
	want := []any{"/data/latchkey.db", "/data/keyring", "https://{tenant}.example.com", time.Duration(0), ":8080", "127.0.0.1:8081"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

//
func TestTheEffectiveConfigurationHidesSecrets(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(secret, []byte("postgres://latchkey:hunter2@db.internal:5432/broker?password=hunter3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := readConfig([]string{"LATCHKEY_DATABASE_URL_FILE=" + secret, "LATCHKEY_KEYRING_FILE=/k"})
	if err != nil {
		t.Fatal(err)
	}
	var shown effective
	for _, e := range effectiveConfig(c) {
		if strings.Contains(fmt.Sprint(e), "hunter") {
			t.Errorf("a secret is shown: %v", e)
		}
		if e.Name == "LATCHKEY_DATABASE_URL" {
			shown = e
		}
	}
	want := effective{"LATCHKEY_DATABASE_URL", "postgres://db.internal:5432/broker (user and options redacted)", "file"}
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if strings.Contains(fmt.Sprintf("%v %+v %#v", c, c, c), "hunter") {
		t.Error("the configuration prints its secret")
	}
}

func TestAnUnprotectedInternalListenerIsWarnedAbout(t *testing.T) {
	for address, warned := range map[string]bool{
		"127.0.0.1:8081": false, "[::1]:8081": false, "localhost:8081": false, "unix:/run/latchkey.sock": false,
		":8081": true, "0.0.0.0:8081": true, "10.0.0.5:8081": true,
	} {
		c, err := readConfig([]string{"LATCHKEY_INTERNAL_LISTEN=" + address})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(c.warnings()) > 0; got != warned {
			t.Errorf("%s is warned about: %v", address, got)
		}
	}
}

func TestEveryFieldHasASetting(t *testing.T) {
	fields := 0
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
		if field.IsExported() { // the others do not come from the environment
			fields++
		}
	}
	if fields != len(settings) {
		t.Errorf("%d fields, %d settings", fields, len(settings))
	}
}

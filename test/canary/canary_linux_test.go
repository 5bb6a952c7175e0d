package canary_test

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"latchkey/test/fleet"
	"latchkey/test/judge"
	"latchkey/test/postgres"
)

func TestMain(m *testing.M) {
	code := m.Run()
	postgres.Stop()
	os.Exit(code)
}

// patience is far above what anything here takes.
const patience = 2 * time.Minute

// fleetMinTTL has a loan need a refresh.
const fleetMinTTL = time.Minute

// whatever was done and went wrong, no secret is anywhere in
// clear but where it belongs.
func TestNoSecretIsLeftAnywhere(t *testing.T) {
	for _, storage := range fleet.Storages {
		t.Run(string(storage), func(t *testing.T) {
			x := begin(t, storage)
			x.firstRun()
			x.signIn("ada@example.com", firstPassword)
			x.method()
			first, second := x.approve("tenant"), x.approve("second")
			x.borrow(first, second)
			x.misfortunes(second)
			x.misuse()
			x.operate()
			x.borrow(first)
			x.waitingCommand()
			backup := filepath.Join(x.kept, "backup")
			x.command("backup", backup)
			x.die()
			x.borrow(first)
			x.looksEverywhere()
			x.hunt("the first machine")

			must(t, x.w.Processes[0].Terminate())
			x.w.Move(t, storage)
			x.command("restore", backup)
			must(t, x.w.Processes[0].Start())
			x.borrow(first)
			x.command("doctor", "--offline", "--deep")
			x.hunt("the second machine")
			must(t, x.w.Processes[0].Terminate())
			x.hunt("the second machine, stopped")
			t.Logf("%d secrets were looked for", len(x.canaries))
		})
	}
}

// borrow has tokens expire and be refreshed, lent, and reported as refused.
func (x *run) borrow(connections ...*fleet.Connection) {
	x.Helper()
	p := x.w.Processes[0]
	b := x.w.Borrower(x.tenant, "a service")
	defer b.Close()
	for _, c := range connections {
		for range 2 {
			loan := b.Insist(x.Context(), p, c, patience)
			if !loan.OK() {
				x.Fatalf("not lent: %+v", loan)
			}
			b.Reject(x.Context(), p, c, loan.TokenID)
			x.w.Expire(x, c)
		}
		if loan := b.Insist(x.Context(), p, c, patience); !loan.OK() {
			x.Fatalf("not lent: %+v", loan)
		}
	}
}

// operate runs the operator's commands, those that go wrong as well.
func (x *run) operate() {
	x.Helper()
	x.command("keyring", "rotate", "--data-keys", "--wait", "2m")
	x.plantKeys()
	x.command("keyring", "status")
	x.command("keyring", "verify", "--json")
	x.command("freeze", "--tenant", x.slug, "--reason", "a test")
	x.command("unfreeze", "--tenant", x.slug)
	invited := x.command("user", "create", "--tenant", x.slug, "--username", "bob@example.com", "--role", "workspace-admin", "--invited")
	x.accept(match(x.T, invitation, invited), laterPassword)
	x.plant("a link for a forgotten password", match(x.T, resetLink, x.command("user", "reset-password", "--tenant", x.slug, "bob@example.com")), "output of latchkey user")
	for _, format := range []string{"jsonl", "csv"} {
		text := x.command("audit", "export", "--tenant", x.slug, "--format", format)
		must(x, os.WriteFile(filepath.Join(x.kept, "audit."+format), []byte(text), 0o600))
	}
	x.command("audit", "verify")
	x.command("loan", "list", "--tenant", x.slug)
	x.command("config")
	x.command("config", "--json")
	x.command("doctor", "--offline")
	x.command("support-bundle", filepath.Join(x.kept, "bundle.zip"))
	lent := x.commandWith([]string{"LATCHKEY_URL=" + x.w.Processes[0].Internal(), "LATCHKEY_API_KEY=" + x.tenant.Key},
		"token", "get", "--method", x.tenant.Method, "--environment", "production")
	if len(strings.TrimSpace(lent)) < 20 {
		x.Errorf("no token was printed: %q", lent)
	}
	for _, args := range [][]string{{"key", "create", "--tenant", x.tenant.Admin}, {"tenant", "show", x.tenant.Client.Secret}, {"backup", x.kept}} {
		_, out, said := x.w.Run(x, args...) // a secret among the arguments is its sender's own; what is said must not matter
		if args[0] == "backup" {
			x.outputs = append(x.outputs, judge.Place{Name: "output of a command that failed", Content: []byte(out + said)})
		}
	}
}

var resetLink = regexp.MustCompile(`/(?:invitations|reset|passwords)/([\w-]{43})`)

// waitingCommand looks at a command while it waits for somebody to type.
func (x *run) waitingCommand() {
	x.Helper()
	cmd := x.w.Command("user", "create", "--tenant", x.slug, "--username", "eve@example.com", "--password-stdin")
	typing, err := cmd.StdinPipe()
	must(x, err)
	must(x, cmd.Start())
	defer func() {
		_ = typing.Close()
		_ = cmd.Wait()
	}()
	h := newHunter(x.canaries)
	var found []string
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		environ := x.process(cmd.Process.Pid, "environ")
		if found = h.search(environ); len(found) == 0 && sees(environ, "LATCHKEY_DATA_DIR=") {
			break
		}
	}
	for _, what := range found {
		x.Error(what)
	}
	x.noCore(cmd.Process.Pid)
	for _, what := range h.search(x.process(cmd.Process.Pid, "cmdline")) {
		x.Error(what)
	}
	_, err = io.WriteString(typing, "short\n") // which is refused
	must(x, err)
}

func (x *run) process(pid int, name string) judge.Place {
	x.Helper()
	content, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), name))
	must(x, err)
	return judge.Place{Name: "/proc/PID/" + name, Content: content}
}

var noCores = regexp.MustCompile(`Max core file size\s+0\s+0\s`)

func (x *run) noCore(pid int) {
	x.Helper()
	if limits := x.process(pid, "limits"); !noCores.Match(limits.Content) {
		x.Errorf("core dumps are on:\n%s", limits.Content)
	}
}

// places are everything that is kept or shown now.
func (x *run) places() []judge.Place {
	x.Helper()
	places := append(x.w.Places(x), x.outputs...)
	for _, p := range x.w.Processes {
		places = append(places, judge.Place{Name: "the standard output of " + p.Name, Content: []byte(p.Printed())})
	}
	for _, dir := range []string{x.temp, x.kept} {
		places = append(places, files(x.T, dir)...)
	}
	if x.w.Storage == fleet.Postgres {
		x.w.Exec(x, "CHECKPOINT") // so that its files have what it knows
		places = append(places, files(x.T, x.w.Rows(x, "SHOW data_directory")[0][0])...)
	}
	return places
}

// files are the contents of a folder. Those that go meanwhile are left out.
func files(t *testing.T, dir string) (places []judge.Place) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil //nolint:nilerr // it has gone
		}
		if content, err := os.ReadFile(path); err == nil {
			places = append(places, judge.Place{Name: path, Content: content})
		}
		return nil
	})
	must(t, err)
	return places
}

// hunt looks for every secret, the tokens that the provider gave out among them, in
// every place.
func (x *run) hunt(where string) {
	x.Helper()
	all := append([]*canary(nil), x.canaries...)
	for name, token := range x.w.Provider.Issued() {
		all = append(all, &canary{"the " + name, token, []string{"output of latchkey token get"}})
	}
	h, places, size := newHunter(all), x.places(), 0
	for _, p := range places {
		size += len(p.Content)
		for _, what := range h.search(p) {
			x.Errorf("on %s: %s", where, what)
		}
	}
	if x.w.Processes[0].Running() {
		x.noCore(x.w.Processes[0].PID())
	}
	x.Logf("on %s: %d secrets in %d places of %.1f MB", where, len(all), len(places), float64(size)/1e6)
}

// looksEverywhere holds that what is no secret is found in every kind of place, so
// that a secret would be.
func (x *run) looksEverywhere() {
	x.Helper()
	must(x, os.WriteFile(filepath.Join(x.temp, "left-over"), []byte(x.slug), 0o600))
	defer os.Remove(filepath.Join(x.temp, "left-over"))
	kinds := map[string]string{ // a part of the name: what must be found there
		"left-over": x.slug, "the log of": x.slug, "the standard output of": "first-run/", "the metrics of": "go_goroutines",
		"environ of": "LATCHKEY_DATA_DIR", "cmdline of": "latchkey", "output of latchkey tenant list": x.slug, "backup": x.slug,
		"audit.jsonl": "consent.completed", "audit.csv": "consent.completed", "bundle.zip": "LATCHKEY_DATA_DIR", "/keyring": "Latchkey",
		"output of latchkey config": "LATCHKEY_DATA_DIR",
	}
	if x.w.Storage == fleet.SQLite {
		kinds["latchkey.db"], kinds["latchkey.db-wal"] = x.slug, x.w.Connections[0].ID
	} else {
		kinds["table tenants"], kinds["/base/"], kinds["/pg_wal/"] = x.slug, x.slug, x.slug
	}
	seen := map[string]bool{}
	for _, p := range x.places() {
		for part, text := range kinds {
			if !seen[part] && strings.Contains(p.Name, part) {
				seen[part] = sees(p, text)
			}
		}
	}
	for part, text := range kinds {
		if !seen[part] {
			x.Errorf("%q is not found in any place called %q: a secret would not be, either", text, part)
		}
	}
}

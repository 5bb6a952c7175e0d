package postgres_test

import (
	"bufio"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"latchkey/test/postgres"
)

func TestMain(m *testing.M) {
	if os.Getenv("POSTGRES_TEST_CHILD") != "" {
		becomeChild()
	}
	code := m.Run()
	postgres.Stop()
	os.Exit(code)
}

// becomeChild starts a server, tells its address and waits to be killed.
func becomeChild() {
	s, err := postgres.Start()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(postgres.Address(s))
	select {}
}

func connect(t *testing.T, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestEachTestGetsAnEmptyDatabaseOfItsOwn(t *testing.T) {
	var addresses []string
	t.Run("first", func(t *testing.T) {
		addresses = append(addresses, postgres.URL(t), postgres.URL(t))
		conn := connect(t, addresses[0])
		if _, err := conn.Exec(t.Context(), "CREATE TABLE x (id int)"); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := connect(t, addresses[1]).QueryRow(t.Context(), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").Scan(&n); err != nil || n != 0 {
			t.Errorf("the second database holds %d tables, %v", n, err)
		}
		// The connections stay open: the databases must go all the same.
	})
	for _, address := range addresses {
		if conn, err := pgx.Connect(t.Context(), address); err == nil {
			conn.Close(t.Context())
			t.Errorf("%s outlived its test", address)
		}
	}
}

func TestParallelTestsShareTheServer(t *testing.T) {
	for i := range 6 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			if err := connect(t, postgres.URL(t)).Ping(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestAKilledProcessTakesItsServerAlong starts this program again, has it start a
// server and kills it.
func TestAKilledProcessTakesItsServerAlong(t *testing.T) {
	if os.Getenv("LATCHKEY_TEST_POSTGRES_URL") != "" {
		t.Log("the server is not ours: nothing to prove")
		return
	}
	postgres.URL(t) // says so, or skips, where there is no PostgreSQL
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "POSTGRES_TEST_CHILD=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Scan()
	address := lines.Text()
	if _, err := url.Parse(address); err != nil || address == "" {
		t.Fatalf("the child said %q", address)
	}
	conn := connect(t, address)
	if err := errors.Join(cmd.Process.Kill(), ignoreExit(cmd.Wait())); err != nil {
		t.Fatal(err)
	}
	// The connection ends when the server does, in the middle of this.
	if _, err := conn.Exec(t.Context(), "SELECT pg_sleep(30)"); err == nil {
		t.Error("the server outlived its process")
	}
}

func ignoreExit(err error) error {
	if _, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil
	}
	return err
}

func TestFoldersOfDeadProcessesAreRemoved(t *testing.T) {
	root := t.TempDir()
	dead := filepath.Join(root, postgres.FolderPrefix+"dead")
	live := filepath.Join(root, postgres.FolderPrefix+"live")
	other := filepath.Join(root, "somebody-elses")
	for _, dir := range []string{dead, live, other} {
		if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	lock, err := postgres.LockFolder(live)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	old := time.Now().Add(-time.Hour)
	for _, dir := range []string{dead, live, other} {
		if err := os.Chtimes(dir, old, old); err != nil {
			t.Fatal(err)
		}
	}
	postgres.RemoveLeftovers(root)
	for dir, want := range map[string]bool{dead: false, live: true, other: true} {
		if _, err := os.Stat(dir); (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", filepath.Base(dir), err == nil, want)
		}
	}
}

func TestTheNewestServerIsChosen(t *testing.T) {
	for dir, want := range map[string]int{
		"/usr/lib/postgresql/15/bin": 15, "/usr/lib/postgresql/9.6/bin": 6, "/usr/pgsql-17/bin": 17, "/usr/bin": 0,
	} {
		if got := postgres.Version(dir); got != want {
			t.Errorf("version of %s is %d, want %d", dir, got, want)
		}
	}
}

func TestAMissingServerIsReportedWithItsRemedy(t *testing.T) {
	t.Setenv("LATCHKEY_TEST_POSTGRES_URL", "")
	t.Setenv("PG_BIN", t.TempDir())
	if s, err := postgres.Start(); err == nil {
		s.Stop()
		t.Error("a server started from an empty folder")
	}
}

package chaos_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"latchkey/test/fleet"
)

// pooler is a PgBouncer in transaction mode before one database.
type pooler struct {
	t       testing.TB
	program string
	config  string
	port    int
	cmd     *exec.Cmd
}

// startPooler starts one with a few server connections for all.
func startPooler(t testing.TB, database string) *pooler {
	t.Helper()
	u, err := url.Parse(database)
	must(t, err)
	port, err := fleet.FreePort(t.Context())
	must(t, err)
	p := &pooler{t: t, program: poolerProgram(t), config: filepath.Join(t.TempDir(), "pgbouncer.ini"), port: port}
	password, ok := u.User.Password()
	if ok {
		password = fmt.Sprintf(" password='%s'", password)
	}
	text := fmt.Sprintf("[databases]\npooled = host=%s port=%s dbname=%s user=%s%s\n"+
		"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 6\n",
		u.Hostname(), u.Port(), strings.TrimPrefix(u.Path, "/"), u.User.Username(), password, p.port)
	must(t, os.WriteFile(p.config, []byte(text), 0o600))
	p.start()
	t.Cleanup(p.kill)
	return p
}

func poolerProgram(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "true" {
		t.Skip("no pgbouncer here: apt-get install -y pgbouncer")
	}
	t.Fatal("no pgbouncer here, and CI leaves nothing out: apt-get install -y pgbouncer")
	return ""
}

func (p *pooler) start() {
	p.t.Helper()
	args := []string{"-q", p.config}
	if os.Geteuid() == 0 {
		args = append(args, "-u", "nobody") // it refuses to run as root
	}
	p.cmd = exec.Command(p.program, args...)
	must(p.t, p.cmd.Start())
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", p.address())
		if err == nil {
			must(p.t, conn.Close())
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("the pooler does not start: %v", err)
		}
	}
}

func (p *pooler) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait() // reports that it was killed
}

func (p *pooler) address() string { return fmt.Sprintf("127.0.0.1:%d", p.port) }

// behindPooler makes a world whose servers know the database by a pooler only.
func behindPooler(t *testing.T, o fleet.Options) (*experiment, *pooler) {
	t.Helper()
	var p *pooler
	o.Storage = fleet.Postgres
	o.DatabaseURL = func(database string) string {
		confirm(t, database)
		p = startPooler(t, database)
		return "postgres://anybody@" + p.address() + "/pooled?sslmode=disable"
	}
	return begin(t, o), p
}

// confirm has a database keep what it has confirmed. Behind a pooler the servers
// cannot see to that themselves, and refuse one that does not.
func confirm(t *testing.T, database string) {
	t.Helper()
	u, err := url.Parse(database)
	must(t, err)
	conn, err := pgx.Connect(t.Context(), database)
	must(t, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), "ALTER DATABASE "+strings.TrimPrefix(u.Path, "/")+" SET synchronous_commit = on")
	must(t, err)
}

func TestBehindAPoolerInTransactionMode(t *testing.T) {
	t.Parallel()
	o := fleet.Options{Replicas: 2, Connections: 4}
	if *whole {
		o.Replicas, o.Connections = 3, 10
	}
	x, pooler := behindPooler(t, o)
	rounds := 2
	if *whole {
		rounds = 8
	}
	stop := x.crowd()
	for i := range rounds {
		began := time.Now()
		x.expire(x.w.Connections...)
		x.await("all tokens are new", func() bool { return len(x.refreshes(began)) == len(x.w.Connections) })
		for id, k := range x.refreshes(began) {
			if k != 1 {
				t.Errorf("%s was refreshed %d times", id, k)
			}
		}
		switch p := x.w.Processes[rand.IntN(len(x.w.Processes))]; i % 2 {
		case 0:
			pooler.kill()
			time.Sleep(300 * time.Millisecond) // an outage takes a while
			pooler.start()
		case 1:
			must(t, p.Kill())
			x.w.LapseLeases(t)
			must(t, p.Start())
		}
	}
	stop()
	x.conclude()
}

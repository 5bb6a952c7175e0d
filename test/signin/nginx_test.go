package signin_test

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// example is the configuration that is given to operators.
const example = "../../deploy/nginx/latchkey.conf"

// around makes a whole configuration of the example, for one process that writes
// nothing outside its folder.
const around = `daemon off;
master_process off;
pid %[1]s/pid;
error_log %[1]s/error.log notice;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	include %[1]s/latchkey.conf;
}
`

// startNginx runs nginx with the example, in which the documented addresses are
// replaced: it listens at port, before these servers and the application.
func startNginx(t testing.TB, port int, application string, servers ...string) {
	t.Helper()
	program, dir := nginxProgram(t), t.TempDir()
	text, err := os.ReadFile(example)
	must(t, err)
	config := string(text)
	for documented, here := range map[string]string{
		"server 127.0.0.1:8080;": "server " + strings.Join(servers, "; server ") + ";",
		"server 127.0.0.1:9000;": "server " + application + ";",
		"listen 80;":             fmt.Sprintf("listen 127.0.0.1:%d;", port),
		"listen 80 ":             fmt.Sprintf("listen 127.0.0.1:%d ", port),
	} {
		if strings.Count(config, documented) != 1 {
			t.Fatalf("the example has not one %q any more", documented)
		}
		config = strings.Replace(config, documented, here, 1)
	}
	must(t, os.WriteFile(filepath.Join(dir, "latchkey.conf"), []byte(config), 0o600))
	whole := filepath.Join(dir, "nginx.conf")
	must(t, os.WriteFile(whole, fmt.Appendf(nil, around, dir), 0o600))
	run := exec.Command(program, "-p", dir, "-e", filepath.Join(dir, "error.log"), "-c", whole)
	must(t, run.Start())
	t.Cleanup(func() {
		_ = run.Process.Kill() // it holds nothing that matters
		_ = run.Wait()
		if said, err := os.ReadFile(filepath.Join(dir, "error.log")); err == nil && t.Failed() {
			t.Logf("nginx said:\n%s", said)
		}
	})
	await(t, "nginx to listen", 20*time.Millisecond, func() bool {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return false
		}
		must(t, conn.Close())
		return true
	})
}

func nginxProgram(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"nginx", "/usr/sbin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "true" {
		t.Skip("no nginx here: apt-get install -y nginx-light")
	}
	t.Fatal("no nginx here, and CI leaves nothing out: apt-get install -y nginx-light")
	return ""
}

// patience is far above what anything here takes.
const patience = 2 * time.Minute

// await waits until something is so, and looks every so often.
func await(t testing.TB, what string, every time.Duration, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !so(); time.Sleep(every) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s for %s", patience, what)
		}
	}
}

// hostPort is the address of a URL without its scheme.
func hostPort(t testing.TB, address string) string {
	t.Helper()
	return mustURL(t, address).Host
}

func mustURL(t testing.TB, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	return u
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

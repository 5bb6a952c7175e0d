package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"latchkey/zohosim"
)

// server is «latchkey serve» in a process of its own.
type server struct {
	*exec.Cmd
	environ  []string
	public   string // address
	internal string
	lines    chan string // of its log, from ready on
	said     spoken      // on its standard output

	mu  sync.Mutex
	log bytes.Buffer
}

// binary is this test binary in the role of the program; see TestMain.
func binary(t *testing.T, environ []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &exec.Cmd{Path: self, Args: append([]string{"latchkey"}, args...), Env: append([]string{quickExit}, environ...), Dir: t.TempDir()}
}

// serve starts a server with the given settings and waits until it is ready.
func serve(t *testing.T, environ ...string) *server {
	t.Helper()
	s := &server{environ: environ, lines: make(chan string, 10_000), said: spoken{more: make(chan struct{}, 1)}}
	s.Cmd = binary(t, environ, "serve")
	s.Cmd.Stdout = &s.said
	pipe, err := s.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Process.Kill(); s.Wait() })
	go s.follow(bufio.NewScanner(pipe))
	ready := s.until(t, "ready")
	s.public, s.internal = ready["public"], ready["internal"]
	return s
}

func (s *server) follow(lines *bufio.Scanner) {
	defer close(s.lines)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		s.mu.Lock()
		s.log.WriteString(lines.Text() + "\n")
		s.mu.Unlock()
		s.lines <- lines.Text()
	}
}

// until returns the first line of the log, from where it was read last, whose
// message is this one.
func (s *server) until(t *testing.T, message string) map[string]string {
	t.Helper()
	for line := range s.lines {
		fields := map[string]any{}
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			continue
		}
		if fields["msg"] != message {
			continue
		}
		texts := map[string]string{}
		for name, value := range fields {
			texts[name], _ = value.(string)
		}
		return texts
	}
	t.Fatalf("the server ended without logging %q:\n%s", message, s.logged())
	return nil
}

// spoken is what a running program prints.
type spoken struct {
	mu   sync.Mutex
	b    bytes.Buffer
	more chan struct{} // sent to after each piece, as far as somebody has taken the last
}

func (s *spoken) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case s.more <- struct{}{}:
	default:
	}
	return s.b.Write(p)
}

func (s *spoken) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func (s *server) logged() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// ends waits for the end of the process and of its log, and returns its exit code.
func (s *server) ends() int {
	for range s.lines {
	}
	s.Wait()
	return s.ProcessState.ExitCode()
}

// settings are those of a server on a new SQLite database, on free ports.
func newSettings(t *testing.T, more ...string) []string {
	t.Helper()
	return append([]string{
		"LATCHKEY_DATA_DIR=" + filepath.Join(t.TempDir(), "data"),
		"LATCHKEY_LISTEN=127.0.0.1:0", "LATCHKEY_INTERNAL_LISTEN=127.0.0.1:0", "LATCHKEY_LOG_LEVEL=debug",
	}, more...)
}

// installation is a running server with a simulated Zoho and a demonstration that
// can be gone through.
type installation struct {
	*server
	*demo
}

func install(t *testing.T) *installation {
	t.Helper()
	sim, err := zohosim.Start(t.Context(), zohosim.Config{}, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sim.Close() })
	integrations := t.TempDir()
	if err := writeIntegrations(integrations, sim.Sim); err != nil {
		t.Fatal(err)
	}
	public, err := listen(t.Context(), "127.0.0.1:0") // for a port that the public address can name
	if err != nil {
		t.Fatal(err)
	}
	address := public.Addr().String()
	public.Close()
	environ := newSettings(t, "LATCHKEY_INTEGRATIONS_DIR="+integrations, "LATCHKEY_OUTBOUND_ALLOW=127.0.0.0/8",
		"LATCHKEY_LISTEN="+address, "LATCHKEY_PUBLIC_URL=http://{tenant}.localhost:"+port(public))
	i := &installation{server: serve(t, environ...)}
	cfg, err := readConfig(environ)
	if err != nil {
		t.Fatal(err)
	}
	storage, err := openStorage(t.Context(), cfg, false, newLogger(cfg, new(strings.Builder)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { storage.Close() })
	i.demo = &demo{out: new(strings.Builder), storage: storage, sim: sim, internal: "http://" + i.server.internal}
	return i
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// settings are what the command line chose.
type settings struct {
	addr             string
	redirectURIs     repeated
	logoutURIs       repeated
	clientID         string
	clientSecret     string
	accessTokenLife  time.Duration
	refreshTokenLife time.Duration
	user             string
	auto             bool
}

// repeated is a flag that may be given several times.
type repeated []string

func (r *repeated) String() string { return strings.Join(*r, " ") }

func (r *repeated) Set(value string) error {
	*r = append(*r, value)
	return nil
}

// announcement is the one line on standard output that tells a test where to go.
type announcement struct {
	Issuer   string `json:"issuer"`
	ClientID string `json:"client_id"`
	Control  string `json:"control"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "provider:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	chosen, err := parseSettings(args)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", chosen.addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", chosen.addr, err)
	}
	issuer := "http://" + listener.Addr().String()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	handler, err := newHandler(issuer, chosen, log)
	if err != nil {
		return fmt.Errorf("set up the provider: %w", err)
	}
	line := announcement{Issuer: issuer, ClientID: chosen.clientID, Control: issuer + controlPath}
	if err := json.NewEncoder(out).Encode(line); err != nil {
		return fmt.Errorf("announce the provider: %w", err)
	}
	return serve(ctx, listener, handler)
}

func parseSettings(args []string) (settings, error) {
	s := settings{clientSecret: os.Getenv("PROVIDER_CLIENT_SECRET")}
	flags := flag.NewFlagSet("provider", flag.ContinueOnError)
	flags.StringVar(&s.addr, "addr", "127.0.0.1:0", "listen `address`; port 0 picks a free one")
	flags.Var(&s.redirectURIs, "redirect-uri", "registered redirect `URI`; may be repeated")
	flags.Var(&s.logoutURIs, "logout-uri", "`URI` to which the browser may return after a logout; may be repeated")
	flags.StringVar(&s.clientID, "client-id", "latchkey", "client `identifier`")
	flags.DurationVar(&s.accessTokenLife, "access-token-life", 5*time.Second, "life of an access token")
	flags.DurationVar(&s.refreshTokenLife, "refresh-token-life", time.Hour, "life of each refresh token, counted from its issue")
	flags.StringVar(&s.user, "user", "alice", "`name` of the only user, also the subject")
	flags.BoolVar(&s.auto, "auto", true, "approve every authorization request without asking")
	if err := flags.Parse(args); err != nil {
		return settings{}, err
	}
	return s, s.check()
}

func (s settings) check() error {
	switch {
	case s.clientSecret == "":
		return errors.New("PROVIDER_CLIENT_SECRET is empty: set it to the client secret")
	case len(s.redirectURIs) == 0:
		return errors.New("no -redirect-uri: give at least one")
	case s.user == "" || strings.Contains(s.user, ":"):
		// The library joins token and subject with a colon inside an access token.
		return errors.New("-user must be a name without a colon")
	case s.accessTokenLife <= 0 || s.refreshTokenLife <= 0:
		return errors.New("token lives must be positive")
	}
	return nil
}

func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	// Requests still open at the end of a test belong to nobody.
	return server.Close()
}

package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// client returns a client for one mail.
func (s *Sender) client(ctx context.Context) (*gomail.Client, error) {
	config := &tls.Config{ServerName: s.settings.Host, RootCAs: s.settings.Roots, MinVersion: tls.VersionTLS12}
	options := []gomail.Option{
		gomail.WithPort(s.settings.Port), gomail.WithTimeout(s.patience), gomail.WithTLSConfig(config),
		gomail.WithoutNoop(), gomail.WithTLSPolicy(gomail.NoTLS), gomail.WithDialContextFunc(s.dialer(ctx, config)),
	}
	switch s.settings.Security {
	case StartTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case TLS:
		options = append(options, gomail.WithSSL())
	case Plain:
	}
	if s.settings.User != "" {
		options = append(options, gomail.WithSMTPAuthCustom(&login{settings: s.settings}))
	}
	return gomail.NewClient(s.settings.Host, options...)
}

// dialer returns what connects. A connection ends with ctx: the client itself would
// wait for ever for a server that takes a connection and says nothing.
func (s *Sender) dialer(whole context.Context, config *tls.Config) gomail.DialContextFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		plain, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		until, _ := whole.Deadline()
		conn := &bounded{Conn: plain, until: until}
		conn.stop = context.AfterFunc(whole, func() { plain.Close() })
		if err := conn.SetDeadline(until); err != nil || s.settings.Security != TLS {
			return conn, err
		}
		encrypted := tls.Client(conn, config)
		if err := encrypted.HandshakeContext(whole); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		return encrypted, nil
	}
}

// bounded is a connection whose time cannot be prolonged.
type bounded struct {
	net.Conn
	until time.Time
	stop  func() bool
}

func (b *bounded) SetDeadline(t time.Time) error {
	if t.IsZero() || t.After(b.until) {
		t = b.until
	}
	return b.Conn.SetDeadline(t)
}

func (b *bounded) Close() error {
	b.stop()
	return b.Conn.Close()
}

// login signs in by PLAIN (RFC 4616), or by LOGIN where there is nothing else. The
// way is encrypted by then, or does not leave the machine.
type login struct {
	settings Settings
	way      smtp.Auth
}

func (l *login) Start(server *smtp.ServerInfo) (string, []byte, error) {
	user, password, host := l.settings.User, l.settings.Password.Reveal(), l.settings.Host
	l.way = smtp.PlainAuth("", user, password, host, false)
	if !slices.Contains(server.Auth, "PLAIN") && slices.Contains(server.Auth, "LOGIN") {
		l.way = smtp.LoginAuth(user, password, host, false)
	}
	return l.way.Start(server)
}

func (l *login) Next(fromServer []byte, more bool) ([]byte, error) {
	return l.way.Next(fromServer, more)
}

// untrusted reports whether an error is about a certificate.
func untrusted(err error) bool {
	var verification *tls.CertificateVerificationError
	return errors.As(err, &verification)
}

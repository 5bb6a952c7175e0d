package mail

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/netip"
	"strings"

	"latchkey/crypto/secret"
)

// Security says how the way to the mail server is protected.
type Security string

// The ways.
const (
	// StartTLS begins in clear and refuses to go on so (RFC 3207); port 587.
	StartTLS Security = "starttls"
	// TLS is encrypted from the beginning (RFC 8314); port 465.
	TLS Security = "tls"
	// Plain is for a server on the same machine, and refused for any other; port 25.
	Plain Security = "none"
)

// Settings say by which server mail leaves.
type Settings struct {
	Host     string
	Port     int      // 0: the usual one
	Security Security // empty: StartTLS
	User     string   // empty: the server asks for none
	Password secret.Text
	From     string         // "signin@example.com", or "Latchkey <signin@example.com>"
	Roots    *x509.CertPool // whose certificates count; nil: the system's
}

// check fills in what is usual and returns what is wrong.
func (s *Settings) check() (*netmail.Address, error) {
	if s.Security == "" {
		s.Security = StartTLS
	}
	usual, ok := map[Security]int{StartTLS: 587, TLS: 465, Plain: 25}[s.Security]
	if !ok {
		return nil, fmt.Errorf("mail: the security is starttls, tls or none, not %q", s.Security)
	}
	if s.Port == 0 {
		s.Port = usual
	}
	switch {
	case s.Host == "" || strings.ContainsAny(s.Host, ":/ \r\n") && net.ParseIP(s.Host) == nil:
		return nil, errors.New("mail: the server is a host name without a port")
	case s.Port < 1 || s.Port > 65535:
		return nil, fmt.Errorf("mail: there is no port %d", s.Port)
	case s.Security == Plain && !loopback(s.Host):
		return nil, errors.New("mail: without TLS only a server on this machine is used, such as 127.0.0.1")
	case (s.User == "") != s.Password.IsZero():
		return nil, errors.New("mail: a user and a password belong together")
	}
	from, err := address(s.From)
	if err != nil {
		return nil, errors.New("mail: the sender is an address such as Latchkey <signin@example.com>")
	}
	return from, nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// address reads one address, of which nothing can become another line of a mail.
func address(text string) (*netmail.Address, error) {
	if strings.ContainsFunc(text, control) {
		return nil, errors.New("an address with control characters")
	}
	a, err := netmail.ParseAddress(text)
	if err != nil {
		return nil, errors.New("no address") // what err says would hold it
	}
	if strings.ContainsFunc(a.Address, control) || strings.ContainsFunc(a.Name, control) {
		return nil, errors.New("an address with control characters")
	}
	return a, nil
}

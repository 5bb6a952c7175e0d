package mail

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"io"
	"math/big"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/crypto/secret"
)

// server is a mail server on this machine (RFC 5321), with STARTTLS and AUTH. What
// it does otherwise than servers should is set before it is used.
type server struct {
	t        *testing.T
	listener net.Listener
	config   *tls.Config
	roots    *x509.CertPool
	implicit bool   // encrypted from the beginning
	noTLS    bool   // does not offer STARTTLS
	ways     string // of signing in, offered under TLS or noTLS; empty: PLAIN LOGIN
	fail     string // the command that is refused
	answer   string // what is said then
	mute     bool   // takes connections and says nothing

	lock     sync.Mutex
	mails    []string // data as it was sent, ends of lines and all
	envelope []string // MAIL and RCPT commands
	logins   []string // "user password", how, and whether encrypted
	all      sync.WaitGroup
}

func newServer(t *testing.T, set func(*server)) *server {
	t.Helper()
	s := &server{t: t, ways: "PLAIN LOGIN"}
	s.config, s.roots = certificate(t)
	set(s)
	var err error
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.all.Go(s.serve)
	t.Cleanup(func() {
		_ = s.listener.Close()
		s.all.Wait()
	})
	return s
}

// settings are those by which the server is reached.
func (s *server) settings(security Security) Settings {
	return Settings{
		Host: "127.0.0.1", Port: s.listener.Addr().(*net.TCPAddr).Port, Security: security, Roots: s.roots,
		From: "Latchkey <signin@example.com>", User: "robot", Password: secret.New("p4ss-of-the-robot"),
	}
}

func (s *server) sender(t *testing.T, settings Settings) *Sender {
	t.Helper()
	made, err := New(settings)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, roots
}

func (s *server) serve() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.all.Go(func() {
			defer conn.Close()
			if s.mute {
				_, _ = io.Copy(io.Discard, conn) // until the other side gives up
				return
			}
			if s.implicit {
				conn = tls.Server(conn, s.config)
			}
			s.talk(conn, s.implicit)
		})
	}
}

// talk answers commands until the other side leaves.
func (s *server) talk(conn net.Conn, encrypted bool) {
	text := textproto.NewConn(conn)
	if !s.say(text, "220 test") {
		return
	}
	for {
		line, err := text.ReadLine()
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(line, " ")
		verb = strings.ToUpper(verb)
		if verb == s.fail {
			s.say(text, s.answer)
			continue
		}
		switch verb {
		case "EHLO":
			s.greet(text, encrypted)
		case "STARTTLS":
			s.say(text, "220 go on")
			conn = tls.Server(conn, s.config)
			text, encrypted = textproto.NewConn(conn), true
		case "AUTH":
			s.login(text, rest, encrypted)
		case "MAIL", "RCPT":
			s.note(&s.envelope, line)
			s.say(text, "250 yes")
		case "DATA":
			s.say(text, "354 go on")
			data, err := readData(text)
			if err != nil {
				return
			}
			s.note(&s.mails, data)
			s.say(text, "250 taken")
		case "QUIT":
			s.say(text, "221 bye")
			return
		default:
			s.say(text, "250 yes")
		}
	}
}

func (s *server) say(text *textproto.Conn, line string) bool {
	return text.PrintfLine("%s", line) == nil
}

func (s *server) greet(text *textproto.Conn, encrypted bool) {
	s.say(text, "250-test")
	s.say(text, "250-8BITMIME")
	if !encrypted && !s.noTLS {
		s.say(text, "250-STARTTLS")
	}
	if (encrypted || s.noTLS) && s.ways != "" {
		s.say(text, "250-AUTH "+s.ways)
	}
	s.say(text, "250 SMTPUTF8")
}

func (s *server) login(text *textproto.Conn, rest string, encrypted bool) {
	way, first, _ := strings.Cut(rest, " ")
	plain := func(b64 string) string {
		raw, err := base64.StdEncoding.DecodeString(b64)
		if err != nil {
			s.t.Errorf("AUTH %s: %v", rest, err)
		}
		return string(raw)
	}
	who := strings.ReplaceAll(strings.TrimPrefix(plain(first), "\x00"), "\x00", " ")
	if way == "LOGIN" {
		s.say(text, "334 "+base64.StdEncoding.EncodeToString([]byte("Username:")))
		user, _ := text.ReadLine()
		s.say(text, "334 "+base64.StdEncoding.EncodeToString([]byte("Password:")))
		password, _ := text.ReadLine()
		who = plain(user) + " " + plain(password)
	}
	if encrypted {
		who += " encrypted"
	}
	s.note(&s.logins, way+" "+who)
	s.say(text, "235 welcome")
}

// readData reads a mail as it came, without undoing anything but the last line.
func readData(text *textproto.Conn) (string, error) {
	var all strings.Builder
	for {
		line, err := text.R.ReadString('\n')
		if err != nil {
			return "", err
		}
		if line == ".\r\n" {
			return all.String(), nil
		}
		all.WriteString(line)
	}
}

func (s *server) note(list *[]string, text string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	*list = append(*list, text)
}

// one returns the one mail that came, and how its sender signed in.
func (s *server) one() (mail, login string) {
	s.t.Helper()
	s.lock.Lock()
	defer s.lock.Unlock()
	if len(s.mails) != 1 || len(s.envelope) != 2 {
		s.t.Fatalf("%d mails came, in %q", len(s.mails), s.envelope)
	}
	return s.mails[0], strings.Join(s.logins, ", ")
}

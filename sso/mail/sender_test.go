package mail

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"

	"latchkey/crypto/secret"
)

const link = "https://acme.example.com/invitations/Zm9vYmFyYmF6cXV4"

func invitation() Message {
	return Message{
		Kind: Invitation, To: "marie@acme.example", Name: "Marie Dupont", Language: "en", Workspace: "Acme",
		UserName: "marie.dupont", Link: secret.New(link), Life: 2 * time.Hour,
	}
}

// letterOf is a mail as its reader gets it.
type letterOf struct {
	header mail.Header
	text   string
	html   string
}

func read(t *testing.T, raw string) letterOf {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("the mail is %s, %v", kind, err)
	}
	l := letterOf{header: m.Header}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return l
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.Header.Get("Content-Transfer-Encoding") != "quoted-printable" {
			t.Fatalf("a part is %v", p.Header)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") {
			l.html = string(body)
		} else {
			l.text = string(body)
		}
	}
}

func (l letterOf) subject(t *testing.T) string {
	t.Helper()
	s, err := new(mime.WordDecoder).DecodeHeader(l.header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMailArrivesByEveryWay(t *testing.T) {
	for _, c := range []struct {
		name     string
		security Security
		set      func(*server)
		change   func(*Settings)
		login    string
	}{
		{"STARTTLS", StartTLS, func(*server) {}, nil, "PLAIN robot p4ss-of-the-robot encrypted"},
		{"STARTTLS unless something is said", "", func(*server) {}, nil, "PLAIN robot p4ss-of-the-robot encrypted"},
		{"TLS", TLS, func(s *server) { s.implicit = true }, nil, "PLAIN robot p4ss-of-the-robot encrypted"},
		{"LOGIN where there is nothing else", StartTLS, func(s *server) { s.ways = "LOGIN XOAUTH2" }, nil, "LOGIN robot p4ss-of-the-robot encrypted"},
		{"none, on this machine", Plain, func(s *server) { s.noTLS = true }, nil, "PLAIN robot p4ss-of-the-robot"},
		{"without a user", Plain, func(s *server) { s.noTLS = true }, func(s *Settings) { s.User, s.Password = "", secret.Text{} }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newServer(t, c.set)
			settings := s.settings(c.security)
			if c.change != nil {
				c.change(&settings)
			}
			if err := s.sender(t, settings).Send(t.Context(), invitation()); err != nil {
				t.Fatal(err)
			}
			raw, login := s.one()
			if login != c.login {
				t.Errorf("signed in by %q", login)
			}
			l := read(t, raw)
			if s.envelope[0] != "MAIL FROM:<signin@example.com> BODY=8BITMIME SMTPUTF8" && !strings.HasPrefix(s.envelope[0], "MAIL FROM:<signin@example.com>") || !strings.HasPrefix(s.envelope[1], "RCPT TO:<marie@acme.example>") {
				t.Errorf("the envelope is %q", s.envelope)
			}
			if l.subject(t) != "Acme: your invitation" || !strings.Contains(l.text, link) || !strings.Contains(l.html, `href="`+link+`"`) {
				t.Errorf("%s\n%s\n%s", l.subject(t), l.text, l.html)
			}
			if l.header.Get("Auto-Submitted") != "auto-generated" || l.header.Get("Message-Id") == "" || l.header.Get("Date") == "" {
				t.Errorf("the headers are %v", l.header)
			}
		})
	}
}

func TestPasswordsAndLinksNeverGoOverAnUnprotectedWay(t *testing.T) {
	for name, c := range map[string]struct {
		set    func(*server)
		change func(*Settings)
		say    string
	}{
		"a server without STARTTLS":        {func(s *server) { s.noTLS = true }, nil, "no protected conversation"},
		"a certificate that nobody trusts": {func(*server) {}, func(s *Settings) { s.Roots = nil }, "not trusted"},
		"a certificate of another host":    {func(*server) {}, func(s *Settings) { s.Host = "localhost" }, "not trusted"},
		"TLS from the start, untrusted":    {func(s *server) { s.implicit = true }, func(s *Settings) { s.Security, s.Roots = TLS, nil }, "not trusted"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, c.set)
			settings := s.settings(StartTLS)
			if c.change != nil {
				c.change(&settings)
			}
			err := s.sender(t, settings).Send(t.Context(), invitation())
			if !errors.Is(err, ErrUndelivered) || !strings.Contains(err.Error(), c.say) {
				t.Errorf("got %v", err)
			}
			if s.lock.Lock(); len(s.logins)+len(s.mails)+len(s.envelope) != 0 {
				t.Errorf("it went on: %q %q", s.logins, s.envelope)
			}
			s.lock.Unlock()
		})
	}
}

func TestErrorsSayWhatHappenedAndNothingSecret(t *testing.T) {
	for command, answer := range map[string]string{
		"AUTH": "535 5.7.8 robot p4ss-of-the-robot is wrong",
		"MAIL": "550 no",
		"RCPT": "550 marie@acme.example is nobody",
		"DATA": "554 not " + link,
	} {
		t.Run(command, func(t *testing.T) {
			s := newServer(t, func(s *server) { s.fail, s.answer = command, answer })
			err := s.sender(t, s.settings(StartTLS)).Send(t.Context(), invitation())
			if !errors.Is(err, ErrUndelivered) || !strings.Contains(err.Error(), "code "+answer[:3]) {
				t.Fatalf("got %v", err)
			}
			for _, hidden := range []string{"robot", "p4ss", "marie", "invitations"} {
				if strings.Contains(err.Error(), hidden) {
					t.Errorf("the error holds %q: %v", hidden, err)
				}
			}
		})
	}
	s := newServer(t, func(*server) {})
	_ = s.listener.Close()
	if err := s.sender(t, s.settings(StartTLS)).Send(t.Context(), invitation()); !errors.Is(err, ErrUndelivered) {
		t.Errorf("without a server: %v", err)
	}
}

func TestAServerThatSaysNothingIsNotWaitedForForEver(t *testing.T) {
	for _, security := range []Security{StartTLS, TLS} {
		t.Run(string(security), func(t *testing.T) {
			s := newServer(t, func(s *server) { s.mute = true })
			sender := s.sender(t, s.settings(security))
			if sender.patience != 10*time.Second {
				t.Errorf("a mail may take %s", sender.patience)
			}
			sender.patience = 200 * time.Millisecond
			if err := sender.Send(t.Context(), invitation()); !errors.Is(err, ErrUndelivered) || !strings.Contains(err.Error(), "longer than") {
				t.Errorf("got %v", err)
			}
			sender.patience = time.Hour
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := sender.Send(ctx, invitation()); !errors.Is(err, ErrUndelivered) || !strings.Contains(err.Error(), "called off") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestNoNameBecomesAHeaderOrALine(t *testing.T) {
	evil := "x\r\nBcc: evil@example.net\r\n\r\n.\r\nMAIL FROM:<evil@example.net>\r\n\u2028<script>alert(1)</script>\x00"
	for name, change := range map[string]func(*Message){
		"the name":      func(m *Message) { m.Name = evil },
		"the workspace": func(m *Message) { m.Workspace = evil },
		"the user name": func(m *Message) { m.UserName = evil },
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, func(*server) {})
			m := invitation()
			change(&m)
			if err := s.sender(t, s.settings(StartTLS)).Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			raw, _ := s.one()
			l := read(t, raw)
			for key := range l.header {
				switch key {
				case "Date", "Message-Id", "Mime-Version", "Subject", "From", "To", "Auto-Submitted", "Content-Type":
				default:
					t.Errorf("there is a header %s", key)
				}
			}
			if strings.Contains(l.html, "<script") || strings.Contains(l.text, "\nBcc") || strings.ContainsAny(l.subject(t), "\r\n\x00") {
				t.Errorf("%s\n%s\n%s", l.subject(t), l.text, l.html)
			}
			to, err := l.header.AddressList("To")
			if err != nil || len(to) != 1 || to[0].Address != "marie@acme.example" || strings.ContainsAny(to[0].Name, "\r\n\x00") {
				t.Errorf("it is to %v, %v", to, err)
			}
		})
	}
	for _, to := range []string{evil, "marie@acme.example\r\nBcc: evil@example.net", "marie@acme.example, evil@example.net", "", "marie", "\"x\r\n\"@acme.example"} {
		s := newServer(t, func(*server) {})
		m := invitation()
		m.To = to
		if err := s.sender(t, s.settings(StartTLS)).Send(t.Context(), m); !errors.Is(err, ErrUndelivered) {
			t.Errorf("to %q: %v", to, err)
		}
		if len(s.envelope) != 0 {
			t.Errorf("to %q: %q", to, s.envelope)
		}
	}
}

func TestSettingsThatCannotBeRightAreRefused(t *testing.T) {
	good := Settings{Host: "mail.example.com", From: "signin@example.com"}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Settings){
		"no host":               func(s *Settings) { s.Host = "" },
		"a host with a port":    func(s *Settings) { s.Host = "mail.example.com:25" },
		"no such port":          func(s *Settings) { s.Port = 70000 },
		"no such security":      func(s *Settings) { s.Security = "ssl" },
		"in clear over the net": func(s *Settings) { s.Security = Plain },
		"a user alone":          func(s *Settings) { s.User = "robot" },
		"a password alone":      func(s *Settings) { s.Password = secret.New("p4ss") },
		"no sender":             func(s *Settings) { s.From = "" },
		"a sender of two lines": func(s *Settings) { s.From = "a@example.com\r\nBcc: b@example.com" },
	} {
		t.Run(name, func(t *testing.T) {
			s := good
			change(&s)
			if _, err := New(s); err == nil || strings.Contains(err.Error(), "p4ss") {
				t.Errorf("got %v", err)
			}
		})
	}
	for _, host := range []string{"localhost", "127.0.0.1", "::1"} {
		if _, err := New(Settings{Host: host, From: "a@example.com", Security: Plain}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}

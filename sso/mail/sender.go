package mail

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"net/textproto"
	"os"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// patience bounds a delivery from the first byte to the last: somebody waits for it.
const patience = 10 * time.Second

// ErrUndelivered means that a mail did not leave. What it is wrapped in says why, in
// words that hold nothing secret.
var ErrUndelivered = errors.New("the mail was not sent")

// Sender sends mail. It may be shared; each mail is a connection.
type Sender struct {
	settings Settings
	from     *netmail.Address
	patience time.Duration
}

// New returns the Sender of a server. It does not connect.
func New(s Settings) (*Sender, error) {
	from, err := s.check()
	if err != nil {
		return nil, err
	}
	return &Sender{settings: s, from: from, patience: patience}, nil
}

// Send sends a message and returns when the server has taken it, or after 10 seconds.
// Its errors are [ErrUndelivered].
func (s *Sender) Send(ctx context.Context, m Message) error {
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	made, err := s.compose(m)
	if err != nil {
		return undelivered(err.Error())
	}
	client, err := s.client(ctx)
	if err != nil {
		return undelivered("the settings of the mail server are not usable")
	}
	if err := client.DialAndSendWithContext(ctx, made); err != nil {
		return undelivered(s.reason(ctx, err))
	}
	return nil
}

func undelivered(why string) error { return fmt.Errorf("mail: %w: %s", ErrUndelivered, why) }

// compose makes the mail. Whatever is in names ends up in one line.
func (s *Sender) compose(m Message) (*gomail.Msg, error) {
	to, err := address(m.To)
	if err != nil {
		return nil, errors.New("the recipient has no usable address")
	}
	text, html, subject, err := m.render()
	if err != nil {
		return nil, err
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(s.from)
	msg.ToMailAddress(&netmail.Address{Name: oneLine(m.Name), Address: to.Address})
	msg.Subject(subject)
	msg.SetDate()
	msg.SetMessageID()
	// Nobody's holiday is to answer, and no list takes it for its own (RFC 3834).
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(gomail.TypeTextPlain, text)
	msg.AddAlternativeString(gomail.TypeTextHTML, html)
	return msg, nil
}

// reason tells what went wrong without repeating what the server said: that may hold
// the password, or the text that was refused.
func (s *Sender) reason(ctx context.Context, err error) string {
	var answer *textproto.Error
	var refusal *gomail.SendError
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Sprintf("%s took longer than %s", s.settings.Host, s.patience)
	case ctx.Err() != nil:
		return "it was called off"
	case errors.As(err, &answer):
		return fmt.Sprintf("%s refused with the code %d", s.settings.Host, answer.Code)
	case errors.As(err, &refusal) && refusal.ErrorCode() != 0:
		return fmt.Sprintf("%s refused with the code %d", s.settings.Host, refusal.ErrorCode())
	case untrusted(err):
		return fmt.Sprintf("the certificate of %s is not trusted", s.settings.Host)
	}
	return fmt.Sprintf("no protected conversation with %s, port %d, was possible", s.settings.Host, s.settings.Port)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/crypto/secret"
	"latchkey/sso"
	"latchkey/sso/credentials"
	"latchkey/sso/directory"
	"latchkey/sso/identity"
	"latchkey/sso/mail"
	"latchkey/sso/session"
	"latchkey/sso/signin"
	signins "latchkey/sso/store"
	"latchkey/tokens/consent"
	"latchkey/tokens/upstream"
)

// people is what the server and the operator's commands need for those who sign in.
type people struct {
	directory   *directory.Directory
	credentials *credentials.Credentials
	sessions    *session.Sessions
	breached    *credentials.Breached // nil: the built-in list only
	mail        *mail.Sender          // nil: there is no mail
}

// openPeople prepares what belongs to people on an opened storage.
func openPeople(cfg *Config, s *storage, log *slog.Logger) (people, error) {
	// Beginning a session is rare enough to ask the database each time.
	frozen := store.NewFrozen(s.options, nil)
	noSession := func(ctx context.Context, in authmethods.TenantID) error { return frozen.SignIn(ctx, in, "") }
	p := people{
		directory: directory.New(directory.Options{DB: s.db, Vault: s.vault, CheckMethod: signin.CheckMethod(s.methods, s.catalog)}),
		sessions:  session.New(session.Options{Frozen: noSession, DB: s.db, System: s.system, Vault: s.vault, PublicURL: cfg.PublicURL, Log: log}),
	}
	var err error
	if cfg.BreachedPasswords != "" {
		if p.breached, err = credentials.OpenBreached(cfg.BreachedPasswords); err != nil {
			return p, &usageError{err: fmt.Errorf("LATCHKEY_BREACHED_PASSWORDS: %w", err)}
		}
	}
	p.credentials = credentials.New(credentials.Options{
		DB: s.db, System: s.system, Vault: s.vault, PublicURL: cfg.PublicURL, Breached: p.breached, Log: log,
	})
	p.mail, err = cfg.mailer()
	return p, err
}

// newSignIn is the service by which people sign in at providers.
func newSignIn(cfg *Config, s *storage, providers *upstream.Client, consents *consent.Service, log *slog.Logger) *signin.Service {
	return signin.New(signin.Options{
		Frozen:    store.NewFrozen(s.options, nil).SignIn,
		Directory: s.people.directory, SignIns: signins.New(signins.Options{DB: s.db, System: s.system, Vault: s.vault}),
		Methods: s.methods, Tenants: s.tenants, Catalog: s.catalog,
		Identity: identity.New(identity.Options{HTTP: providers.HTTPClient(), Log: log}),
		Provider: providers, Agents: agents(consents), PublicURL: cfg.PublicURL, Log: log,
	})
}

// agents lists the people whom a method's provider knows, as it will speak of them when
// they sign in: with the e-mail address that it has verified.
func agents(of *consent.Service) func(context.Context, authmethods.Caller, authmethods.ID, authmethods.Environment) ([]sso.Claims, error) {
	return func(ctx context.Context, c authmethods.Caller, method authmethods.ID, e authmethods.Environment) ([]sso.Claims, error) {
		people, err := of.People(ctx, c, method, e)
		claims := make([]sso.Claims, len(people))
		for i, p := range people {
			claims[i] = sso.Claims{"sub": p.ID, "email": p.Email, "email_verified": true, "name": p.Name}
		}
		return claims, err
	}
}

// mailer is the sender that the configuration describes; nil: there is no mail.
func (c *Config) mailer() (*mail.Sender, error) {
	if c.MailURL.IsZero() {
		return nil, nil
	}
	u, err := url.Parse(c.MailURL.Reveal())
	if err != nil {
		return nil, errors.New("must be smtp://…, smtps://… or smtp+plain://…") // the value may hold a password
	}
	security, ok := map[string]mail.Security{"smtp": mail.StartTLS, "smtps": mail.TLS, "smtp+plain": mail.Plain}[u.Scheme]
	if !ok || u.Hostname() == "" {
		return nil, errors.New("must be smtp://…, smtps://… or smtp+plain://…")
	}
	settings := mail.Settings{Host: u.Hostname(), Security: security, From: c.MailFrom}
	if port := u.Port(); port != "" {
		if settings.Port, err = strconv.Atoi(port); err != nil {
			return nil, errors.New("the port is not a number")
		}
	}
	if u.User != nil {
		settings.User = u.User.Username()
		settings.Password = passwordOf(u)
	}
	return mail.New(settings)
}

// prunePeople removes what is kept no longer of those who sign in.
func (a *app) prunePeople(ctx context.Context) error {
	now := time.Now()
	return errors.Join(
		a.storage.people.sessions.Prune(ctx, now), a.storage.people.credentials.Prune(ctx, now), a.signIn.Prune(ctx, now),
	)
}

func passwordOf(u *url.URL) secret.Text {
	password, _ := u.User.Password()
	return secret.New(password)
}

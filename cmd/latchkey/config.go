package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
)

// Config is the server's configuration, read from the environment and complete:
// what is not set has its default. The names are in settings.go.
type Config struct {
	// DataDir is the directory of the database file and the keyring. The zero value
	// is the current directory; reading the configuration never leaves it so.
	DataDir string
	// DatabaseURL is sqlite:PATH or postgres://…, a secret since it may hold a
	// password. Never zero: the default is latchkey.db in DataDir.
	DatabaseURL secret.Text
	// KeyringFile holds the key-encryption keys. Zero only with PostgreSQL, where it
	// is a fault.
	KeyringFile string
	// Keyring is the text of a keyring that is no file. Zero: it is one.
	Keyring secret.Text
	// TransitToken is the token for HashiCorp Vault or OpenBao. Zero: it is in
	// TransitTokenFile, or there is none.
	TransitToken secret.Text
	// TransitTokenFile is the file of that token, read anew for each request.
	TransitTokenFile string
	// TransitNamespace is the namespace there. Zero: none.
	TransitNamespace string
	// TransitCAFile holds the certificates to trust there. Zero: the system's.
	TransitCAFile string
	// PublicURL is the pattern of the tenants' addresses, {tenant} being the slug,
	// without a final slash. Never zero.
	PublicURL authmethods.PublicURL
	// Listen is the public listener's address. Never zero.
	Listen string
	// InternalListen is the internal listener's address, host:port or unix:PATH.
	// Never zero.
	InternalListen string
	// TrustedProxies are the networks whose forwarded headers count. Zero: nobody's
	// do, the address of the connection is the client's.
	TrustedProxies []netip.Prefix
	// AddressLimit is how many requests a minute one address may send without proof of
	// who sends them. Zero: any number.
	AddressLimit int
	// Connections is how many the public listener has at once, a quarter of them from
	// one address. Zero: any number.
	Connections int
	// OutboundAllow are the private networks that providers may live in. Zero: only
	// public addresses, and https alone.
	OutboundAllow []netip.Prefix
	// IntegrationsDir holds the operator's own integration types. Zero: the built-in
	// ones only.
	IntegrationsDir string
	// StaleGrace is how long loans on record are renewed from memory while the
	// database is down. Zero: never.
	StaleGrace time.Duration
	// MailURL is the mail server that invitations leave by, a secret since it holds a
	// password. Zero: there is no mail, and links are shown to whoever makes them.
	MailURL secret.Text
	// MailFrom is the sender of mails. Zero only where there is no mail.
	MailFrom string
	// BreachedPasswords is a file of leaked passwords. Zero: the built-in list only.
	BreachedPasswords string
	// AuditRetention is how long entries of the audit log are kept. Zero: for ever.
	AuditRetention time.Duration
	// LogLevel is the least level that is logged. Zero is info.
	LogLevel slog.Level
	// LogFormat is json or text. Never zero.
	LogFormat string

	// credential says that KeyringFile is one that systemd gave to this service.
	credential bool

	// showcase serves the page of all components: in the demonstration only.
	showcase bool

	// sources says where each value came from, by name: absent is the default.
	sources map[string]string
}

// readConfig reads the configuration of a server. Its error lists every fault at
// once.
func readConfig(environ []string) (*Config, error) {
	c := &Config{sources: map[string]string{}}
	env, faults := values(environ)
	for _, s := range settings {
		value, source, err := env.find(s)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		c.sources[s.name] = source
		if value == "" {
			value = s.fallback
		}
		if err := s.set(c, value); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", s.name, err))
		}
	}
	c.findCredential(environ)
	c.derive()
	faults = append(faults, c.check()...)
	if err := errors.Join(faults...); err != nil {
		return nil, &usageError{err: fmt.Errorf("the configuration is not valid:\n  %s", indent(err.Error()))}
	}
	return c, nil
}

// databaseFile is the name of the database in the data directory.
const databaseFile = "latchkey.db"

// derive fills in the defaults that depend on other values.
func (c *Config) derive() {
	if c.DatabaseURL.IsZero() {
		c.DatabaseURL = secret.New("sqlite:" + filepath.Join(c.DataDir, databaseFile))
	}
	if c.KeyringFile == "" && c.Keyring.IsZero() && c.sqlitePath() != "" {
		c.KeyringFile = filepath.Join(c.DataDir, "keyring")
	}
}

// check finds the faults that lie between values.
func (c *Config) check() (faults []error) {
	if c.KeyringFile != "" && !c.Keyring.IsZero() {
		faults = append(faults, errors.New("LATCHKEY_KEYRING: set together with LATCHKEY_KEYRING_FILE; use one of them"))
	}
	if !c.TransitToken.IsZero() && c.TransitTokenFile != "" {
		faults = append(faults, errors.New("LATCHKEY_TRANSIT_TOKEN: set together with LATCHKEY_TRANSIT_TOKEN_FILE; use one of them"))
	}
	if c.KeyringFile == "" && c.Keyring.IsZero() && c.sqlitePath() == "" {
		faults = append(faults, errors.New("LATCHKEY_KEYRING_FILE: needed with PostgreSQL, where every replica must have the same keyring; "+
			"make one with «latchkey keyring create FILE»"))
	}
	if c.Listen != "" && c.Listen == c.InternalListen && !strings.HasSuffix(c.Listen, ":0") {
		faults = append(faults, errors.New("LATCHKEY_INTERNAL_LISTEN: the same address as LATCHKEY_LISTEN; the two listeners must be apart"))
	}
	if !c.MailURL.IsZero() {
		if _, err := c.mailer(); err != nil {
			faults = append(faults, fmt.Errorf("LATCHKEY_MAIL_URL: %w", err))
		}
	}
	return faults
}

// sqlitePath is the database file, empty for PostgreSQL.
func (c *Config) sqlitePath() string {
	path, ok := strings.CutPrefix(c.DatabaseURL.Reveal(), "sqlite:")
	if !ok {
		return ""
	}
	return strings.TrimPrefix(path, "//")
}

// warnings are what is allowed but should be known.
func (c *Config) warnings() (list []string) {
	if !loopbackListener(c.InternalListen) {
		list = append(list, "LATCHKEY_INTERNAL_LISTEN "+c.InternalListen+" can be reached from other machines: tokens travel over it in clear, keep it in a private network")
	}
	if len(c.OutboundAllow) > 0 {
		list = append(list, "LATCHKEY_OUTBOUND_ALLOW lets providers live in private networks and speak http there")
	}
	return list
}

// values splits an environment, and refuses names of ours that nobody reads: a
// misspelt setting would otherwise be a default in silence.
func values(environ []string) (environment, []error) {
	env := environment{}
	known := knownNames()
	var faults []error
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, "LATCHKEY_") {
			continue
		}
		if !slices.Contains(known, name) {
			faults = append(faults, unknownName(name, known))
			continue
		}
		env[name] = value
	}
	return env, faults
}

func unknownName(name string, known []string) error {
	if near := catalog.Nearest(name, known); near != "" {
		return fmt.Errorf("%s: unknown; did you mean %s?", name, near)
	}
	return fmt.Errorf("%s: unknown; «latchkey config» lists the names", name)
}

// environment holds the LATCHKEY_ variables that are known.
type environment map[string]string

// maxSecretFile is far above any password or key.
const maxSecretFile = 64 << 10

// find returns the value of a setting and where it came from. An empty variable
// counts as not set.
func (e environment) find(s setting) (value, source string, err error) {
	direct, file := e[s.name], ""
	if s.secret && !s.alone {
		file = e[s.name+"_FILE"]
	}
	switch {
	case direct != "" && file != "":
		return "", "", fmt.Errorf("%s: set together with %s_FILE; use one of them", s.name, s.name)
	case file != "":
		value, err := readSecretFile(file)
		if err != nil {
			return "", "", fmt.Errorf("%s_FILE: %w", s.name, err)
		}
		return value, "file", nil
	case direct != "":
		return direct, "environment", nil
	}
	return "", "", nil
}

// readSecretFile reads a secret and drops the line end that editors leave.
func readSecretFile(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.Size() > maxSecretFile {
		return "", fmt.Errorf("%s is longer than %d bytes", path, maxSecretFile)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	value := strings.TrimRight(string(text), "\r\n")
	if value == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return value, nil
}

package main

import (
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"latchkey/crypto/secret"
)

// setting is one name of the environment. The documentation is made from these.
type setting struct {
	name     string
	fallback string // what counts when it is not set
	usual    string // the default in words, if fallback does not say it
	meaning  string
	secret   bool // may also be given as NAME_FILE, and is never printed
	alone    bool // a secret of which NAME_FILE is a setting of its own
	set      func(*Config, string) error
	show     func(*Config) string
}

var settings = []setting{
	{
		name: "LATCHKEY_DATA_DIR", fallback: "./latchkey-data",
		meaning: "directory for the SQLite database, the key file and the lifeboat; made with mode 0700, refused when others may enter it",
		set:     func(c *Config, v string) error { c.DataDir = v; return nil },
		show:    func(c *Config) string { return c.DataDir },
	},
	{
		name: "LATCHKEY_DATABASE_URL", usual: "`latchkey.db` in the data directory", secret: true,
		meaning: "`sqlite:PATH` or `postgres://…`",
		set:     setDatabaseURL,
		show:    showDatabaseURL,
	},
	{
		name: "LATCHKEY_KEYRING_FILE", usual: "`keyring` in the data directory",
		meaning: "key-encryption keys; made (0600) on the first start with SQLite, required with PostgreSQL; the server does not start with a wrong, missing or group-readable one",
		set:     func(c *Config, v string) error { c.KeyringFile = v; return nil },
		show:    func(c *Config) string { return c.KeyringFile },
	},
	{
		name: "LATCHKEY_KEYRING", usual: "none", secret: true, alone: true,
		meaning: "the keyring itself, its lines separated by line ends or `;`, in place of a file",
		set:     func(c *Config, v string) error { c.Keyring = secret.New(v); return nil },
		show:    func(c *Config) string { return shownIfSet(c.Keyring) },
	},
	{
		name: "LATCHKEY_TRANSIT_TOKEN", usual: "none", secret: true, alone: true,
		meaning: "token for HashiCorp Vault or OpenBao, where the keyring names keys there",
		set:     func(c *Config, v string) error { c.TransitToken = secret.New(v); return nil },
		show:    func(c *Config) string { return shownIfSet(c.TransitToken) },
	},
	{
		name: "LATCHKEY_TRANSIT_TOKEN_FILE", usual: "none",
		meaning: "file of that token, read anew for each request, since agents replace it",
		set:     func(c *Config, v string) error { c.TransitTokenFile = v; return nil },
		show:    func(c *Config) string { return c.TransitTokenFile },
	},
	{
		name: "LATCHKEY_TRANSIT_NAMESPACE", usual: "none",
		meaning: "namespace at HashiCorp Vault or OpenBao",
		set:     func(c *Config, v string) error { c.TransitNamespace = v; return nil },
		show:    func(c *Config) string { return c.TransitNamespace },
	},
	{
		name: "LATCHKEY_TRANSIT_CA_FILE", usual: "the system's",
		meaning: "file of the certificates (PEM) to trust at HashiCorp Vault or OpenBao",
		set:     func(c *Config, v string) error { c.TransitCAFile = v; return nil },
		show:    func(c *Config) string { return c.TransitCAFile },
	},
	{
		name: "LATCHKEY_PUBLIC_URL", fallback: "http://{tenant}.localhost:8080",
		meaning: "address pattern of the tenants; `{tenant}` is the slug. All addresses are built from it, never from a request. https, except on this machine",
		set:     func(c *Config, v string) (err error) { c.PublicURL, err = publicURL(v); return err },
		show:    func(c *Config) string { return string(c.PublicURL) },
	},
	{
		name: "LATCHKEY_LISTEN", fallback: ":8080",
		meaning: "public listener: pages, administration API, redirect addresses",
		set:     func(c *Config, v string) error { c.Listen = v; return checkListen(v) },
		show:    func(c *Config) string { return c.Listen },
	},
	{
		name: "LATCHKEY_INTERNAL_LISTEN", fallback: "127.0.0.1:8081",
		meaning: "internal listener: lending, metrics, health; also `unix:PATH`",
		set:     func(c *Config, v string) error { c.InternalListen = v; return checkInternalListen(v) },
		show:    func(c *Config) string { return c.InternalListen },
	},
	{
		name: "LATCHKEY_TRUSTED_PROXIES", usual: "none",
		meaning: "networks (CIDR, separated by commas) whose forwarded headers count; a /0 is refused",
		set:     func(c *Config, v string) (err error) { c.TrustedProxies, err = prefixes(v); return err },
		show:    func(c *Config) string { return joinPrefixes(c.TrustedProxies) },
	},
	{
		name: "LATCHKEY_ADDRESS_LIMIT", fallback: "3000",
		meaning: "requests a minute that one address (of IPv6, a /64) may send to the public listener without being signed in; a fifth of them may begin a sign-in or try a password, a tenth may come back from a provider or be wrong; a person or key may send as many, all strangers to one tenant ten times as many. Per process; `0` is any number",
		set:     func(c *Config, v string) (err error) { c.AddressLimit, err = count(v, maxAddressLimit); return err },
		show:    func(c *Config) string { return strconv.Itoa(c.AddressLimit) },
	},
	{
		name: "LATCHKEY_CONNECTIONS", fallback: "4096",
		meaning: "connections to the public listener at once, per process, a quarter of them from one address that is no trusted proxy; when there is no room, one without a request in hand is closed, of the address with most of them; `0` is any number",
		set:     func(c *Config, v string) (err error) { c.Connections, err = count(v, maxConnections); return err },
		show:    func(c *Config) string { return strconv.Itoa(c.Connections) },
	},
	{
		name: "LATCHKEY_OUTBOUND_ALLOW", usual: "none",
		meaning: "private networks (CIDR, separated by commas) that providers may live in; addresses in them may be spoken to over http",
		set:     func(c *Config, v string) (err error) { c.OutboundAllow, err = prefixes(v); return err },
		show:    func(c *Config) string { return joinPrefixes(c.OutboundAllow) },
	},
	{
		name: "LATCHKEY_INTEGRATIONS_DIR", usual: "none",
		meaning: "directory of extra or overriding integration types (YAML)",
		set:     setIntegrationsDir,
		show:    func(c *Config) string { return c.IntegrationsDir },
	},
	{
		name: "LATCHKEY_STALE_GRACE", fallback: "30s",
		meaning: "how long loans that are already recorded may be renewed from memory while the database is down, at most `10m`; `0` is never",
		set:     setStaleGrace,
		show:    func(c *Config) string { return c.StaleGrace.String() },
	},
	{
		name: "LATCHKEY_MAIL_URL", usual: "none", secret: true,
		meaning: "mail server for invitations and password resets: `smtp://USER:PASSWORD@HOST:587` (STARTTLS), `smtps://…:465`, or `smtp+plain://127.0.0.1:25` on this machine; without one their links are shown to the administrator who makes them",
		set:     func(c *Config, v string) error { c.MailURL = secret.New(v); return nil },
		show:    func(c *Config) string { return redactURL(c.MailURL.Reveal()) },
	},
	{
		name: "LATCHKEY_MAIL_FROM", usual: "none",
		meaning: "sender of mails, such as `Latchkey <signin@example.com>`; needed with `LATCHKEY_MAIL_URL`",
		set:     func(c *Config, v string) error { c.MailFrom = v; return nil },
		show:    func(c *Config) string { return c.MailFrom },
	},
	{
		name: "LATCHKEY_BREACHED_PASSWORDS", usual: "the built-in list of common passwords",
		meaning: "file of leaked passwords, as SHA-1 hashes in order (the format of Have I Been Pwned), which nobody may choose; read where it lies, never loaded",
		set:     func(c *Config, v string) error { c.BreachedPasswords = v; return nil },
		show:    func(c *Config) string { return c.BreachedPasswords },
	},
	{
		name: "LATCHKEY_AUDIT_RETENTION", usual: "for ever",
		meaning: "how many days entries of the audit log are kept, such as `400d`, at least `30d`; what is left can still be verified",
		set:     setAuditRetention,
		show:    showAuditRetention,
	},
	{
		name: "LATCHKEY_LOG_LEVEL", fallback: "info",
		meaning: "`debug`, `info`, `warn` or `error`",
		set:     setLogLevel,
		show:    func(c *Config) string { return strings.ToLower(c.LogLevel.String()) },
	},
	{
		name: "LATCHKEY_LOG_FORMAT", fallback: "json",
		meaning: "`json` or `text`; logs go to standard error",
		set:     setLogFormat,
		show:    func(c *Config) string { return c.LogFormat },
	},
}

// clientSettings are read by «latchkey token get», not by the server.
var clientSettings = []setting{
	{
		name: "LATCHKEY_URL", fallback: "http://127.0.0.1:8081",
		meaning: "where `latchkey token get` finds the internal listener; also `unix:PATH`",
	},
	{
		name: "LATCHKEY_API_KEY", usual: "none", secret: true,
		meaning: "the API key that `latchkey token get` presents",
	},
}

// knownNames lists every name that may be in the environment.
func knownNames() (names []string) {
	for _, list := range [][]setting{settings, clientSettings} {
		for _, s := range list {
			names = append(names, s.name)
			if s.secret && !s.alone {
				names = append(names, s.name+"_FILE")
			}
		}
	}
	return names
}

func setDatabaseURL(c *Config, v string) error {
	c.DatabaseURL = secret.New(v)
	scheme, rest, _ := strings.Cut(v, ":")
	switch {
	case v == "":
		return nil // the default follows from the data directory
	case scheme == "sqlite" && strings.Trim(rest, "/") == "":
		return fmt.Errorf("sqlite: needs the path of a file")
	case scheme == "sqlite" && strings.ContainsAny(rest, "?#"):
		return fmt.Errorf("sqlite: takes a path and no options")
	case scheme == "sqlite":
		return nil
	case (scheme == "postgres" || scheme == "postgresql") && strings.HasPrefix(rest, "//"):
		return nil
	}
	return fmt.Errorf("must be sqlite:PATH or postgres://…") // the value may hold a password
}

// showDatabaseURL shows the kind and the place of the database and nothing that
// could be a secret.
func showDatabaseURL(c *Config) string {
	if path := c.sqlitePath(); path != "" {
		return "sqlite:" + path
	}
	return redactURL(c.DatabaseURL.Reveal())
}

func setIntegrationsDir(c *Config, v string) error {
	c.IntegrationsDir = v
	if v == "" {
		return nil
	}
	info, err := os.Stat(v)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a directory", v)
	}
	return nil
}

const maxStaleGrace = 10 * time.Minute

func setStaleGrace(c *Config, v string) error {
	d, err := time.ParseDuration(v)
	if err != nil {
		return fmt.Errorf("%s is not a duration such as 30s or 2m", strconv.Quote(v))
	}
	if d < 0 || d > maxStaleGrace {
		return fmt.Errorf("%s is not between 0 and %s", d, maxStaleGrace)
	}
	c.StaleGrace = d
	return nil
}

// What the audit log may be cut down to, in days: what happened last month is for the
// record.
const (
	minAuditRetention = 30
	maxAuditRetention = 100 * 365
	aDay              = 24 * time.Hour
)

func setAuditRetention(c *Config, v string) error {
	c.AuditRetention = 0
	if v == "" {
		return nil
	}
	days, err := strconv.Atoi(strings.TrimSuffix(v, "d"))
	if err != nil || !strings.HasSuffix(v, "d") || days < minAuditRetention || days > maxAuditRetention {
		return fmt.Errorf("%s is not a number of days from %dd to %dd", strconv.Quote(v), minAuditRetention, maxAuditRetention)
	}
	c.AuditRetention = time.Duration(days) * aDay
	return nil
}

func showAuditRetention(c *Config) string {
	if c.AuditRetention == 0 {
		return ""
	}
	return strconv.Itoa(int(c.AuditRetention/aDay)) + "d"
}

// Far above what is of use.
const (
	maxAddressLimit = 1_000_000
	maxConnections  = 1_000_000
)

// count reads a number of things, none of them included.
func count(v string, most int) (int, error) {
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 || n > most {
		return 0, fmt.Errorf("%s is not a number from 0 to %d", strconv.Quote(v), most)
	}
	return n, nil
}

func setLogLevel(c *Config, v string) error {
	switch v {
	case "debug", "info", "warn", "error":
		return c.LogLevel.UnmarshalText([]byte(v))
	}
	c.LogLevel = slog.LevelInfo
	return fmt.Errorf("%s is not debug, info, warn or error", strconv.Quote(v))
}

func setLogFormat(c *Config, v string) error {
	c.LogFormat = v
	if v != "json" && v != "text" {
		return fmt.Errorf("%s is not json or text", strconv.Quote(v))
	}
	return nil
}

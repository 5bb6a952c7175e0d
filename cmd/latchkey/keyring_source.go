package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"latchkey/authmethods/vault/kms"
	"latchkey/crypto/seal"
	"latchkey/crypto/secret"
)

// credentialName is what the keyring is called among the credentials that systemd
// gives to a service (systemd.exec(5)).
const credentialName = "latchkey-keyring"

// findCredential takes the keyring that systemd has for this service, if no other one
// is named.
func (c *Config) findCredential(environ []string) {
	if c.KeyringFile != "" || !c.Keyring.IsZero() {
		return
	}
	for _, entry := range environ {
		dir, ok := strings.CutPrefix(entry, "CREDENTIALS_DIRECTORY=")
		if !ok || dir == "" {
			continue
		}
		path := filepath.Join(dir, credentialName)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			c.KeyringFile, c.credential = path, true
			c.sources["LATCHKEY_KEYRING_FILE"] = "systemd"
		}
	}
}

// keySource is where the keyring is, in words.
func (c *Config) keySource() string {
	switch {
	case !c.Keyring.IsZero():
		return "in LATCHKEY_KEYRING"
	case c.credential:
		return "in the credential " + credentialName + " of systemd"
	}
	return c.KeyringFile
}

// editableKeyring is the file of the keyring, if it is one that is ours to change.
func (c *Config) editableKeyring() string {
	if c.credential {
		return ""
	}
	return c.KeyringFile
}

// keyKinds are the services that may keep keys for us.
func (c *Config) keyKinds() []seal.Kind {
	o := kms.Options{TransitNamespace: c.TransitNamespace, TransitCA: c.TransitCAFile}
	token, file := c.TransitToken, c.TransitTokenFile
	switch {
	case file != "":
		o.TransitToken = func() (secret.Text, error) {
			text, err := readSecretFile(file)
			if err != nil {
				err = fmt.Errorf("LATCHKEY_TRANSIT_TOKEN_FILE: %w", err)
			}
			return secret.New(text), err
		}
	case !token.IsZero():
		o.TransitToken = func() (secret.Text, error) { return token, nil }
	}
	return kms.Kinds(o)
}

// loadKeyring reads the keyring as it is configured.
func loadKeyring(c *Config) (*seal.Keyring, error) {
	switch {
	case !c.Keyring.IsZero():
		return seal.ParseKeyring(strings.NewReader(strings.ReplaceAll(c.Keyring.Reveal(), ";", "\n")), c.keyKinds()...)
	case c.credential:
		// Who may read it is systemd's matter, which grants it in ways that a mode does not
		// show.
		f, err := os.Open(c.KeyringFile)
		if err != nil {
			return nil, fmt.Errorf("reading the keyring: %w", err)
		}
		defer f.Close()
		return seal.ParseKeyring(f, c.keyKinds()...)
	}
	return seal.LoadKeyringFile(c.KeyringFile, c.keyKinds()...)
}

// shownIfSet stands for a secret where settings are shown.
func shownIfSet(s secret.Text) string {
	if s.IsZero() {
		return ""
	}
	return "(set)"
}

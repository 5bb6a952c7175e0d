package seal

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"latchkey/crypto/secret"
)

// maxKeyFile is far above any real keyring; a larger file is another file.
const maxKeyFile = 64 << 10

const keyFileHeader = `# Latchkey keyring: one key a line, "id base64-of-32-bytes", the one in use marked "active".
# Whoever has this file and the database has every secret: back them up apart.
`

// keyID is short and lower-case, so that a key in the place of its id is not
// taken for one and then quoted in a message.
var keyID = regexp.MustCompile(`^[a-z][a-z0-9-]{0,15}$`)

// ParseKeyring reads the text of a keyring file: a line for each key, "k1
// BASE64", with "active" or "*" as the last word on exactly one; empty lines and
// lines that begin with # are skipped. A key that is elsewhere, of one of kinds, has
// the line "v1 KIND ADDRESS". Errors never hold a part of a key.
func ParseKeyring(r io.Reader, kinds ...Kind) (*Keyring, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxKeyFile+1))
	if err != nil {
		return nil, fmt.Errorf("reading the keyring: %w", err)
	}
	if len(text) > maxKeyFile {
		return nil, fmt.Errorf("this is no keyring: it is longer than %d bytes", maxKeyFile)
	}
	ring := &Keyring{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxKeyFile+1)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := ring.addLine(strings.Fields(line), kinds); err != nil {
			return nil, fmt.Errorf("line %d of the keyring: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading the keyring: %w", err)
	}
	switch {
	case len(ring.keys) == 0:
		return nil, errors.New("the keyring holds no key: restore the file from its backup")
	case ring.active == "":
		return nil, errors.New(`no key of the keyring is active: write "active" at the end of the line of the newest`)
	}
	return ring, nil
}

func (k *Keyring) addLine(words []string, kinds []Kind) error {
	if len(words) < 2 {
		return errors.New(`want "id key" or "id key active"`)
	}
	id, rest := words[0], words[1:]
	if !keyID.MatchString(id) {
		return errors.New("the first word must be the id of the key, such as k1: a lower-case letter, then at most 15 letters, digits or hyphens")
	}
	if _, ok := k.find(id); ok {
		return fmt.Errorf("there is a key %q already: ids must differ", id)
	}
	key, rest, err := parseKEK(id, rest, kinds)
	if err != nil {
		return err
	}
	for _, other := range k.keys {
		if other.kind == key.kind && other.address == key.address && other.material.Reveal() == key.material.Reveal() {
			return fmt.Errorf("key %q is the same key as %q: two ids must be two keys", id, other.id)
		}
	}
	if len(rest) > 1 || len(rest) == 1 && rest[0] != "active" && rest[0] != "*" {
		return fmt.Errorf(`after key %q only "active" may follow`, id)
	}
	if len(rest) == 1 {
		if k.active != "" {
			return fmt.Errorf("key %q is active, and so is %q: one only", id, k.active)
		}
		k.active = id
	}
	k.keys = append(k.keys, key)
	return nil
}

// parseKEK reads the key from the words after its id and returns what follows it.
func parseKEK(id string, words []string, kinds []Kind) (kek, []string, error) {
	for _, kind := range kinds {
		if words[0] != kind.Name {
			continue
		}
		if len(words) < 2 {
			return kek{}, nil, fmt.Errorf("key %q: after %s its address must follow", id, kind.Name)
		}
		wrap, err := kind.Open(words[1])
		if err != nil {
			return kek{}, nil, fmt.Errorf("key %q: %w", id, err)
		}
		return kek{id: id, kind: kind.Name, address: words[1], wrap: wrap}, words[2:], nil
	}
	material, err := base64.StdEncoding.Strict().DecodeString(words[0])
	if err != nil {
		return kek{}, nil, fmt.Errorf("key %q is not base64: 32 bytes are 43 letters and one =", id)
	}
	key, err := newKEK(id, material)
	if err != nil {
		return kek{}, nil, fmt.Errorf("key %q: %w", id, err)
	}
	return key, words[1:], nil
}

// Marshal returns the text of a keyring file that holds k.
func (k *Keyring) Marshal() secret.Text {
	var b strings.Builder
	b.WriteString(keyFileHeader)
	for _, key := range k.keys {
		if key.kind != "" {
			fmt.Fprintf(&b, "%s %s %s", key.id, key.kind, key.address)
		} else {
			fmt.Fprintf(&b, "%s %s", key.id, base64.StdEncoding.EncodeToString([]byte(key.material.Reveal())))
		}
		if key.id == k.active {
			b.WriteString(" active")
		}
		b.WriteByte('\n')
	}
	return secret.New(b.String())
}

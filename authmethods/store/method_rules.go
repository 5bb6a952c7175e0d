package store

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
)

const (
	maxName      = 100
	maxClientID  = 512
	maxSecret    = 8192
	maxReference = 63
	maxScopes    = 200
	maxSettings  = 50
)

// checkMethod says everything that is wrong with m and the secrets given for it.
func checkMethod(types *catalog.Catalog, m *authmethods.Method, secrets map[string]secret.Text) authmethods.Faults {
	var f authmethods.Faults
	f.Add("/name", wrongName(m.Name))
	if !authmethods.ValidSlug(m.Reference) {
		f.Add("/reference", "A reference is 1 to 63 characters: a-z, 0-9 and, inside, hyphens.")
	}
	if t, ok := types.Find(m.IntegrationType); ok {
		f = append(f, t.Check(m)...)
	} else {
		f.Add("/integration_type", "There is no such integration type.")
	}
	f.Add("/client_id", wrongText(m.ClientID, maxClientID))
	if m.ClientID == "" && needsClientID(m) {
		f.Add("/client_id", "This mode needs a client ID.")
	}
	for _, e := range m.Environments {
		f.Add("/environments/"+string(e.Environment)+"/client_id", wrongText(e.ClientID, maxClientID))
	}
	for pointer, s := range secrets {
		f.Add(pointer, wrongText(s.Reveal(), maxSecret))
	}
	if len(m.Scopes) > maxScopes {
		f.Add("/scopes", "At most "+strconv.Itoa(maxScopes)+" scopes.")
	}
	if len(m.Settings.AuthorizeParams) > maxSettings || len(m.Settings.Parameters) > maxSettings {
		f.Add("/authorize_params", "At most "+strconv.Itoa(maxSettings)+" parameters.")
	}
	return f
}

// needsClientID is false where every environment brings its own.
func needsClientID(m *authmethods.Method) bool {
	if m.Mode == authmethods.ModeStaticToken {
		return false
	}
	for _, e := range m.Environments {
		if e.ClientID == "" {
			return true
		}
	}
	return len(m.Environments) == 0
}

func wrongName(name string) string {
	switch {
	case name == "":
		return "A name is needed."
	case utf8.RuneCountInString(name) > maxName:
		return "A name has at most 100 characters."
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unprintable):
		return "A name must not hold control or invisible characters."
	}
	return ""
}

// unprintable keeps out what could make a name look like another in a page or a
// log: controls, line separators, and marks of writing direction.
func unprintable(r rune) bool { return !unicode.IsPrint(r) }

// wrongText judges client IDs and secrets by RFC 6749 appendix A (VSCHAR). The
// value is not quoted.
func wrongText(s string, most int) string {
	if len(s) > most {
		return "This has at most " + strconv.Itoa(most) + " characters."
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7e }) {
		return "This holds a character that is not printable ASCII; it may have been cut off or copied with a line break."
	}
	return ""
}

// trimmed takes away the white space that comes along when a secret is copied.
func trimmed(s secret.Text) secret.Text { return secret.New(strings.TrimSpace(s.Reveal())) }

// tidyScopes drops what is empty or there twice and keeps the order.
func tidyScopes(scopes []string) []string {
	seen := make(map[string]bool, len(scopes))
	tidy := []string{}
	for _, s := range scopes {
		if s = strings.TrimSpace(s); s != "" && !seen[s] {
			seen[s] = true
			tidy = append(tidy, s)
		}
	}
	return tidy
}

// slugOf makes a reference of a name: accents fall off, everything else that is
// no letter or digit becomes a hyphen. It may be empty.
func slugOf(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(name)) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r):
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return cutSlug(b.String(), maxReference)
}

func cutSlug(s string, most int) string {
	return strings.Trim(s[:min(len(s), most)], "-")
}

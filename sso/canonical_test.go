package sso_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"latchkey/sso"
)

// tricky are names that other programs take for each other.
var tricky = []string{
	"ADM\u0130N", "adm\u0131n", "\u212Aelvin", "wa\u017Fser", "ａｄｍｉｎ", "a\u200Db", "a\u200Cb", "ab\u200F", "\u202Eab",
	"marie\u0301", "ADMIN@ACME.FR", "marie@münchen.de", "STRASSE", "straße", "STRAẞE", "ΣΊΣΥΦΟΣ", "ﬁona", "ⅷ", "\ufeffmarie", "i\u0307", "ị\u0307",
	"аdmin", "раураl", "marie.дюпон", "山田taro", "김lee", "דוד", "a.b@c@d", "@", "", " ", "a b", "\x00", "\xff", "xn--80ak6aa92e.com",
}

//
func TestUserNamesHaveOneForm(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"marie", "marie"},
		{"Marie.Dupont@Acme.FR", "marie.dupont@acme.fr"},
		{"ａｄｍｉｎ", "admin"},
		{"MARIE\u0301", "marié"},
		{"STRAẞE", "straße"},
		{"Иван", "иван"},
		{"иван@почта.com", "иван@почта.com"},
		{"דוד@acme.fr", "דוד@acme.fr"},
		{"山田たろう-Taro", "山田たろう-taro"},
		{"김lee", "김lee"},
		{"ΣΊΣΥΦΟΣ", "σίσυφοσ"},
		{"o'neill_7+x", "o'neill_7+x"},
		{strings.Repeat("a", 256), strings.Repeat("a", 256)},
	} {
		if got, err := sso.Canonical(c.name); err != nil || got != c.want {
			t.Errorf("%q: got %q, %v; want %q", c.name, got, err, c.want)
		}
	}
}

//
func TestNamesThatPassForOthersAreRefused(t *testing.T) {
	for why, name := range map[string]string{
		"empty":                       "",
		"too long":                    strings.Repeat("a", 257),
		"too long in bytes":           strings.Repeat("é", 129),
		"a space":                     "marie dupont",
		"a space at the end":          "marie ",
		"a control character":         "marie\x00",
		"a line end":                  "marie\n",
		"not UTF-8":                   "marie\xff",
		"a Turkish capital I":         "ADM\u0130N",
		"a dot above an i":            "admi\u0307n",
		"the Kelvin sign":             "\u212Aelvin",
		"a long s":                    "wa\u017Fser",
		"a ligature":                  "\ufb01ona",
		"a zero width joiner":         "ad\u200Dmin",
		"a joiner in Devanagari":      "क्\u200Dष",
		"a zero width space":          "ad\u200Bmin",
		"a right-to-left mark":        "ab\u200F",
		"an override":                 "\u202Eadmin",
		"a byte order mark":           "\ufeffmarie",
		"a soft hyphen":               "ad\u00ADmin",
		"a Cyrillic a":                "аdmin",
		"a Cyrillic a beside a dot":   "а.dupont",
		"a Greek omicron":             "bοb",
		"an Armenian letter":          "ոick",
		"a Cherokee letter":           "Ꭺdmin",
		"Greek and Cyrillic":          "аβ",
		"a Cyrillic a in a domain":    "marie@аcme.fr",
		"nothing before the @":        "@acme.fr",
		"nothing behind it":           "marie@",
		"Latin in right-to-left text": "דוdד",
	} {
		if got, err := sso.Canonical(name); err == nil || got != "" {
			t.Errorf("%s: %q became %q", why, name, got)
		}
	}
}

func TestEmailAddressesHaveOneForm(t *testing.T) {
	for _, c := range []struct{ address, want string }{
		{"Marie.Dupont@Acme.FR", "marie.dupont@acme.fr"},
		{"marie@MÜNCHEN.de", "marie@xn--mnchen-3ya.de"},
		{"marie@xn--mnchen-3ya.de", "marie@xn--mnchen-3ya.de"},
		{"иван@почта.рф", "иван@xn--80a1acny.xn--p1ai"},
		{"דוד@acme.fr", "דוד@acme.fr"},
		{"ｍarie＠acme.fr", "marie@acme.fr"},
		{"root@localhost", "root@localhost"},
		{"a+b_c'd@x.example", "a+b_c'd@x.example"},
	} {
		if got, err := sso.CanonicalEmail(c.address); err != nil || got != c.want {
			t.Errorf("%q: got %q, %v; want %q", c.address, got, err, c.want)
		}
	}
	for _, address := range []string{
		"", "marie", "@acme.fr", "marie@", "marie@@acme.fr", "marie@evil.example@acme.fr", `"a@b"@acme.fr`, `"marie"@acme.fr`,
		"marie@acme.fr,evil@acme.fr", "<marie@acme.fr>", "marie@acme.fr.", "marie@.acme.fr", "marie@acme..fr", ".marie@acme.fr", "marie.@acme.fr",
		"ma..rie@acme.fr", "marie@[127.0.0.1]", "marie@acme.fr\r\nBcc: x@y", " marie@acme.fr", "marie@a_b.fr", "marie@-acme.fr",
		"marie@ⓐcme.fr", "marie@\u212Aelvin.example", "marie@acme\u3002fr", "\u212Aelvin@acme.fr", "mаrie@acme.fr", "marie@аcme.fr", "marie@xn--cme-5cd.fr",
		strings.Repeat("a", 65) + "@acme.fr", "a@" + strings.Repeat("a.", 126) + "fr", "a@" + strings.Repeat("a", 64) + ".fr",
	} {
		if got, err := sso.CanonicalEmail(address); err == nil || got != "" {
			t.Errorf("%q became %q", address, got)
		}
	}
}

func TestExternalIDsAreTrimmedAndOtherwiseExact(t *testing.T) {
	for id, want := range map[string]string{" 60001234 ": "60001234", "E 12\t": "E 12", "aB": "aB", "é": "é", "e\u0301": "e\u0301"} {
		if got, err := sso.CanonicalExternalID(id); err != nil || got != want {
			t.Errorf("%q: got %q, %v", id, got, err)
		}
	}
	for _, id := range []string{"", " ", "a\x00", "a\u200Db", "a\nb", "\xff", strings.Repeat("a", 257)} {
		if got, err := sso.CanonicalExternalID(id); err == nil || got != "" {
			t.Errorf("%q became %q", id, got)
		}
	}
}

// forms are the canonical forms, which have the same properties.
var forms = map[string]func(string) (string, error){
	"user name": sso.Canonical, "e-mail": sso.CanonicalEmail, "domain": sso.CanonicalDomain, "external id": sso.CanonicalExternalID,
}

// holds checks what is true of every canonical form.
func holds(t interface{ Errorf(string, ...any) }, name string, form func(string) (string, error), s string) {
	got, err := form(s)
	if err != nil {
		if got != "" || !strings.HasSuffix(err.Error(), ".") {
			t.Errorf("%s of %q: %q beside the error %q", name, s, got, err)
		}
		return
	}
	if again, err := form(got); err != nil || again != got {
		t.Errorf("%s of %q is %q, and of that %q, %v", name, s, got, again, err)
	}
	if got == "" || len(got) > 256 || !utf8.ValidString(got) {
		t.Errorf("%s of %q is %q", name, s, got)
	}
	if name != "external id" && isASCII(got) && strings.ToLower(got) != got {
		t.Errorf("%s of %q has capitals: %q", name, s, got)
	}
	// Only an ASCII name, or one of another width, has an ASCII form; domains are
	// written in it.
	if name == "user name" && isASCII(got) && strings.ContainsFunc(s, func(r rune) bool { return r > 0x7f && (r < 0xff01 || r > 0xff5e) }) {
		t.Errorf("%q passes for %q", s, got)
	}
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 0x7f })
}

func TestCanonicalFormsAreStable(t *testing.T) {
	letters := rapid.SampledFrom([]rune("aAbKkiIıİſKéÉe\u0301\u0307\u0323аАβσςΣạ.@-_ ａＡ＠山たカ한ßẞ\u200D\u200Fדא1٣"))
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.OneOf(rapid.StringOf(letters), rapid.String(), rapid.SampledFrom(tricky)).Draw(rt, "name")
		for name, form := range forms {
			holds(rt, name, form, s)
		}
	})
}

func FuzzCanonical(f *testing.F) {
	for _, s := range tricky {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, form := range forms {
			holds(t, name, form, s)
		}
	})
}

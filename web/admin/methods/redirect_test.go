package methods

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var registered = []string{
	"https://acme.example.com/api/authclients/k3wq7dm/p9xh2ta",
	"https://acme.example.com/api/sso/login/oauth/callback",
}

func TestAPastedAddressIsComparedToTheLetter(t *testing.T) {
	for name, c := range map[string]struct {
		pasted string
		flaw   flaw
		before string // the wrong character
		wrong  string
	}{
		"the same":              {registered[0], flawNone, registered[0], ""},
		"the other":             {registered[1], flawNone, registered[1], ""},
		"http for https":        {"http://acme.example.com/api/authclients/k3wq7dm/p9xh2ta", flawScheme, "http", ":"},
		"no scheme":             {"acme.example.com/api/authclients/k3wq7dm/p9xh2ta", flawScheme, "", "a"},
		"a slash at the end":    {registered[0] + "/", flawSlash, registered[0], "/"},
		"a capital":             {"https://acme.example.com/api/authclients/k3Wq7dm/p9xh2ta", flawCase, "https://acme.example.com/api/authclients/k3", "W"},
		"a capital in the host": {"https://Acme.example.com/api/sso/login/oauth/callback", flawCase, "https://", "A"},
		"another host":          {"https://acme.example.org/api/sso/login/oauth/callback", flawHost, "https://acme.example.", "o"},
		"a port":                {"https://acme.example.com:8443/api/sso/login/oauth/callback", flawHost, "https://acme.example.com", ":"},
		"cut off":               {"https://acme.example.com/api/sso/login/oauth/callbac", flawShort, "https://acme.example.com/api/sso/login/oauth/callbac", ""},
		"something behind":      {registered[1] + "?x=1", flawLong, registered[1], "?"},
		"another letter":        {"https://acme.example.com/api/authclients/k3wq7dn/p9xh2ta", flawOther, "https://acme.example.com/api/authclients/k3wq7d", "n"},
		"a letter of elsewhere": {"https://acme.example.com/api/sso/login/oаuth/callback", flawOther, "https://acme.example.com/api/sso/login/o", "а"},
	} {
		t.Run(name, func(t *testing.T) {
			list, _ := compare(registered, "  "+c.pasted+"\n")
			if len(list) != 1 {
				t.Fatalf("%d addresses were found, want one", len(list))
			}
			before, wrong, after := list[0].cut()
			if list[0].flaw != c.flaw || before != c.before || wrong != c.wrong {
				t.Errorf("%q at %q before %q, want %q at %q before %q", list[0].flaw, wrong, before, c.flaw, c.wrong, c.before)
			}
			if before+wrong+after != c.pasted {
				t.Errorf("the pieces make %q", before+wrong+after)
			}
		})
	}
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	for pasted, want := range map[string][]string{
		"":                                    registered,
		registered[0]:                         registered[1:],
		registered[1] + ", " + registered[0]:  nil,
		registered[1] + "/\n" + registered[0]: registered[1:],
		`["` + registered[1] + `";"` + registered[0] + `"]`: nil,
	} {
		if _, missing := compare(registered, pasted); !slices.Equal(missing, want) {
			t.Errorf("%q: %q are missing, want %q", pasted, missing, want)
		}
	}
}

func TestAnythingMayBePasted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pasted := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.SampledFrom(strings.Split(registered[0]+registered[1], ""))), func(s []string) string { return strings.Join(s, "") })).Draw(t, "pasted")
		list, missing := compare(registered, pasted)
		for _, c := range list {
			before, wrong, after := c.cut()
			if before+wrong+after != c.pasted || !strings.HasPrefix(c.ours, before) {
				t.Fatalf("%+v falls into %q, %q and %q", c, before, wrong, after)
			}
			if (c.flaw == flawNone) != (c.pasted == c.ours) {
				t.Fatalf("%+v", c)
			}
		}
		for _, each := range registered {
			found := slices.ContainsFunc(list, func(c comparison) bool { return c.pasted == each })
			if found == slices.Contains(missing, each) {
				t.Fatalf("%s is found: %v, missing: %q", each, found, missing)
			}
		}
	})
}

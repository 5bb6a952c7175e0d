package catalog

import (
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"latchkey/authmethods"
)

// localHTTP is what an operator allows for a simulator on the same machine.
func localHTTP(host string) bool { return host == "127.0.0.1" }

func load(t testing.TB, files map[string]string) (*Catalog, error) {
	t.Helper()
	dir := fstest.MapFS{}
	for name, text := range files {
		dir[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return Load(Options{Extra: dir, AllowHTTP: localHTTP})
}

func mustFind(t testing.TB, c *Catalog, id string) *Type {
	t.Helper()
	found, ok := c.Find(id)
	if !ok {
		t.Fatalf("there is no type %q", id)
	}
	return found
}

var loadEmbedded = sync.OnceValues(func() (*Catalog, error) { return Load(Options{}) })

func builtIn(t testing.TB, id string) *Type {
	t.Helper()
	c, err := loadEmbedded()
	if err != nil {
		t.Fatal(err)
	}
	return mustFind(t, c, id)
}

func TestEveryEmbeddedTypeLoads(t *testing.T) {
	c, err := Load(Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, found := range c.Types() {
		got = append(got, found.ID)
	}
	want := []string{"dynamics365", "generic_oauth2", "generic_oidc", "google", "hubspot",
		"microsoft_entra", "salesforce", "zendesk", "zoho_crm", "zoho_desk"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("types (-want +got):\n%s", diff)
	}
	files, err := fs.Glob(embedded, "types/*.yaml")
	if err != nil || len(files) != len(want)+1 {
		t.Errorf("%d files give %d types and one table (%v)", len(files), len(want), err)
	}
	if _, ok := c.Find("zoho"); ok {
		t.Error("a shared table is not a type")
	}
}

const goodType = `
id: acme
name: Acme
protocol: oauth2
modes: [oauth]
environments:
  production:
    differs: There is only this one.
endpoints:
  authorization: https://acme.example.com/authorize
  token: https://acme.example.com/token
authorize:
  pkce: S256
client:
  authentication: post
refresh:
  rotates_refresh_token: never
`

func TestANewTypeOfTheOperatorIsFoundBesideTheEmbeddedOnes(t *testing.T) {
	c, err := load(t, map[string]string{"acme.yaml": goodType, "README.md": "no type", ".swap.yaml": "{"})
	if err != nil {
		t.Fatal(err)
	}
	if got := mustFind(t, c, "acme").API.TokenPrefix; got != "Bearer" {
		t.Errorf("token prefix is %q, want the default", got)
	}
	mustFind(t, c, "zoho_desk")
}

func TestFaultsNameFileLineAndKey(t *testing.T) {
	with := func(old, replacement string) string {
		if !strings.Contains(goodType, old) {
			t.Fatalf("%q is not in the good type", old)
		}
		return strings.Replace(goodType, old, replacement, 1)
	}
	for name, test := range map[string]struct{ text, want string }{
		"an empty file":          {"", "x.yaml: is empty"},
		"not YAML":               {"a: [", "x.yaml: is not YAML: line 1: did not find expected node content"},
		"a list":                 {"- a", "x.yaml:1: must be a map of keys and values"},
		"two documents":          {goodType + "---\na: b\n", "x.yaml: must hold exactly one YAML document"},
		"an unknown key":         {with("pkce:", "pkcee:"), `x.yaml:13: unknown key "pkcee" in authorize; did you mean "pkce"?`},
		"an unknown top key":     {with("client:", "klient:"), `x.yaml:14: unknown key "klient" at the top level; did you mean "client"?`},
		"a key far from any":     {with("pkce:", "zzzzzz:"), `x.yaml:13: unknown key "zzzzzz" in authorize; known are params, pkce, sign_in_params`},
		"a key given twice":      {goodType + "name: Again\n", "x.yaml:18: name: is given twice"},
		"an alias":               {with("S256", "&p S256"), "x.yaml:13: authorize.pkce: anchors and aliases are not allowed here; write the value out"},
		"a number for text":      {with("name: Acme", "name: 5"), "x.yaml:3: name: must be text; put 5 in quotes"},
		"text for a list":        {with("[oauth]", "oauth"), "x.yaml:5: modes: must be a list"},
		"no value":               {with("S256", ""), "x.yaml:13: authorize.pkce: has no value"},
		"a bad duration":         {goodType + "  refresh_token_lifetime: 90d\n", `x.yaml:18: refresh.refresh_token_lifetime: must be a duration such as "90s", "10m" or "720h"`},
		"a negative number":      {goodType + "limits:\n  access_tokens_per_refresh_token: -1\n", "x.yaml:19: limits.access_tokens_per_refresh_token: must be a whole number from 0 to 1000000"},
		"a bad id":               {with("id: acme", "id: Acme"), "x.yaml:2: id: must be 2 to 64 characters of a-z, 0-9 and _, beginning with a letter"},
		"a missing name":         {with("name: Acme\n", ""), "x.yaml: name: is missing"},
		"an unknown mode":        {with("[oauth]", "[oauth, magic]"), `x.yaml:5: modes.1: "magic" is not one of oauth, self_client, client_credentials, static_token, basic`},
		"an unknown environment": {with("  production:", "  live:"), `x.yaml:8: environments.live: "live" is not one of production, sandbox, developer`},
		"plain http":             {with("https://acme.example.com/token", "http://acme.example.com/token"), `x.yaml:11: endpoints.token: "http://acme.example.com/token" must use https`},
		"an address by number":   {with("https://acme.example.com/token", "https://10.0.0.1/token"), `x.yaml:11: endpoints.token: "https://10.0.0.1/token" must name a host, not an IP address`},
		"a user in an address":   {with("https://acme.example.com/token", "https://u:p@acme.example.com/token"), `x.yaml:11: endpoints.token: "https://u:p@acme.example.com/token" must not hold a user name or password`},
		"an odd port":            {with("https://acme.example.com/token", "https://acme.example.com:22/token"), `x.yaml:11: endpoints.token: "https://acme.example.com:22/token" must use port 443 or one from 1024 to 65535`},
		"an unknown placeholder": {with("https://acme.example.com/token", `"{login}/token"`), "x.yaml:11: endpoints.token: there is no {login}; known are none"},
		"a placeholder as host": {with("https://acme.example.com/token", `"https://{organization}.example.com/token"`), "x.yaml:11: endpoints.token: there is no {organization}; known are none\n" +
			`x.yaml:11: endpoints.token: "https://{organization}.example.com/token" must have its host written out, in lower case and without a default port`},
		"a host made of pieces":  {"extends: zoho_desk\nendpoints:\n  token: \"{authorization_server}.example.com/token\"\n", `x.yaml:3: endpoints.token: "{authorization_server}.example.com/token" must begin with the placeholder of an address, followed by a slash`},
		"a parameter as host":    {"extends: microsoft_entra\nendpoints:\n  token: \"{directory}/token\"\n", `x.yaml:3: endpoints.token: "{directory}/token" must begin with the placeholder of an address, followed by a slash`},
		"a missing endpoint":     {with("  token: https://acme.example.com/token\n", ""), "x.yaml:10: endpoints.token: is missing"},
		"a reserved parameter":   {with("  pkce: S256", "  pkce: S256\n  params:\n    state: fixed"), "x.yaml:15: authorize.params.state: state is set by the broker and cannot be changed."},
		"plain PKCE":             {with("S256", "plain"), `x.yaml:13: authorize.pkce: "plain" is not one of S256, none`},
		"a budget too high":      {goodType + "limits:\n  refreshes:\n    allowed: 5\n    budget: 6\n    window: 1m\n", "x.yaml:21: limits.refreshes.budget: is more than the provider allows (5)"},
		"a code with two senses": {goodType + "errors:\n  grant_lost: [gone]\n  throttled: [gone]\n", `x.yaml:20: errors.throttled.0: "gone" means grant_lost already`},
		"a scope with separator": {goodType + "scopes:\n  separator: \",\"\n  identity: [\"a,b\"]\n", `x.yaml:20: scopes.identity.0: "a,b" holds the separator`},
		"an id that is taken":    {with("id: acme", "id: google"), `x.yaml:2: id: google is defined in embedded:google.yaml already; write "extends: google" to change it`},
		"an unknown base":        {"extends: zoho_dask\nname: X\n", `x.yaml:1: extends: there is no "zoho_dask"; did you mean "zoho_desk"?`},
		"an unknown table":       {goodType + "data_centres_from: zohoo\n", `x.yaml:18: data_centres_from: there is no table "zohoo"; it would be the file zohoo.dc.yaml`},
		"a base ending in slash": {"extends: zoho_desk\ndata_centres:\n  eu:\n    authorization_server: https://x.example.com/\n", "x.yaml:4: data_centres.eu.authorization_server: must not end in a slash nor hold a query, because paths are appended to it"},
		"two equal servers":      {"extends: zoho_desk\ndata_centres:\n  eu:\n    authorization_server: https://accounts.zoho.com\n", "x.yaml:4: data_centres.eu.authorization_server: is that of us too; a callback could not tell them apart"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, map[string]string{"x.yaml": test.text})
			if err == nil {
				t.Fatal("it loaded")
			}
			if diff := cmp.Diff("load integration types:\n"+test.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAllFaultsOfAllFilesAreReportedAtOnce(t *testing.T) {
	_, err := load(t, map[string]string{
		"a.yaml": strings.Replace(goodType, "pkce", "pkse", 1) + "zebra: 1\n",
		"b.yaml": strings.Replace(strings.Replace(goodType, "acme", "bcme", 1), "post", "carrier", 1),
	})
	if err == nil {
		t.Fatal("it loaded")
	}
	for _, want := range []string{"a.yaml:13:", "a.yaml:18:", "b.yaml:15: client.authentication"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not mention %q:\n%s", want, err)
		}
	}
}

// FuzzLoad checks that no file of an operator's crashes the loader or smuggles in
// an address that is not https.
func FuzzLoad(f *testing.F) {
	files, err := fs.Glob(embedded, "types/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(embedded, file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(goodType))
	f.Add([]byte("extends: zoho_desk\ndata_centres:\n  eu: null\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Load(Options{Extra: fstest.MapFS{"x.yaml": {Data: text}}})
		if err != nil {
			return
		}
		for _, found := range c.Types() {
			for _, host := range found.Hosts() {
				if !strings.HasPrefix(host, "https://") {
					t.Errorf("%s may talk to %s", found.ID, host)
				}
			}
			for _, e := range authmethods.Environments {
				p, err := found.Resolve(Choice{Environment: e, EnvironmentURL: found.Address.Example})
				if err == nil && !slices.Contains(found.EnvironmentsInOrder(), e) {
					t.Errorf("%s resolved in %s, which it does not have: %v", found.ID, e, p)
				}
			}
		}
	})
}

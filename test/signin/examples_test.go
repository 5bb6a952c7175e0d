package signin_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"latchkey/web"
	"latchkey/web/route"
)

// question is how proxies ask that pass the answer on.
const question = "/api/sso/session?or=login"

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	must(t, err)
	return string(text)
}

func TestTheExampleForTraefik(t *testing.T) {
	var file struct {
		HTTP struct {
			Middlewares map[string]struct {
				ForwardAuth struct {
					Address             string   `yaml:"address"`
					TrustForwardHeader  bool     `yaml:"trustForwardHeader"`
					AuthResponseHeaders []string `yaml:"authResponseHeaders"`
				} `yaml:"forwardAuth"`
			} `yaml:"middlewares"`
			Routers map[string]struct {
				Rule        string         `yaml:"rule"`
				Priority    int            `yaml:"priority"`
				Middlewares []string       `yaml:"middlewares"`
				Service     string         `yaml:"service"`
				TLS         map[string]any `yaml:"tls"`
			} `yaml:"routers"`
			Services map[string]struct {
				LoadBalancer struct {
					Servers []struct {
						URL string `yaml:"url"`
					} `yaml:"servers"`
				} `yaml:"loadBalancer"`
			} `yaml:"services"`
		} `yaml:"http"`
	}
	d := yaml.NewDecoder(strings.NewReader(read(t, "../../deploy/traefik/latchkey.yaml")))
	d.KnownFields(true)
	must(t, d.Decode(&file))
	asks := file.HTTP.Middlewares["signed-in"].ForwardAuth
	if asks.Address != "http://127.0.0.1:8080"+question || asks.TrustForwardHeader || !slices.Equal(asks.AuthResponseHeaders, who) {
		t.Errorf("it asks: %+v", asks)
	}
	for name, r := range file.HTTP.Routers {
		if len(file.HTTP.Services[r.Service].LoadBalancer.Servers) != 1 {
			t.Errorf("%s leads to %q, which there is not", name, r.Service)
		}
		if r.TLS == nil || !strings.HasPrefix(r.Rule, "Host(`acme.example.com`)") {
			t.Errorf("%s takes %s", name, r.Rule)
		}
		if asked := slices.Equal(r.Middlewares, []string{"signed-in"}); asked != (r.Service == "application") {
			t.Errorf("%s passes %v", name, r.Middlewares)
		}
	}
}

func TestTheExampleForCaddy(t *testing.T) {
	text := read(t, "../../deploy/caddy/Caddyfile")
	var words [][]string
	depth := 0
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) > 0 && !strings.HasPrefix(f[0], "#") {
			words = append(words, f)
			if f[len(f)-1] == "{" {
				depth++
			}
			if f[0] == "}" {
				depth--
			}
		}
	}
	if depth != 0 {
		t.Errorf("%d brackets are left open", depth)
	}
	for _, want := range []string{
		"request_header -X-Latchkey-*", "forward_auth 127.0.0.1:8080 {", "uri " + question, "copy_headers " + strings.Join(who, " "),
	} {
		if !slices.ContainsFunc(words, func(f []string) bool { return strings.Join(f, " ") == want }) {
			t.Errorf("it lacks %q", want)
		}
	}
}

func TestTheExamplesAskWhatTheServerAnswers(t *testing.T) {
	path, _, _ := strings.Cut(question, "?")
	served := slices.ContainsFunc(web.Table(web.Deps{}), func(r route.Route) bool {
		return r.Method == "GET" && r.Path == path && r.Listeners&route.Public != 0 && r.Right == route.Open
	})
	if !served {
		t.Errorf("%s is not served to everybody", path)
	}
	config := strings.Join(strings.Fields(read(t, example)), " ")
	for _, name := range who {
		if !strings.Contains(config, "proxy_set_header "+name+" $latchkey_") {
			t.Errorf("the example for nginx leaves what the browser says in %s", name)
		}
	}
	asks, named := strings.Count(config, "proxy_pass http://latchkey"), strings.Count(config, "proxy_set_header X-Forwarded-Host $host;")
	if asks != 3 || named != asks {
		t.Errorf("the example for nginx leads to the server %d times and names the host %d times", asks, named)
	}
}

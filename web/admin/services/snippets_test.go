package services_test

import (
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/test/pages"
	"latchkey/zohosim"
)

var snippet = regexp.MustCompile(`(?s)<code id="snippet-([a-z]+)">(.*?)</code>`)

// snippetsOf are the programs on a page.
func snippetsOf(t testing.TB, a pages.Answer) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, m := range snippet.FindAllStringSubmatch(a.Body, -1) {
		found[m[1]] = html.UnescapeString(m[2])
	}
	return found
}

// run runs a program as somebody would who copied it.
func run(t testing.TB, key, more, name string, arguments ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("there is no %s here", name)
	}
	c := exec.CommandContext(t.Context(), name, arguments...)
	c.Env = append(os.Environ(), "LATCHKEY_API_KEY="+key, "NO_PROXY=127.0.0.1", more)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

func TestWhatIsShownToCopyBorrows(t *testing.T) {
	s := pages.New(t)
	s.Approve(t, "zoho-desk", authmethods.Production, zohosim.Approval{User: "ada@example.eu"})
	service, key := telephone(t, s)
	marie := s.SignedIn(t, "marie", admin)
	developers := marie.Get("/developers?method=zoho-desk&environment=production")
	developers.Shows(200, "API description", s.Internal)
	shown, secret := snippetsOf(t, developers), key.Shown.Reveal()
	dir := t.TempDir()
	var id string
	t.Run("curl", func(t *testing.T) {
		out := run(t, secret, "", "sh", "-c", shown["curl"])
		found := regexp.MustCompile(`"token_id":"(tok_[0-9A-Z]+)"`).FindStringSubmatch(out)
		if found == nil {
			t.Fatalf("curl printed %s", out)
		}
		id = found[1]
	})
	t.Run("go", func(t *testing.T) {
		file := filepath.Join(dir, "main.go")
		must(t, os.WriteFile(file, []byte(shown["go"]+"\n"), 0o600))
		if out := run(t, secret, "", "gofmt", "-l", file); out != "" {
			t.Error("the program is not formatted")
		}
		if out := run(t, secret, "", "go", "run", file); !strings.Contains(out, " tok_") {
			t.Errorf("it printed %s", out)
		}
	})
	t.Run("python", func(t *testing.T) {
		if out := run(t, secret, "", "python3", "-c", shown["python"]); !strings.Contains(out, " tok_") {
			t.Errorf("it printed %s", out)
		}
	})
	t.Run("rejection", func(t *testing.T) {
		if out := run(t, secret, "TOKEN_ID="+id, "sh", "-c", shown["reject"]); !strings.Contains(out, `"verdict"`) {
			t.Errorf("curl printed %s", out)
		}
	})
	t.Run("command", func(t *testing.T) {
		want := "LATCHKEY_URL=" + s.Internal + " latchkey token get \\\n  --method zoho-desk --environment production --output headers"
		if shown["cli"] != want {
			t.Errorf("the command is %s", shown["cli"])
		}
	})
	used := marie.Get("/service-accounts/" + string(service.ID))
	used.Shows(200, "From one connection", "zoho-desk")
}

func TestNoPageForDevelopersShowsAToken(t *testing.T) {
	s := pages.New(t)
	s.Approve(t, "zoho-desk", authmethods.Production, zohosim.Approval{User: "ada@example.eu"})
	if body := s.SignedIn(t, "marie", admin).Get("/developers").Body; strings.Contains(body, "1000.") {
		t.Error("something like a token is shown")
	}
}

package tokens_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
	"latchkey/tokens"
)

// recorded is an answer of testdata/answers.
type recorded struct {
	name, provider, want string
	answer               tokens.Answer
}

func recordedAnswers(t testing.TB) []recorded {
	t.Helper()
	files, err := filepath.Glob("testdata/answers/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no recorded answers", err)
	}
	var all []recorded
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			r, err := parseRecorded(f)
			if err != nil {
				t.Fatalf("%s: %s: %v", file, f.Name, err)
			}
			all = append(all, r)
		}
	}
	return all
}

func parseRecorded(f txtar.File) (recorded, error) {
	head, body, found := strings.Cut(string(f.Data), "\n\n")
	if !found {
		return recorded{}, fmt.Errorf("no empty line")
	}
	r := recorded{name: f.Name}
	lines := strings.Split(head, "\n")
	words := strings.SplitN(lines[0], " ", 3)
	if len(words) != 3 {
		return r, fmt.Errorf("%q is not type, status and content type", lines[0])
	}
	r.provider, r.answer.ContentType = words[0], words[2]
	status, err := strconv.Atoi(words[1])
	if err != nil {
		return r, err
	}
	r.answer.Status = status
	body = strings.TrimSuffix(body, "\n")
	for _, line := range lines[1:] {
		switch what, rest, _ := strings.Cut(line, " "); {
		case what == "want":
			r.want = rest
		case line == "as cut":
			r.answer.Truncated = true
		case line == "as quoted":
			if body, err = strconv.Unquote(body); err != nil {
				return r, err
			}
		default:
			return r, fmt.Errorf("unknown line %q", line)
		}
	}
	r.answer.Body = secret.New(strings.ReplaceAll(body, "%HUGE%", strings.Repeat("a", 20_000)))
	return r, nil
}

// providers resolves every embedded type.
func providers(t testing.TB) map[string]*catalog.Provider {
	t.Helper()
	types, err := catalog.Load(catalog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*catalog.Provider{}
	for _, kind := range types.Types() {
		choice := catalog.Choice{Environment: authmethods.Production}
		if kind.Address.Required {
			choice.EnvironmentURL = kind.Address.Example
		}
		for name, p := range kind.Parameters {
			if p.Required && p.Default == "" {
				t.Fatalf("%s needs the parameter %s", kind.ID, name)
			}
		}
		s := &choice.Settings
		for name, at := range map[string]*string{
			"authorize_url": &s.AuthorizeURL, "token_url": &s.TokenURL, "issuer": &s.Issuer,
		} {
			if kind.Settings[name] == catalog.Required {
				*at = "https://login.example.com/" + name
			}
		}
		p, err := kind.Resolve(choice)
		if err != nil {
			t.Fatalf("%s: %v", kind.ID, err)
		}
		all[kind.ID] = &p
	}
	return all
}

// spell writes what was understood, in the words of testdata/answers.
func spell(r *tokens.Renewal, f *tokens.Failure) string {
	if f != nil {
		return spellFailure(f)
	}
	words := []string{fmt.Sprintf("token %s for %s", r.AccessToken.Reveal(), r.ExpiresIn)}
	if r.ExpiresIn == 0 {
		words[0] = "token " + r.AccessToken.Reveal() + " for ever"
	}
	for _, w := range []struct{ name, value string }{
		{"refresh", r.RefreshToken.Reveal()}, {"lasting", nonzero(r.RefreshLife)}, {"type", r.TokenType},
		{"scopes", strings.Join(r.Scopes, " ")}, {"id token", r.IDToken.Reveal()},
		{"domain", r.APIDomain}, {"instance", r.InstanceURL},
	} {
		if w.value != "" {
			words = append(words, w.name+" "+w.value)
		}
	}
	return strings.Join(words, ", ")
}

func nonzero(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

func spellFailure(f *tokens.Failure) string {
	words := []string{string(f.Code)}
	switch f.Verdict {
	case tokens.GrantLost:
		words = append(words, "the grant is lost")
	case tokens.ClientRejected:
		words = append(words, "the client is rejected")
	}
	if f.Unanswered {
		words = append(words, "unanswered")
	}
	if f.ProviderError != "" {
		words = append(words, "error "+f.ProviderError)
	}
	return strings.Join(words, ", ")
}

func TestRead(t *testing.T) {
	all := providers(t)
	for _, r := range recordedAnswers(t) {
		t.Run(r.name, func(t *testing.T) {
			p := all[r.provider]
			if p == nil {
				t.Fatalf("no integration type %q", r.provider)
			}
			r.answer.RetryAfter = 7 * time.Second
			renewal, failure := tokens.Read(p, r.answer)
			if diff := cmp.Diff(r.want, spell(renewal, failure)); diff != "" {
				t.Errorf("understood (-want +got):\n%s", diff)
			}
			if failure != nil && (failure.Status != r.answer.Status || failure.RetryAfter != 7*time.Second && !failure.Unanswered) {
				t.Errorf("status %d and wait %s got lost: %+v", r.answer.Status, r.answer.RetryAfter, failure)
			}
		})
	}
}

func TestNoDeathOfAGrantWithoutAWordThatMeansIt(t *testing.T) {
	for id, p := range providers(t) {
		for _, status := range []int{200, 400, 401, 403, 404, 408, 425, 429, 500, 502, 503, 504} {
			for _, body := range []string{``, `{}`, `null`, `<html>`, `{"error":"revoked"}`, `{"error":"expired_token"}`, `{"message":"invalid_grant"}`, `{"error_description":"invalid_grant"}`} {
				_, f := tokens.Read(p, tokens.Answer{Status: status, Body: secret.New(body)})
				if f == nil || f.Verdict != tokens.Temporary {
					t.Errorf("%s: %d %s: %v", id, status, body, f)
				}
			}
		}
	}
}

// canary stands for every token in the bodies of FuzzRead. No error code has its
// letters, so that nothing but a leak can show it.
const canary = "cAn4ry/+s3cret="

func FuzzRead(f *testing.F) {
	all := providers(f)
	var ids []string
	for id := range all {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, r := range recordedAnswers(f) {
		if len(r.answer.Body.Reveal()) > 1000 {
			continue // the fuzzer would spend its time making it smaller
		}
		body := strings.NewReplacer("at-1", canary, "at-2", canary, "rt-1", canary, "rt-2", canary, "id-1", canary).Replace(r.answer.Body.Reveal())
		f.Add(slices.Index(ids, r.provider), r.answer.Status, r.answer.ContentType, body, r.answer.Truncated)
	}
	f.Fuzz(func(t *testing.T, id, status int, contentType, body string, truncated bool) {
		p := all[ids[(id%len(ids)+len(ids))%len(ids)]]
		answer := tokens.Answer{Status: status, ContentType: contentType, Body: secret.New(body), Truncated: truncated}
		renewal, failure := tokens.Read(p, answer)
		switch {
		case (renewal == nil) == (failure == nil):
			t.Fatalf("both or neither: %v, %v", renewal, failure)
		case failure != nil:
			checkFailure(t, p, answer, failure)
		default:
			checkRenewal(t, p, answer, renewal)
		}
	})
}

func checkFailure(t *testing.T, p *catalog.Provider, a tokens.Answer, f *tokens.Failure) {
	if shown := fmt.Sprintf("%+v %#v %s", *f, *f, f.Error()); strings.Contains(shown, canary) {
		t.Errorf("a failure shows what the body held: %s", shown)
	}
	throttled := a.Status == 429 || slices.Contains(p.Errors.Throttled, f.ProviderError) && f.ProviderError != ""
	if throttled && (f.Verdict != tokens.Temporary || f.Code != authmethods.CodeProviderThrottled) {
		t.Errorf("a throttle was taken for %s", spell(nil, f))
	}
	final := map[tokens.Verdict][]string{
		tokens.GrantLost:      append([]string{"invalid_grant"}, p.Errors.GrantLost...),
		tokens.ClientRejected: append([]string{"invalid_client", "unauthorized_client"}, slices.Concat(p.Errors.ClientRejected, p.Errors.RedirectURI)...),
	}
	if f.Verdict != tokens.Temporary && !slices.Contains(final[f.Verdict], f.ProviderError) {
		t.Errorf("%q was taken for final: %s", f.ProviderError, spell(nil, f))
	}
	if f.Verdict != tokens.Temporary && (a.Status < 400 && (a.Status != 200 || !p.Errors.In200) || a.Status >= 500 || a.Truncated) {
		t.Errorf("a verdict from status %d: %s", a.Status, spell(nil, f))
	}
}

func checkRenewal(t *testing.T, p *catalog.Provider, a tokens.Answer, r *tokens.Renewal) {
	visible := func(s string) bool {
		return !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' })
	}
	limit := p.Refresh.AccessTokenMaxLifetime
	switch {
	case !a.Success() || a.Truncated:
		t.Errorf("status %d, truncated %t, is a success", a.Status, a.Truncated)
	case r.AccessToken.IsZero() || !visible(r.AccessToken.Reveal()) || !visible(r.RefreshToken.Reveal()):
		t.Errorf("a token that no header can carry")
	case r.ExpiresIn < 0 || limit > 0 && r.ExpiresIn > limit:
		t.Errorf("a life of %s, at most %s", r.ExpiresIn, limit)
	case r.ExpiresIn < time.Minute && p.Refresh.AccessTokenDefaultLifetime > 0:
		t.Errorf("a life of %s", r.ExpiresIn)
	case r.RefreshLife < 0:
		t.Errorf("a refresh token that lives %s", r.RefreshLife)
	}
}

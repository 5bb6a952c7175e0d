package page_test

import (
	"html"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/test/screenshots/states"
	"latchkey/web/page"
	"latchkey/web/words"
)

type rendered struct {
	name, html string
	language   words.Language
}

func render(t *testing.T, state states.State, w words.Words) rendered {
	t.Helper()
	answer := httptest.NewRecorder()
	chrome := page.Chrome{Words: w, Tenant: "Acme", Person: &page.Person{Name: "Marie Dupont", Email: "marie@acme.example"}}
	if err := state.Write(answer, chrome); err != nil {
		t.Fatalf("%s: %v", state.Name, err)
	}
	return rendered{state.Name, answer.Body.String(), w.Language()}
}

// everything is all pages in all their forms and languages.
func everything(t *testing.T) []rendered {
	t.Helper()
	var all []rendered
	for _, language := range []words.Language{words.English, words.French, words.Pseudo} {
		w := words.In(language)
		for _, state := range states.All(w) {
			all = append(all, render(t, state, w))
		}
	}
	return all
}

var (
	inline    = regexp.MustCompile(`(?i)<style|\sstyle=|<script>|\son[a-z]+=|javascript:`)
	resource  = regexp.MustCompile(`(?:src|href|action)="([^"]*)"`)
	withID    = regexp.MustCompile(`\sid="([^"]+)"`)
	script    = regexp.MustCompile(`<script [^>]*>`)
	refers    = regexp.MustCompile(`\s(?:aria-labelledby|aria-describedby|for)="([^"]+)"`)
	control   = regexp.MustCompile(`<(?:input|select|textarea)\b[^>]*>`)
	emptyLine = regexp.MustCompile(`<(p|li|dd|h[1-3])(\s[^>]*)?>\s*</`)
)

func TestEveryPageIsWellFormedForEverybody(t *testing.T) {
	for _, p := range everything(t) {
		t.Run(p.name+"/"+string(p.language), func(t *testing.T) {
			for _, once := range []string{"<h1>", "<main ", "<title>", `<html lang="` + string(p.language) + `">`, `class="skip"`, "</html>", page.StylePath} {
				if n := strings.Count(p.html, once); n != 1 {
					t.Errorf("%q stands %d times in the page, want once", once, n)
				}
			}
			if found := inline.FindString(p.html); found != "" {
				t.Errorf("something inline that the content policy forbids: %q", found)
			}
			for _, found := range script.FindAllString(p.html, -1) {
				if !strings.Contains(found, ` src="/static/`) {
					t.Errorf("a script that is not ours: %s", found)
				}
			}
			for _, m := range resource.FindAllStringSubmatch(p.html, -1) {
				if strings.HasPrefix(m[1], "//") || strings.HasPrefix(m[1], "http") && !strings.Contains(m[1], "accounts.zoho.eu") {
					t.Errorf("the page leads elsewhere: %s", m[1])
				}
			}
			if found := emptyLine.FindString(p.html); found != "" {
				t.Errorf("an element without words: %q", found)
			}
			for _, leftover := range []string{"<no value>", "ZgotmplZ", "%!", "{{", "⟦"} {
				if strings.Contains(p.html, leftover) {
					t.Errorf("the page shows %q", leftover)
				}
			}
			checkReferences(t, p.html)
		})
	}
}

// checkReferences looks at ids, at what refers to them, and at the labels of controls.
func checkReferences(t *testing.T, page string) {
	t.Helper()
	ids := map[string]int{}
	for _, m := range withID.FindAllStringSubmatch(page, -1) {
		ids[m[1]]++
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("the id %q is given %d times", id, n)
		}
	}
	for _, m := range refers.FindAllStringSubmatch(page, -1) {
		for _, id := range strings.Fields(m[1]) {
			if ids[id] == 0 {
				t.Errorf("something refers to the id %q, which nothing has", id)
			}
		}
	}
	for _, found := range control.FindAllString(page, -1) {
		labelled := strings.Contains(found, `type="hidden"`) || strings.Contains(found, `aria-hidden="true"`) || strings.Contains(page, `<label class="option">`+found)
		if id := withID.FindStringSubmatch(found); id != nil {
			labelled = labelled || strings.Contains(page, `for="`+id[1]+`"`)
		}
		if !labelled {
			t.Errorf("a control without a label: %s", found)
		}
	}
}

func TestNamesThatPeopleChoseAreText(t *testing.T) {
	for _, p := range everything(t) {
		if p.name != "start-hostile" {
			continue
		}
		if strings.Contains(p.html, "<script>") || !strings.Contains(p.html, "&lt;script&gt;") {
			t.Error("a name became markup")
		}
	}
}

func TestTitlesBeginWithTheOutcome(t *testing.T) {
	begins := map[string]string{
		"failed": "Error: ", "failed-temporary": "Error: ", "fault": "Error: ", "foreign": "Error: ", "malformed": "Error: ", "choose-unchosen": "Error: ",
		"completed": "Zoho Desk – Support is connected", "choose": "Choose an organisation", "exchanging": "Testing the access",
	}
	for _, p := range everything(t) {
		want := begins[p.name]
		if p.language == words.French && want == "Error: " {
			want = "Erreur\u202f: "
		} else if p.language != words.English {
			continue
		}
		if !strings.Contains(p.html, "<title>"+want) {
			t.Errorf("%s, %s: the title does not begin with %q", p.name, p.language, want)
		}
	}
}

func TestEveryDiagnosisHasACard(t *testing.T) {
	for _, language := range words.Languages {
		w := words.In(language)
		for _, d := range authmethods.Diagnoses() {
			answer := httptest.NewRecorder()
			if err := page.Failed.Write(answer, 200, page.Chrome{Words: w}, states.Failure(w, d.Code, "What happened.")); err != nil {
				t.Fatal(err)
			}
			d = w.Diagnosis(d)
			for _, part := range append([]string{d.Title, d.Action}, d.Causes...) {
				if !strings.Contains(answer.Body.String(), html.EscapeString(part)) {
					t.Errorf("%s in %s: the page lacks %q", d.Ref, language, part)
				}
			}
		}
	}
}

func TestAFaultOfOursShowsNothingButTheRequest(t *testing.T) {
	p := &authmethods.Problem{Detail: "a secret detail", Code: "secret_code", Fields: []authmethods.FieldError{{Detail: "a secret field"}}}
	for _, language := range words.Languages {
		w, answer := words.In(language), httptest.NewRecorder()
		if err := page.Fault.Write(answer, 500, page.Chrome{Words: w}, page.Problem(w, p, authmethods.Diagnose(authmethods.CodeInternal), "req_1")); err != nil {
			t.Fatal(err)
		}
		if got := answer.Body.String(); strings.Contains(got, "a secret") || strings.Contains(got, "secret_code") || !strings.Contains(got, "req_1") {
			t.Errorf("%s: an internal fault shows more or less than its request", language)
		}
	}
	a := page.Problem(words.Words{}, authmethods.Missing(), authmethods.Diagnose(authmethods.CodeNotFound), "req_1")
	if a.RequestID != "" {
		t.Error("pages of what is missing differ by the request")
	}
}

// loaded finds the files that a page loads.
var loaded = regexp.MustCompile(`/static/([0-9a-f]{16}\.(?:css|js|svg))`)

func TestWhatPagesLoadMayBeKeptForEver(t *testing.T) {
	shown := render(t, states.All(words.Words{})[len(states.All(words.Words{}))-1], words.Words{})
	kinds := map[string]bool{}
	for _, m := range loaded.FindAllStringSubmatch(shown.html, -1) {
		for _, encoding := range []string{"", "br, gzip"} {
			r, w := httptest.NewRequest("GET", m[0], nil), httptest.NewRecorder()
			r.Header.Set("Accept-Encoding", encoding)
			found, err := page.WriteStatic(w, r, m[1])
			if !found || err != nil {
				t.Fatalf("%s: %t, %v", m[0], found, err)
			}
			if got := w.Header().Get("Cache-Control"); !strings.Contains(got, "immutable") {
				t.Errorf("Cache-Control is %q", got)
			}
			if packed := w.Header().Get("Content-Encoding") == "gzip"; packed != (encoding != "") {
				t.Errorf("%q was asked for, packed is %t", encoding, packed)
			}
			if content := w.Body.String(); strings.Contains(content, "url(") || strings.Contains(content, "@import") {
				t.Errorf("%s loads something", m[0])
			}
		}
		kinds[filepath.Ext(m[1])] = true
	}
	if len(kinds) != 3 {
		t.Errorf("the page loads files of the kinds %v, want style, script and icons", kinds)
	}
	if found, _ := page.WriteStatic(httptest.NewRecorder(), httptest.NewRequest("GET", "/static/x.css", nil), "x.css"); found {
		t.Error("a file that there is not was found")
	}
}

// symbols finds the icons that a page shows.
var symbols = regexp.MustCompile(`<use href="/static/[0-9a-f]{16}\.svg#([a-z]+)"/>`)

func TestEveryIconIsDrawn(t *testing.T) {
	drawn, err := os.ReadFile("static/icons/icons.svg")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range everything(t) {
		for _, m := range symbols.FindAllStringSubmatch(p.html, -1) {
			if !strings.Contains(string(drawn), `<symbol id="`+m[1]+`"`) {
				t.Errorf("%s shows the icon %s, which nobody drew", p.name, m[1])
			}
		}
	}
}

func BenchmarkThePageOfComponents(b *testing.B) {
	w := words.In(words.French)
	p := page.Components(w, time.Now())
	for b.Loop() {
		if err := page.Sample.Write(httptest.NewRecorder(), 200, page.Chrome{Words: w, Tenant: "Acme"}, p); err != nil {
			b.Fatal(err)
		}
	}
}

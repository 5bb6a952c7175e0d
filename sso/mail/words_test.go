package mail

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/crypto/secret"
)

func all(t *testing.T, l letter) []string {
	t.Helper()
	return slices.Concat([]string{l.Subject, l.Greeting, l.Button}, l.Lines, l.After)
}

func TestEveryMailIsWrittenInBothLanguages(t *testing.T) {
	if a, b := slices.Sorted(maps.Keys(english.kinds)), slices.Sorted(maps.Keys(french.kinds)); !slices.Equal(a, b) {
		t.Fatalf("English has %v, French %v", a, b)
	}
	for kind, w := range english.kinds {
		for _, language := range []string{"en", "fr", "", "FR-ca"} {
			m := Message{Kind: kind, To: "m@a.example", Name: "Marie", Language: language, Workspace: "Acme", UserName: "marie", At: time.Date(2026, 8, 1, 14, 5, 0, 0, time.UTC)}
			if w.button != "" {
				m.Link, m.Life = secret.New(link), 2*time.Hour
			}
			l, err := m.letter()
			if err != nil {
				t.Fatal(kind, err)
			}
			text := strings.Join(all(t, l), "\n")
			if strings.ContainsAny(text, "{}") || !strings.Contains(l.Subject, "Acme") || !strings.Contains(text, "marie") {
				t.Errorf("%s in %q: %s", kind, language, text)
			}
			if isFrench := l.Language == "fr"; isFrench != strings.HasPrefix(strings.ToLower(language), "fr") || isFrench != strings.HasPrefix(l.Greeting, "Bonjour Marie") {
				t.Errorf("%s in %q: %s", kind, language, l.Greeting)
			}
			if m.Link = (secret.Text{}); w.button == "" {
				m.Link = secret.New(link)
			}
			if _, err := m.letter(); err == nil {
				t.Errorf("%s was written with a link where there is none, or without one", kind)
			}
		}
	}
	if _, err := (Message{Kind: "fun"}).letter(); err == nil {
		t.Error("a mail of no kind was written")
	}
}

func TestFrenchHasNarrowSpacesBeforeHighPunctuation(t *testing.T) {
	for kind, w := range french.kinds {
		lines := slices.Concat([]string{w.subject, w.button}, w.lines, w.after, []string{french.at(time.Now())})
		for _, line := range lines {
			before := ' '
			for _, r := range line {
				if strings.ContainsRune(":;?!", r) && before != '\u202f' {
					t.Errorf("%s: %q before %q in %q", kind, before, r, line)
				}
				if r == '\'' {
					t.Errorf("%s: a straight apostrophe in %q", kind, line)
				}
				before = r
			}
		}
	}
	for kind, w := range english.kinds {
		if strings.Contains(w.subject+strings.Join(w.lines, "")+strings.Join(w.after, ""), "\u202f") {
			t.Errorf("%s: a narrow space in English", kind)
		}
	}
}

func TestTimesAreSaidAsPeopleSayThem(t *testing.T) {
	at := time.Date(2026, 8, 1, 14, 5, 0, 0, time.UTC)
	for got, want := range map[string]string{
		english.life(2 * time.Hour):    "2 hours",
		english.life(time.Hour):        "1 hour",
		english.life(90 * time.Minute): "90 minutes",
		french.life(2 * time.Hour):     "2 heures",
		french.life(30 * time.Minute):  "30 minutes",
		english.at(at):                 "When: 1 August 2026, 14:05 UTC.",
		french.at(at):                  "Quand\u202f: le 1er août 2026 à 14 h 05 UTC.",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

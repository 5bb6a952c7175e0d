package words_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// forms returns the forms of each text of a language.
func forms(t *testing.T, language string) map[string][]string {
	t.Helper()
	names, err := filepath.Glob(language + "/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("no catalogue of %s: %v", language, err)
	}
	all := map[string][]string{}
	for _, name := range names {
		document, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var raw map[string]yaml.Node
		if err := yaml.Unmarshal(document, &raw); err != nil {
			t.Fatal(err)
		}
		for key, node := range raw {
			if node.Kind == yaml.ScalarNode {
				all[key] = []string{node.Value}
				continue
			}
			for i := 1; i < len(node.Content); i += 2 {
				all[key] = append(all[key], node.Content[i].Value)
			}
		}
	}
	return all
}

var (
	placeholders = regexp.MustCompile(`\{[^}]*\}`)
	tags         = regexp.MustCompile(`<[^>]*>`)
)

// marks returns what must be the same in every language: placeholders and markup.
func marks(form string) []string {
	found := append(placeholders.FindAllString(form, -1), tags.FindAllString(form, -1)...)
	slices.Sort(found)
	return slices.Compact(found)
}

func TestTheLanguagesSayTheSameThings(t *testing.T) {
	en, fr := forms(t, "en"), forms(t, "fr")
	for key, english := range en {
		french, ok := fr[key]
		if !ok {
			t.Errorf("French lacks %s", key)
			continue
		}
		if len(english) != len(french) {
			t.Errorf("%s is a plural in one language only", key)
		}
		want, got := marks(english[len(english)-1]), marks(french[len(french)-1])
		if !slices.Equal(want, got) {
			t.Errorf("%s has %v in English and %v in French", key, want, got)
		}
	}
	for key := range fr {
		if _, ok := en[key]; !ok {
			t.Errorf("English lacks %s", key)
		}
	}
}

func TestTextsAreWellFormed(t *testing.T) {
	allowed := regexp.MustCompile(`^</?(strong|em|code|kbd)>$`)
	name := regexp.MustCompile(`^\{[a-z_]+\}$`)
	for _, file := range []string{"en", "fr"} {
		for key, each := range forms(t, file) {
			for _, form := range each {
				if strings.TrimSpace(form) != form || form == "" || strings.Contains(form, "  ") {
					t.Errorf("%s: %s is empty or has space that nobody sees: %q", file, key, form)
				}
				open := 0
				for _, tag := range tags.FindAllString(form, -1) {
					if !allowed.MatchString(tag) {
						t.Errorf("%s: %s holds the markup %s", file, key, tag)
					}
					if strings.HasPrefix(tag, "</") {
						open--
					} else {
						open++
					}
				}
				if open != 0 {
					t.Errorf("%s: %s does not close its markup", file, key)
				}
				if bare := tags.ReplaceAllString(form, ""); strings.ContainsAny(bare, "<>&") {
					t.Errorf("%s: %s holds a bare <, > or &", file, key)
				}
				for _, found := range placeholders.FindAllString(form, -1) {
					if !name.MatchString(found) {
						t.Errorf("%s: %s has the placeholder %s", file, key, found)
					}
				}
			}
		}
	}
}

// straight is what typing leaves where print has something better.
var straight = regexp.MustCompile(`["']|\.\.\.`)

// loose finds high punctuation in French without its narrow no-break space, but not
// the colon of an address or of a time.
var loose = regexp.MustCompile(`[^\x{202f}][;!?»]|[^\x{202f}]:(\s|$)|«[^\x{202f}]`)

// flaws are what is wrong with the typography of a text.
func flaws(form string, french bool) []string {
	bare := tags.ReplaceAllString(form, "")
	found := straight.FindAllString(bare, -1)
	if french {
		found = append(found, loose.FindAllString(bare, -1)...)
	}
	return found
}

func TestTypography(t *testing.T) {
	for file, french := range map[string]bool{"en": false, "fr": true} {
		for key, each := range forms(t, file) {
			for _, form := range each {
				for _, flaw := range flaws(form, french) {
					t.Errorf("%s: %s has %q in %q", file, key, flaw, form)
				}
			}
		}
	}
	var french map[string]struct {
		Title, Action string
		Causes        []string
	}
	document, err := os.ReadFile("diagnoses.fr.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(document, &french); err != nil {
		t.Fatal(err)
	}
	for code, d := range french {
		for _, form := range append([]string{d.Title, d.Action}, d.Causes...) {
			for _, flaw := range flaws(form, true) {
				t.Errorf("the diagnosis %s has %q in %q", code, flaw, form)
			}
		}
	}
}

func TestTheTestsOfTypographyFindFlaws(t *testing.T) {
	for _, bad := range []string{"Quoi?", "Quoi ?", "Un: deux", "« Un »", "l'un", `"un"`, "un..."} {
		if len(flaws(bad, true)) == 0 {
			t.Errorf("nothing was found in %q", bad)
		}
	}
	for _, good := range []string{"Quoi\u202f?", "«\u202fUn\u202f»", "https://a.example", "10:31", "l’un…"} {
		if found := flaws(good, true); len(found) > 0 {
			t.Errorf("%q was found in %q", found, good)
		}
	}
}

package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the generated parts of the documentation")

const (
	configurationDoc = "../../docs/configuration.md"
	beginTable       = "<!-- settings: generated, do not edit -->\n"
	endTable         = "<!-- end of settings -->\n"
)

// settingsTable is the table of the settings in Markdown.
func settingsTable(list []setting) string {
	b := &strings.Builder{}
	b.WriteString("| Variable | Default | Meaning |\n| --- | --- | --- |\n")
	for _, s := range list {
		name, usual := "`"+s.name+"`", s.usual
		if s.secret && !s.alone {
			name += ", `" + s.name + "_FILE`"
		}
		if s.fallback != "" {
			usual = "`" + s.fallback + "`"
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", name, usual, s.meaning)
	}
	return b.String()
}

func TestTheDocumentationListsTheSettings(t *testing.T) {
	text, err := os.ReadFile(configurationDoc)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), beginTable)
	have, after, ended := strings.Cut(rest, endTable)
	if !ok || !ended {
		t.Fatalf("%s has lost the marks of its table", configurationDoc)
	}
	want := "\n## The server\n\n" + settingsTable(settings) + "\n## `latchkey token get`\n\n" + settingsTable(clientSettings) + "\n"
	if have == want {
		return
	}
	if *update {
		if err := os.WriteFile(configurationDoc, []byte(before+beginTable+want+endTable+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("go test ./cmd/latchkey -run Documentation -update brings %s up to date (-want +got):\n%s", configurationDoc, cmp.Diff(want, have))
}

// documents are what people read first.
func documents(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(paths) == 0 {
		t.Fatal("there are no documents", err)
	}
	texts := map[string]string{}
	for _, path := range append(paths, "../../README.md") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Base(path)] = string(text)
	}
	return texts
}

func TestDocumentsNameOnlyWhatThereIs(t *testing.T) {
	parser, err := kong.New(&commands{})
	if err != nil {
		t.Fatal(err)
	}
	var verbs []string
	for _, leaf := range parser.Model.Leaves(true) {
		words := strings.Fields(leaf.FullPath())[1:]
		for i := range words {
			verbs = append(verbs, strings.Join(words[:i+1], " "))
		}
	}
	setting, verb := regexp.MustCompile(`LATCHKEY_[A-Z_]+`), regexp.MustCompile("(?:`|\\./|^|bin/)latchkey ([a-z]+(?:-[a-z]+)*)(?: (create|list|show|disable|enable|delete|get|roll|revoke|status|verify|rotate)\\b)?")
	for name, text := range documents(t) {
		for _, found := range setting.FindAllString(text, -1) {
			if !slices.Contains(knownNames(), found) && !strings.HasPrefix(found, "LATCHKEY_TEST_") && found != "LATCHKEY_" {
				t.Errorf("%s names %s, which nobody reads", name, found)
			}
		}
		for line := range strings.Lines(text) {
			for _, found := range verb.FindAllStringSubmatch(line, -1) {
				if said := strings.TrimSpace(found[1] + " " + found[2]); !slices.Contains(verbs, said) {
					t.Errorf("%s names the command %q, which there is not", name, said)
				}
			}
		}
	}
}

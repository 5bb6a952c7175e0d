package methods

import (
	_ "embed"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"latchkey/web/words"
)

//go:embed catalogue.fr.yaml
var catalogueFrench []byte

// french is how the English texts of integration types are said in French.
type french struct {
	Phrases, Verbs, Things map[string]string
}

var inFrench = sync.OnceValue(func() french {
	var f french
	if err := yaml.Unmarshal(catalogueFrench, &f); err != nil {
		panic("methods: catalogue.fr.yaml: " + err.Error())
	}
	return f
})

// inWords says a text of an integration type in the language of w. One of a type that
// an operator added stays as it is.
func inWords(w words.Words, text string) string {
	if w.Language() != words.French {
		return text
	}
	said, ok := inFrench().say(strings.TrimSpace(text))
	if !ok {
		return text
	}
	return said
}

func (f french) say(text string) (string, bool) {
	if said, ok := f.Phrases[text]; ok {
		return said, true
	}
	for verb, said := range f.Verbs {
		if thing, ok := strings.CutPrefix(text, verb+" "); ok {
			if of, ok := f.Things[thing]; ok {
				return said + " " + of, true
			}
		}
	}
	return "", false
}

// inWordsAll is inWords for several.
func inWordsAll(w words.Words, texts []string) []string {
	said := make([]string, len(texts))
	for i, each := range texts {
		said[i] = inWords(w, each)
	}
	return said
}

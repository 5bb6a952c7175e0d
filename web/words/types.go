package words

import (
	_ "embed"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

//go:embed types.fr.yaml
var typesFrench []byte

// french is how the English texts of integration types are said in French.
type french struct {
	Phrases, Verbs, Things map[string]string
}

var inFrench = sync.OnceValue(func() french {
	var f french
	if err := yaml.Unmarshal(typesFrench, &f); err != nil {
		panic("words: types.fr.yaml: " + err.Error())
	}
	return f
})

// OfType says a text of an integration type, which is English there. One of a type that
// an operator added stays as it is.
func (w Words) OfType(text string) string {
	if w.Language() != French {
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

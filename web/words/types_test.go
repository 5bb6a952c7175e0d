package words

import (
	"strings"
	"testing"

	"latchkey/authmethods/catalog"
)

// texts are what the types say to people.
func texts(kinds []*catalog.Type) []string {
	var list []string
	for _, k := range kinds {
		list = append(list, k.Console.Steps...)
		if strings.HasPrefix(k.ID, "generic_") {
			list = append(list, k.Name) // the other names are those of products
		}
		for _, e := range k.Environments {
			list = append(list, e.Differs)
		}
		for _, q := range k.Parameters {
			list = append(list, q.Name, q.Help)
		}
		for _, dc := range k.DataCentres {
			list = append(list, dc.Name)
		}
		for _, p := range k.Scopes.Presets {
			list = append(list, p.Name)
		}
		for _, s := range k.Scopes.Catalogue {
			list = append(list, s.Lets, s.UsedFor)
		}
	}
	return list
}

func TestWhatIntegrationTypesSayIsSaidInFrench(t *testing.T) {
	known, err := catalog.Load(catalog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	for _, text := range texts(known.Types()) {
		text = strings.TrimSpace(text)
		if _, ok := inFrench().say(text); text != "" && !ok {
			t.Errorf("there is no French for %q", text)
		}
		said[text] = true
	}
	for english := range inFrench().Phrases {
		if !said[english] {
			t.Errorf("no type says %q any more", english)
		}
	}
}

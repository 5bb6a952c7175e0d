package words

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"

	"go.yaml.in/yaml/v3"
)

//go:embed en/*.yaml fr/*.yaml
var files embed.FS

//go:embed diagnoses.fr.yaml
var frenchDiagnoses []byte

// text is a text of the catalogue. Only Other is given where it is the same for
// every number.
type text struct {
	One   string `yaml:"one"`
	Other string `yaml:"other"`
}

// UnmarshalYAML takes a plain text or the forms of a plural.
func (t *text) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return node.Decode(&t.Other)
	}
	type forms text
	if err := node.Decode((*forms)(t)); err != nil {
		return err
	}
	if t.One == "" || t.Other == "" || len(node.Content) != 4 {
		return fmt.Errorf("line %d: a plural has the forms one and other", node.Line)
	}
	return nil
}

// catalogues are read when the program starts: they are part of it, and a fault in
// one is a fault of the build.
var catalogues = map[Language]map[string]text{
	English: read("en"),
	French:  read("fr"),
	Pseudo:  disguised(read("en")),
}

// read reads all files of a language. A key stands in one of them.
func read(dir string) map[string]text {
	names, err := fs.Glob(files, dir+"/*.yaml")
	if err != nil || len(names) == 0 {
		panic("words: no catalogue in " + dir)
	}
	all := map[string]text{}
	for _, name := range names {
		document, err := files.ReadFile(name)
		if err != nil {
			panic(err)
		}
		texts := map[string]text{}
		decode(document, &texts)
		for key, t := range texts {
			if _, twice := all[key]; twice {
				panic("words: " + name + " says " + key + " again")
			}
			all[key] = t
		}
	}
	return all
}

func decode(document []byte, into any) {
	d := yaml.NewDecoder(bytes.NewReader(document))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		panic(fmt.Sprintf("words: an embedded catalogue: %v", err))
	}
}

package catalog

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFile is far above any real file; more is a mistake or an attack.
const maxFile = 256 << 10

// document is one YAML file. The origin of its nodes is kept beside them,
// because after merging a type's nodes come from several files.
type document struct {
	file    string
	root    *yaml.Node
	id      string
	extends string
	table   bool // a shared table of data centres, NAME.dc.yaml
}

type origins map[*yaml.Node]string

func (o origins) add(file string, n *yaml.Node) {
	o[n] = file
	for _, child := range n.Content {
		o.add(file, child)
	}
}

// parse reads one file. The keys id (of an override) and extends are taken out of
// the tree: they steer the merge and are no part of the result.
func parse(file string, text []byte, from origins) (document, Faults) {
	doc := document{file: file, table: strings.HasSuffix(file, ".dc.yaml") || strings.HasSuffix(file, ".dc.yml")}
	fault := func(line int, path, detail string) (document, Faults) {
		return doc, Faults{{File: file, Line: line, Path: path, Detail: detail}}
	}
	if len(text) > maxFile {
		return fault(0, "", "is larger than 256 KiB")
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var outer, second yaml.Node
	if err := decoder.Decode(&outer); err != nil {
		if errors.Is(err, io.EOF) {
			return fault(0, "", "is empty")
		}
		return fault(0, "", "is not YAML: "+strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return fault(0, "", "must hold exactly one YAML document")
	}
	if len(outer.Content) != 1 || outer.Content[0].Kind != yaml.MappingNode {
		return fault(1, "", "must be a map of keys and values")
	}
	doc.root = outer.Content[0]
	from.add(file, doc.root)
	if faults := checkPlain(file, doc.root, nil); len(faults) > 0 {
		return doc, faults
	}
	doc.extends = scalar(take(doc.root, "extends"))
	doc.id = scalar(lookup(doc.root, "id"))
	if doc.id == "" {
		doc.id = doc.extends
	}
	if !idPattern.MatchString(doc.id) {
		line := 1
		if n := lookup(doc.root, "id"); n != nil {
			line = n.Line
		}
		return fault(line, "id", "must be 2 to 64 characters of a-z, 0-9 and _, beginning with a letter")
	}
	return doc, nil
}

// checkPlain refuses the YAML that a reader of the file would not see through:
// anchors, aliases, merge keys, tags and keys given twice.
func checkPlain(file string, n *yaml.Node, path []string) Faults {
	at := func(n *yaml.Node, path []string, detail string) Faults {
		return Faults{{File: file, Line: n.Line, Path: strings.Join(path, "."), Detail: detail}}
	}
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return at(n, path, "anchors and aliases are not allowed here; write the value out")
	}
	var faults Faults
	if n.Kind != yaml.MappingNode {
		for _, item := range n.Content {
			faults = append(faults, checkPlain(file, item, path)...)
		}
		return faults
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			faults = append(faults, at(key, path, "a key must be a plain word")...)
			continue
		}
		deeper := append(path[:len(path):len(path)], key.Value)
		if seen[key.Value] {
			faults = append(faults, at(key, deeper, "is given twice")...)
		}
		seen[key.Value] = true
		faults = append(faults, checkPlain(file, value, deeper)...)
	}
	return faults
}

// lookup returns the value of key in a map, or nil.
func lookup(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// take removes key from a map and returns its value, or nil.
func take(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			value := n.Content[i+1]
			n.Content = append(n.Content[:i:i], n.Content[i+2:]...)
			return value
		}
	}
	return nil
}

func scalar(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.ScalarNode || isNull(n) {
		return ""
	}
	return n.Value
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// merge lays over on base: maps are merged key by key, everything else is
// replaced, and null removes what base says. Neither is changed.
func merge(base, over *yaml.Node, from origins) *yaml.Node {
	if base == nil || over == nil || base.Kind != yaml.MappingNode || over.Kind != yaml.MappingNode {
		if over == nil {
			return base
		}
		return over
	}
	merged := *over
	merged.Content = nil
	from[&merged] = from[over]
	for i := 0; i+1 < len(base.Content); i += 2 {
		key, value := base.Content[i], base.Content[i+1]
		if replacement := lookup(over, key.Value); replacement != nil {
			value = merge(value, replacement, from)
		}
		if !isNull(value) {
			merged.Content = append(merged.Content, key, value)
		}
	}
	for i := 0; i+1 < len(over.Content); i += 2 {
		key, value := over.Content[i], over.Content[i+1]
		if lookup(base, key.Value) == nil && !isNull(value) {
			merged.Content = append(merged.Content, key, value)
		}
	}
	return &merged
}

package catalog

import (
	"embed"
	"fmt"
	"io/fs"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed types/*.yaml
var embedded embed.FS

var idPattern = regexp.MustCompile(`^[a-z][a-z0-9_]{1,63}$`)

// Options say where integration types come from. The zero Options are the
// embedded types, https only.
type Options struct {
	// Extra holds files of the operator's, NAME.yaml in its root: new types,
	// types that extend another, tables of data centres. nil: none.
	Extra fs.FS
	// AllowHTTP reports whether a host, without port, may be spoken to over http,
	// on any port and by its address. nil: none may.
	AllowHTTP func(host string) bool
}

// Catalog is the set of integration types. It does not change.
type Catalog struct {
	types map[string]*Type
}

// Find returns the type with this id.
func (c *Catalog) Find(id string) (*Type, bool) {
	t, ok := c.types[id]
	return t, ok
}

// Types returns all types, sorted by id.
func (c *Catalog) Types() []*Type {
	var list []*Type
	for _, t := range c.types {
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b *Type) int { return strings.Compare(a.ID, b.ID) })
	return list
}

// Load reads and checks all types. Its error is a [Faults] that lists everything
// wrong at once.
func Load(o Options) (*Catalog, error) {
	if o.AllowHTTP == nil {
		o.AllowHTTP = func(string) bool { return false }
	}
	l := loader{allowHTTP: o.AllowHTTP, from: origins{}, types: map[string]document{}, tables: map[string]document{}}
	own, err := fs.Sub(embedded, "types")
	if err != nil {
		return nil, fmt.Errorf("open embedded integration types: %w", err)
	}
	l.add(l.read(own, "embedded:"))
	if o.Extra != nil {
		l.add(l.read(o.Extra, ""))
	}
	c := &Catalog{types: map[string]*Type{}}
	for id, doc := range l.types {
		if t := l.decode(doc); t != nil {
			c.types[id] = t
		}
	}
	if len(l.faults) > 0 {
		return nil, fmt.Errorf("load integration types:\n%w", l.faults.sorted())
	}
	return c, nil
}

// loader gathers documents by id, overrides already merged, and faults.
type loader struct {
	allowHTTP func(string) bool
	from      origins
	types     map[string]document
	tables    map[string]document
	faults    Faults
}

func (l *loader) fault(file string, line int, path, detail string) {
	l.faults = append(l.faults, Fault{file, line, path, detail})
}

// read parses every YAML file in the root of dir. Hidden files are left alone:
// editors and mounted configuration put theirs there.
func (l *loader) read(dir fs.FS, prefix string) []document {
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		l.fault(".", 0, "", "cannot list the directory: "+err.Error())
		return nil
	}
	var docs []document
	for _, entry := range entries {
		name := entry.Name()
		isYAML := strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")
		if entry.IsDir() || strings.HasPrefix(name, ".") || !isYAML {
			continue
		}
		text, err := fs.ReadFile(dir, name)
		if err != nil {
			l.fault(prefix+name, 0, "", "cannot be read: "+err.Error())
			continue
		}
		doc, faults := parse(prefix+name, text, l.from)
		if len(faults) == 0 {
			faults = doc.shape()
		}
		l.faults = append(l.faults, faults...)
		if len(faults) == 0 {
			docs = append(docs, doc)
		}
	}
	return docs
}

// table is what a file NAME.dc.yaml may hold.
type table struct {
	ID          string      `yaml:"id"`
	DataCentres DataCentres `yaml:"data_centres"`
}

func (d document) shape() Faults {
	s := schema{file: d.file, mayErase: d.extends != ""}
	shape := reflect.TypeFor[Type]()
	if d.table {
		shape = reflect.TypeFor[table]()
	}
	s.check(d.root, shape, nil)
	return s.faults
}

// add takes documents in, overrides of what is there already first, so that the
// types derived in the same directory build on them whatever their names.
func (l *loader) add(docs []document) {
	changed := map[string]string{}
	var rest []document
	for _, doc := range docs {
		if doc.extends == "" || doc.extends != doc.id {
			rest = append(rest, doc)
			continue
		}
		if first := changed[l.key(doc)]; first != "" {
			l.fault(doc.file, 1, "extends", fmt.Sprintf("%s is changed by %s already", doc.id, first))
			continue
		}
		changed[l.key(doc)] = doc.file
		l.derive(doc)
	}
	var derived []document
	for _, doc := range rest {
		if doc.extends != "" {
			derived = append(derived, doc)
			continue
		}
		l.define(doc)
	}
	for _, doc := range derived {
		l.derive(doc)
	}
}

func (l *loader) key(d document) string { return fmt.Sprint(d.table, " ", d.id) }

func (l *loader) shelf(d document) map[string]document {
	if d.table {
		return l.tables
	}
	return l.types
}

func (l *loader) define(doc document) {
	if first, taken := l.shelf(doc)[doc.id]; taken {
		detail := fmt.Sprintf("%s is defined in %s already; write \"extends: %s\" to change it", doc.id, first.file, doc.id)
		l.fault(doc.file, lookup(doc.root, "id").Line, "id", detail)
		return
	}
	l.shelf(doc)[doc.id] = doc
}

func (l *loader) derive(doc document) {
	shelf := l.shelf(doc)
	base, ok := shelf[doc.extends]
	if !ok {
		detail := fmt.Sprintf("there is no %q", doc.extends)
		if near := Nearest(doc.extends, keys(shelf)); near != "" {
			detail += fmt.Sprintf("; did you mean %q?", near)
		}
		l.fault(doc.file, 1, "extends", detail)
		return
	}
	if other, taken := shelf[doc.id]; taken && doc.id != doc.extends {
		l.fault(doc.file, 1, "id", fmt.Sprintf("%s is defined in %s already", doc.id, other.file))
		return
	}
	doc.root = merge(base.root, doc.root, l.from)
	shelf[doc.id] = doc
}

// decode turns a merged document into a type, or reports why not.
func (l *loader) decode(doc document) *Type {
	root := doc.root
	if name := scalar(lookup(root, "data_centres_from")); name != "" {
		shared, ok := l.tables[name]
		if !ok {
			l.fault(doc.file, lookup(root, "data_centres_from").Line, "data_centres_from",
				fmt.Sprintf("there is no table %q; it would be the file %s.dc.yaml", name, name))
			return nil
		}
		root = l.include(root, shared.root)
	}
	t := &Type{allowHTTP: l.allowHTTP}
	if err := root.Decode(t); err != nil {
		l.fault(doc.file, 0, "", "cannot be understood: "+err.Error())
		return nil
	}
	t.setDefaults()
	v := validator{t: t}
	v.validate()
	for _, found := range v.found {
		file, line := l.locate(doc.file, root, found.path)
		l.fault(file, line, strings.Join(found.path, "."), found.detail)
	}
	return t
}

// include lays a type's own data centres over those of a shared table.
func (l *loader) include(root, shared *yaml.Node) *yaml.Node {
	own := lookup(root, "data_centres")
	both := merge(lookup(shared, "data_centres"), own, l.from)
	if both == nil {
		return root
	}
	key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: "data_centres", Line: both.Line}
	over := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: root.Line, Content: []*yaml.Node{key, both}}
	included := *root
	included.Content = append([]*yaml.Node(nil), root.Content...)
	take(&included, "data_centres")
	included.Content = append(included.Content, over.Content...)
	l.from[&included] = l.from[root]
	return &included
}

// locate finds the file and line of the deepest node on path that exists.
func (l *loader) locate(file string, n *yaml.Node, path []string) (string, int) {
	line := 0
	for _, key := range path {
		var next *yaml.Node
		if n.Kind == yaml.SequenceNode {
			var index int
			if _, err := fmt.Sscan(key, &index); err == nil && index < len(n.Content) {
				next = n.Content[index]
			}
		} else {
			next = lookup(n, key)
		}
		if next == nil {
			break
		}
		n, line = next, next.Line
		if origin := l.from[n]; origin != "" {
			file = origin
		}
	}
	return file, line
}

func keys[K ~string, V any](m map[K]V) []K {
	var list []K
	for key := range m {
		list = append(list, key)
	}
	slices.Sort(list)
	return list
}

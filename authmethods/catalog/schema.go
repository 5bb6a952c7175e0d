package catalog

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// schema checks the shape of one file against the Go types it is decoded into.
// The decoder's own strictness speaks of Go and stops at a file's first fault.
type schema struct {
	file     string
	mayErase bool // null is allowed: it erases what the extended type says
	faults   Faults
}

func (s *schema) fault(n *yaml.Node, path []string, format string, args ...any) {
	s.faults = append(s.faults, Fault{s.file, n.Line, strings.Join(path, "."), fmt.Sprintf(format, args...)})
}

func (s *schema) check(n *yaml.Node, t reflect.Type, path []string) {
	if isNull(n) {
		if !s.mayErase {
			s.fault(n, path, "has no value")
		}
		return
	}
	switch {
	case t == reflect.TypeFor[DataCentres]():
		s.checkMap(n, reflect.TypeFor[DataCentre](), path)
	case t.Kind() == reflect.Pointer:
		s.check(n, t.Elem(), path)
	case t.Kind() == reflect.Struct:
		s.checkStruct(n, t, path)
	case t.Kind() == reflect.Map:
		s.checkMap(n, t.Elem(), path)
	case t.Kind() == reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			s.fault(n, path, "must be a list")
			return
		}
		for i, item := range n.Content {
			s.check(item, t.Elem(), deeper(path, strconv.Itoa(i)))
		}
	default:
		s.checkScalar(n, t, path)
	}
}

func (s *schema) checkStruct(n *yaml.Node, t reflect.Type, path []string) {
	if n.Kind != yaml.MappingNode {
		s.fault(n, path, "must be a map of keys and values")
		return
	}
	fields := map[string]reflect.Type{}
	var names []string
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("yaml"); name != "" && name != "-" {
			fields[name] = t.Field(i).Type
			names = append(names, name)
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		field, known := fields[key.Value]
		if !known {
			s.unknown(key, names, path)
			continue
		}
		s.check(value, field, deeper(path, key.Value))
	}
}

func (s *schema) unknown(key *yaml.Node, names, path []string) {
	where := "at the top level"
	if len(path) > 0 {
		where = "in " + strings.Join(path, ".")
	}
	if near := Nearest(key.Value, names); near != "" {
		s.fault(key, nil, "unknown key %q %s; did you mean %q?", key.Value, where, near)
		return
	}
	slices.Sort(names)
	s.fault(key, nil, "unknown key %q %s; known are %s", key.Value, where, strings.Join(names, ", "))
}

func (s *schema) checkMap(n *yaml.Node, elem reflect.Type, path []string) {
	if n.Kind != yaml.MappingNode {
		s.fault(n, path, "must be a map of keys and values")
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		s.check(n.Content[i+1], elem, deeper(path, n.Content[i].Value))
	}
}

func (s *schema) checkScalar(n *yaml.Node, t reflect.Type, path []string) {
	want, tag := "text", "!!str"
	switch {
	case t == reflect.TypeFor[time.Duration]():
		want = `a duration such as "90s", "10m" or "720h"`
	case t.Kind() == reflect.Bool:
		want, tag = "true or false", "!!bool"
	case t.Kind() == reflect.Int:
		want, tag = "a whole number", "!!int"
	}
	if n.Kind != yaml.ScalarNode || n.Tag != tag {
		if tag == "!!str" && n.Kind == yaml.ScalarNode && t != reflect.TypeFor[time.Duration]() {
			s.fault(n, path, "must be text; put %s in quotes", n.Value)
			return
		}
		s.fault(n, path, "must be %s", want)
		return
	}
	if t == reflect.TypeFor[time.Duration]() {
		if d, err := time.ParseDuration(n.Value); err != nil || d <= 0 {
			s.fault(n, path, "must be %s", want)
		}
	}
	if t.Kind() == reflect.Int {
		if number, err := strconv.Atoi(n.Value); err != nil || number < 0 || number > 1_000_000 {
			s.fault(n, path, "must be a whole number from 0 to 1000000")
		}
	}
}

func deeper(path []string, key string) []string {
	return append(path[:len(path):len(path)], key)
}

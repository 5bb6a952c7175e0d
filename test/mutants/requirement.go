package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

const requirementsFile = "test/mutants/requirements.yaml"

// requirement is a line of the list of security requirements.
type requirement struct {
	ID     string  `yaml:"id"`
	Rule   string  `yaml:"rule"`             // what holds, in a sentence
	Open   string  `yaml:"open,omitempty"`   // what of it does not hold yet
	Absent string  `yaml:"absent,omitempty"` // why there is no check that could be removed
	Faults []fault `yaml:"faults,omitempty"`
}

// fault is a check that is gone.
type fault struct {
	File string `yaml:"file"` // from the root of the module
	Find string `yaml:"find"` // a piece that is there exactly once
	Put  string `yaml:"put"`  // what stands in its place
	Test string `yaml:"test"` // «./package TestName», which must fail
	// Also are further pieces of the same file, where two checks hold the same.
	Also []piece `yaml:"also,omitempty"`

	name string
	at   int // where the piece begins; by rule only
}

// piece is what a fault replaces.
type piece struct {
	Find string `yaml:"find"`
	Put  string `yaml:"put"`
}

// readRequirements returns the list, in its order.
func readRequirements(root string) ([]requirement, error) {
	text, err := os.ReadFile(filepath.Join(root, requirementsFile))
	if err != nil {
		return nil, fmt.Errorf("reading the requirements: %w", err)
	}
	var list []requirement
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&list); err != nil {
		return nil, fmt.Errorf("reading the requirements: %w", err)
	}
	for i, r := range list {
		for n := range r.Faults {
			list[i].Faults[n].name = fmt.Sprintf("%s/%d %s", r.ID, n+1, r.Faults[n].File)
		}
	}
	return list, nil
}

// in returns the text of the file with the fault in it.
func (f fault) in(text string) (string, error) {
	if f.at > 0 {
		return text[:f.at] + f.Put + text[f.at+len(f.Find):], nil
	}
	for _, p := range append([]piece{{f.Find, f.Put}}, f.Also...) {
		if n := strings.Count(text, p.Find); p.Find == "" || n != 1 {
			return "", fmt.Errorf("%s: %q is there %d times, want once", f.name, p.Find, n)
		}
		text = strings.Replace(text, p.Find, p.Put, 1)
	}
	return text, nil
}

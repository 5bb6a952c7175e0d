package main

import (
	"fmt"
)

type configCommand struct {
	JSON bool `help:"Print one JSON object." name:"json"`
}

// effective is one setting as it counts.
type effective struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Source string `json:"source"` // default, environment or file
}

// effectiveConfig lists what counts, in the order of the documentation.
func effectiveConfig(c *Config) []effective {
	var list []effective
	for _, s := range settings {
		source := c.sources[s.name]
		if source == "" {
			source = "default"
		}
		list = append(list, effective{s.name, s.show(c), source})
	}
	return list
}

func (c *configCommand) Run(p *program) error {
	cfg, err := readConfig(p.environ)
	if err != nil {
		return err
	}
	for _, w := range cfg.warnings() {
		fmt.Fprintln(p.stderr, "latchkey: "+w)
	}
	list := effectiveConfig(cfg)
	if c.JSON {
		return printJSON(p.stdout, map[string]any{"settings": list})
	}
	rows := [][]string{{"NAME", "VALUE", "FROM"}}
	for _, e := range list {
		rows = append(rows, []string{e.Name, e.Value, e.Source})
	}
	return table(p.stdout, rows...)
}

package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"latchkey/migrations"
)

type versionCommand struct {
	JSON bool `help:"Print one JSON object." name:"json"`
}

func (c *versionCommand) Run(p *program) error {
	schema := migrations.Known(migrations.SQLite)
	if c.JSON {
		return printJSON(p.stdout, map[string]any{
			"version": programVersion(), "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH, "schema_version": schema,
		})
	}
	fmt.Fprintf(p.stdout, "latchkey %s (%s, %s/%s), schema version %d\n", programVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH, schema)
	return nil
}

// programVersion is the module's version and, where the build knows it, the
// commit.
func programVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	version := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && version == "(devel)" {
			version += " " + s.Value[:min(12, len(s.Value))]
		}
	}
	return version
}

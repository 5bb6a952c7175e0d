package main

import (
	"context"
	"strings"

	"latchkey/authmethods"
)

type roleCommands struct {
	List roleList `cmd:"" help:"List the roles of a tenant with the rights in them."`
}

type roleList struct {
	Of   ofTenant `embed:""`
	JSON bool     `help:"Print one JSON object." name:"json"`
}

// roleView is a role as commands print it.
type roleView struct {
	Reference string             `json:"reference"`
	Name      string             `json:"name"`
	ReadyMade bool               `json:"ready_made"`
	Rights    authmethods.Rights `json:"rights"`
}

func (c *roleList) Run(ctx context.Context, p *program) error {
	return p.withPeople(ctx, c.Of, func(v peopleOfTenant) error {
		all, err := v.Roles(ctx)
		if err != nil {
			return err
		}
		views := []roleView{}
		rows := [][]string{{"ROLE", "NAME", "RIGHTS"}}
		for _, r := range all {
			views = append(views, roleView{r.Reference, r.Name, r.ID == "", append(authmethods.Rights{}, r.Rights...)})
			var rights []string
			for _, right := range r.Rights {
				rights = append(rights, string(right))
			}
			rows = append(rows, []string{r.Reference, r.Name, strings.Join(rights, " ")})
		}
		if c.JSON {
			return printJSON(p.stdout, map[string]any{"roles": views})
		}
		return table(p.stdout, rows...)
	})
}

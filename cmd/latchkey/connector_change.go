package main

import (
	"context"
	"fmt"

	"latchkey/authmethods"
	"latchkey/sso/directory"
)

type connectorEnable struct {
	Of        ofTenant `embed:""`
	Connector string   `arg:"" help:"Reference or id."`
	JSON      bool     `help:"Print one JSON object." name:"json"`
}

func (c *connectorEnable) Run(ctx context.Context, p *program) error {
	return p.alterConnector(ctx, c.Of, c.Connector, "enabled", c.JSON, func(v peopleOfTenant, id string) error {
		_, _, err := v.ChangeConnector(ctx, id, 0, directory.ConnectorChange{Disabled: new(false)})
		return err
	})
}

type connectorDisable struct {
	Of        ofTenant `embed:""`
	Connector string   `arg:"" help:"Reference or id."`
	JSON      bool     `help:"Print one JSON object." name:"json"`
}

func (c *connectorDisable) Run(ctx context.Context, p *program) error {
	return p.alterConnector(ctx, c.Of, c.Connector, "disabled", c.JSON, func(v peopleOfTenant, id string) error {
		_, _, err := v.ChangeConnector(ctx, id, 0, directory.ConnectorChange{Disabled: new(true)})
		return err
	})
}

type connectorDelete struct {
	Of        ofTenant `embed:""`
	Connector string   `arg:"" help:"Reference or id."`
	JSON      bool     `help:"Print one JSON object." name:"json"`
}

func (c *connectorDelete) Run(ctx context.Context, p *program) error {
	return p.alterConnector(ctx, c.Of, c.Connector, "deleted", c.JSON, func(v peopleOfTenant, id string) error {
		return v.DeleteConnector(ctx, id, 0)
	})
}

// alterConnector does something to a connector and says what is now true.
func (p *program) alterConnector(ctx context.Context, of ofTenant, ref, done string, asJSON bool, f func(v peopleOfTenant, id string) error) error {
	return p.withPeople(ctx, of, func(v peopleOfTenant) error {
		found, err := v.connector(ctx, ref)
		if err != nil {
			return err
		}
		if err := f(v, string(found.ID)); err != nil {
			return err
		}
		if asJSON {
			return printJSON(p.stdout, map[string]any{"id": found.ID, "reference": found.Reference, "state": done})
		}
		fmt.Fprintf(p.stdout, "The SSO connector %s is %s.\n", found.Reference, done)
		return nil
	})
}

type connectorAssociate struct {
	Of        ofTenant `embed:""`
	Connector string   `arg:"" help:"Reference or id."`
	Users     []string `arg:"" help:"User names or ids."`
	JSON      bool     `help:"Print one JSON object." name:"json"`
}

func (c *connectorAssociate) Run(ctx context.Context, p *program) error {
	return p.withPeople(ctx, c.Of, func(v peopleOfTenant) error {
		found, err := v.connector(ctx, c.Connector)
		if err != nil {
			return err
		}
		var ids []authmethods.ID
		for _, ref := range c.Users {
			u, err := v.user(ctx, ref)
			if err != nil {
				return err
			}
			ids = append(ids, u.ID)
		}
		n, err := v.Associate(ctx, string(found.ID), ids)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(p.stdout, map[string]any{"id": found.ID, "reference": found.Reference, "changed": n})
		}
		fmt.Fprintf(p.stdout, "%d users more may sign in by %s.\n", n, found.Reference)
		return nil
	})
}

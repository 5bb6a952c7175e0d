package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
)

type tenantCommands struct {
	Create  tenantCreate  `cmd:"" help:"Make a tenant."`
	List    tenantList    `cmd:"" help:"List the tenants."`
	Show    tenantShow    `cmd:"" help:"Show a tenant."`
	Disable tenantDisable `cmd:"" help:"Stop a tenant: its services get nothing. Nothing is lost."`
	Enable  tenantEnable  `cmd:"" help:"Let a disabled tenant work again."`
	Delete  tenantDelete  `cmd:"" help:"Delete a tenant for good, with its keys."`
}

type tenantCreate struct {
	Slug     string   `arg:"" help:"The tenant's short name, part of its address."`
	Name     string   `help:"What people call it (default: the slug)." placeholder:"NAME"`
	Host     []string `help:"A host name of its own that leads to it; may be repeated." placeholder:"HOST"`
	Callback string   `help:"The pair of its redirect address, to keep one that providers know already (default: random)." placeholder:"A/B"`
	JSON     bool     `help:"Print one JSON object." name:"json"`
}

// tenantView is a tenant as commands print it.
type tenantView struct {
	ID          authmethods.TenantID `json:"id"`
	Slug        string               `json:"slug"`
	Name        string               `json:"name"`
	Origin      string               `json:"origin"`
	RedirectURI string               `json:"redirect_uri"`
	SignInURI   string               `json:"sign_in_redirect_uri"`
	Hosts       []string             `json:"hosts"`
	Disabled    bool                 `json:"disabled"`
	CreatedAt   time.Time            `json:"created_at"`
}

func viewTenant(pattern authmethods.PublicURL, t authmethods.Tenant) tenantView {
	return tenantView{
		ID: t.ID, Slug: t.Slug, Name: t.Name, Origin: pattern.Origin(t.Slug), RedirectURI: pattern.RedirectURI(t), SignInURI: pattern.SignInRedirectURI(t),
		Hosts: append([]string{}, t.Hosts...), Disabled: t.Disabled, CreatedAt: t.CreatedAt,
	}
}

func (c *tenantCreate) Run(ctx context.Context, p *program) error {
	n := store.NewTenant{Slug: c.Slug, Name: c.Name, Hosts: c.Host}
	if c.Callback != "" {
		var ok bool
		if n.CallbackA, n.CallbackB, ok = strings.Cut(strings.Trim(c.Callback, "/"), "/"); !ok {
			return &usageError{err: fmt.Errorf("--callback %s is not a pair such as hbdnakz/fzefdzs", strconv.Quote(c.Callback)), command: "tenant create"}
		}
	}
	return p.withStorage(ctx, func(s *storage) error {
		t, err := s.tenants.Create(ctx, operator(), n)
		if err != nil {
			return err
		}
		return p.printTenant(viewTenant(s.publicURL, t), c.JSON)
	})
}

type tenantList struct {
	JSON bool `help:"Print one JSON object." name:"json"`
}

func (c *tenantList) Run(ctx context.Context, p *program) error {
	return p.withStorage(ctx, func(s *storage) error {
		list, err := s.tenants.List(ctx)
		if err != nil {
			return err
		}
		views := []tenantView{}
		rows := [][]string{{"SLUG", "NAME", "ADDRESS", "STATE", "ID"}}
		for _, t := range list {
			v := viewTenant(s.publicURL, t)
			views = append(views, v)
			rows = append(rows, []string{v.Slug, v.Name, v.Origin, state(v.Disabled), string(v.ID)})
		}
		if c.JSON {
			return printJSON(p.stdout, map[string]any{"tenants": views})
		}
		return table(p.stdout, rows...)
	})
}

type tenantShow struct {
	Tenant string `arg:"" help:"Slug or id."`
	JSON   bool   `help:"Print one JSON object." name:"json"`
}

func (c *tenantShow) Run(ctx context.Context, p *program) error {
	return p.withStorage(ctx, func(s *storage) error {
		_, t, err := s.as(ctx, c.Tenant)
		if err != nil {
			return err
		}
		return p.printTenant(viewTenant(s.publicURL, t), c.JSON)
	})
}

type tenantDisable struct {
	Tenant string `arg:"" help:"Slug or id."`
	JSON   bool   `help:"Print one JSON object." name:"json"`
}

func (c *tenantDisable) Run(ctx context.Context, p *program) error {
	return p.alterTenant(ctx, c.Tenant, "disabled", c.JSON, func(s *storage, slug string) error {
		return s.tenants.Disable(ctx, operator(), slug)
	})
}

type tenantEnable struct {
	Tenant string `arg:"" help:"Slug or id."`
	JSON   bool   `help:"Print one JSON object." name:"json"`
}

func (c *tenantEnable) Run(ctx context.Context, p *program) error {
	return p.alterTenant(ctx, c.Tenant, "enabled", c.JSON, func(s *storage, slug string) error {
		return s.tenants.Enable(ctx, operator(), slug)
	})
}

type tenantDelete struct {
	Tenant string `arg:"" help:"Slug or id."`
	Force  bool   `help:"Delete it although its connections still hold access."`
	JSON   bool   `help:"Print one JSON object." name:"json"`
}

func (c *tenantDelete) Run(ctx context.Context, p *program) error {
	return p.alterTenant(ctx, c.Tenant, "deleted", c.JSON, func(s *storage, slug string) error {
		return s.tenants.Delete(ctx, operator(), slug, c.Force)
	})
}

// alterTenant does something to a tenant and says what is now true.
func (p *program) alterTenant(ctx context.Context, ref, done string, asJSON bool, f func(*storage, string) error) error {
	return p.withStorage(ctx, func(s *storage) error {
		_, t, err := s.as(ctx, ref)
		if err != nil {
			return err
		}
		if err := f(s, t.Slug); err != nil {
			return err
		}
		if asJSON {
			return printJSON(p.stdout, map[string]any{"id": t.ID, "slug": t.Slug, "state": done})
		}
		fmt.Fprintf(p.stdout, "The tenant %s is %s.\n", t.Slug, done)
		return nil
	})
}

func (p *program) printTenant(v tenantView, asJSON bool) error {
	if asJSON {
		return printJSON(p.stdout, v)
	}
	return table(p.stdout,
		[]string{"Tenant", v.Slug}, []string{"Name", v.Name}, []string{"ID", string(v.ID)},
		[]string{"Address", v.Origin}, []string{"Own hosts", strings.Join(v.Hosts, ", ")},
		[]string{"Redirect URI", v.RedirectURI}, []string{"Sign-in redirect URI", v.SignInURI}, []string{"State", state(v.Disabled)},
	)
}

func state(disabled bool) string {
	if disabled {
		return "disabled"
	}
	return "active"
}

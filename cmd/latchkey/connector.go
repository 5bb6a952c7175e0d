package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
)

type connectorCommands struct {
	Create    connectorCreate    `cmd:"" help:"Make an SSO connector, a door by which people sign in."`
	List      connectorList      `cmd:"" help:"List the SSO connectors of a tenant."`
	Show      connectorShow      `cmd:"" help:"Show an SSO connector."`
	Enable    connectorEnable    `cmd:"" help:"Open an SSO connector again."`
	Disable   connectorDisable   `cmd:"" help:"Close an SSO connector. The sessions that began with it end."`
	Delete    connectorDelete    `cmd:"" help:"Delete an SSO connector for good, with the accounts that are pinned to it."`
	Associate connectorAssociate `cmd:"" help:"Let users sign in by an SSO connector."`
}

// connector finds a connector by id or reference.
func (v peopleOfTenant) connector(ctx context.Context, ref string) (sso.Connector, error) {
	c, err := v.Connector(ctx, ref)
	return c, named(err, "There is no SSO connector "+strconv.Quote(ref)+" here.")
}

type connectorCreate struct {
	Of            ofTenant `embed:""`
	Name          string   `required:"" help:"What people call it." placeholder:"NAME"`
	Reference     string   `required:"" help:"Its slug, part of the address by which people sign in. It never changes." placeholder:"REFERENCE"`
	Method        string   `required:"" help:"The authentication method, id or reference." placeholder:"METHOD"`
	Environment   string   `help:"The environment of the method." enum:"production,sandbox,developer" default:"production"`
	Type          string   `help:"oidc proves who somebody is by an ID token, oauth2 by userinfo." enum:"oidc,oauth2" default:"oidc"`
	Admission     string   `help:"Who may sign in: users associated with it, or everybody whom the rule finds." enum:"associated,mapped" default:"associated"`
	CreateUsers   bool     `help:"Make a user of whoever the rule does not find."`
	DefaultRole   string   `help:"The role of users who are made." placeholder:"ROLE"`
	Rule          string   `help:"A file with the mapping rule in JSON (default: the verified e-mail address is the user name)." placeholder:"FILE"`
	TrustedDomain []string `help:"A domain whose e-mail addresses count as verified; may be repeated." placeholder:"DOMAIN"`
	JSON          bool     `help:"Print one JSON object." name:"json"`
}

func (c *connectorCreate) Run(ctx context.Context, p *program) error {
	n := directory.NewConnector{
		Reference: c.Reference, Name: c.Name, Type: sso.ConnectorType(c.Type), Method: c.Method,
		Environment: authmethods.Environment(c.Environment), Admission: sso.Admission(c.Admission),
		CreatesUsers: c.CreateUsers, DefaultRole: c.DefaultRole, TrustedDomains: c.TrustedDomain,
	}
	if c.Rule != "" {
		var err error
		if n.Rule, err = readRuleFile(c.Rule); err != nil {
			return &usageError{err: err, command: "connector create"}
		}
	}
	return p.withPeople(ctx, c.Of, func(v peopleOfTenant) error {
		made, warnings, err := v.CreateConnector(ctx, n)
		if err != nil {
			return err
		}
		return p.printConnector(v, made, warnings, c.JSON)
	})
}

func readRuleFile(path string) (*sso.Rule, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	rule := new(sso.Rule)
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(rule); err != nil {
		return nil, fmt.Errorf("--rule %s: %w", path, err)
	}
	if d.More() {
		return nil, fmt.Errorf("--rule %s: something follows the rule", path)
	}
	return rule, nil
}

// connectorView is a connector as commands print it.
type connectorView struct {
	ID             authmethods.ID          `json:"id"`
	Reference      string                  `json:"reference"`
	Name           string                  `json:"name"`
	Type           sso.ConnectorType       `json:"type"`
	Method         authmethods.ID          `json:"method"`
	Environment    authmethods.Environment `json:"environment"`
	Admission      sso.Admission           `json:"admission"`
	CreatesUsers   bool                    `json:"creates_users"`
	DefaultRole    string                  `json:"default_role"`
	TrustedDomains []string                `json:"trusted_domains"`
	Rule           sso.Rule                `json:"rule"`
	State          string                  `json:"state"`
	LoginURL       string                  `json:"login_url"`
	RedirectURI    string                  `json:"redirect_uri"`
	Warnings       []string                `json:"warnings"`
	CreatedAt      time.Time               `json:"created_at"`
}

func (v peopleOfTenant) viewConnector(c sso.Connector, warnings []string) connectorView {
	return connectorView{
		ID: c.ID, Reference: c.Reference, Name: c.Name, Type: c.Type, Method: c.Method, Environment: c.Environment, Admission: c.Admission,
		CreatesUsers: c.CreatesUsers, DefaultRole: c.DefaultRole, TrustedDomains: append([]string{}, c.TrustedDomains...), Rule: c.Rule,
		State: state(c.Disabled), LoginURL: v.storage.publicURL.Origin(v.tenant.Slug) + "/api/sso/login/" + c.Reference,
		RedirectURI: v.storage.publicURL.SignInRedirectURI(v.tenant), Warnings: append([]string{}, warnings...), CreatedAt: c.CreatedAt,
	}
}

func (p *program) printConnector(v peopleOfTenant, c sso.Connector, warnings []string, asJSON bool) error {
	shown := v.viewConnector(c, warnings)
	if asJSON {
		return printJSON(p.stdout, shown)
	}
	for _, w := range warnings {
		fmt.Fprintln(p.stderr, "Warning: "+w)
	}
	return table(p.stdout,
		[]string{"Connector", shown.Reference}, []string{"Name", shown.Name}, []string{"ID", string(shown.ID)},
		[]string{"Type", string(shown.Type)}, []string{"Method", string(shown.Method) + ", " + string(shown.Environment)},
		[]string{"Admits", string(shown.Admission)}, []string{"Makes users", shown.DefaultRole},
		[]string{"Trusted domains", strings.Join(shown.TrustedDomains, ", ")},
		[]string{"Login URL", shown.LoginURL}, []string{"Redirect URI", shown.RedirectURI}, []string{"State", shown.State},
	)
}

type connectorList struct {
	Of   ofTenant `embed:""`
	JSON bool     `help:"Print one JSON object." name:"json"`
}

func (c *connectorList) Run(ctx context.Context, p *program) error {
	return p.withPeople(ctx, c.Of, func(v peopleOfTenant) error {
		all, err := v.Connectors(ctx)
		if err != nil {
			return err
		}
		views := []connectorView{}
		rows := [][]string{{"CONNECTOR", "NAME", "TYPE", "ADMITS", "STATE", "LOGIN URL"}}
		for _, each := range all {
			shown := v.viewConnector(each, each.Rule.Lint())
			views = append(views, shown)
			rows = append(rows, []string{shown.Reference, shown.Name, string(shown.Type), string(shown.Admission), shown.State, shown.LoginURL})
		}
		if c.JSON {
			return printJSON(p.stdout, map[string]any{"connectors": views})
		}
		return table(p.stdout, rows...)
	})
}

type connectorShow struct {
	Of        ofTenant `embed:""`
	Connector string   `arg:"" help:"Reference or id."`
	JSON      bool     `help:"Print one JSON object." name:"json"`
}

func (c *connectorShow) Run(ctx context.Context, p *program) error {
	return p.withPeople(ctx, c.Of, func(v peopleOfTenant) error {
		found, err := v.connector(ctx, c.Connector)
		if err != nil {
			return err
		}
		return p.printConnector(v, found, found.Rule.Lint(), c.JSON)
	})
}

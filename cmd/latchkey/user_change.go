package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/credentials"
	"latchkey/sso/directory"
)

type userDisable struct {
	Of   ofTenant `embed:""`
	User string   `arg:"" help:"User name or id."`
	JSON bool     `help:"Print one JSON object." name:"json"`
}

func (c *userDisable) Run(ctx context.Context, p *program) error {
	return p.alterUser(ctx, c.Of, c.User, "disabled", c.JSON, func(v peopleOfTenant, id string) error {
		_, err := v.ChangeUser(ctx, id, 0, directory.UserChange{Disabled: new(true)})
		return err
	})
}

type userEnable struct {
	Of   ofTenant `embed:""`
	User string   `arg:"" help:"User name or id."`
	JSON bool     `help:"Print one JSON object." name:"json"`
}

func (c *userEnable) Run(ctx context.Context, p *program) error {
	return p.alterUser(ctx, c.Of, c.User, "enabled", c.JSON, func(v peopleOfTenant, id string) error {
		_, err := v.ChangeUser(ctx, id, 0, directory.UserChange{Disabled: new(false)})
		return err
	})
}

type userDelete struct {
	Of   ofTenant `embed:""`
	User string   `arg:"" help:"User name or id."`
	JSON bool     `help:"Print one JSON object." name:"json"`
}

func (c *userDelete) Run(ctx context.Context, p *program) error {
	return p.alterUser(ctx, c.Of, c.User, "deleted", c.JSON, func(v peopleOfTenant, id string) error { return v.DeleteUser(ctx, id, 0) })
}

// alterUser does something to a user and says what is now true.
func (p *program) alterUser(ctx context.Context, of ofTenant, ref, done string, asJSON bool, f func(v peopleOfTenant, id string) error) error {
	return p.withPeople(ctx, of, func(v peopleOfTenant) error {
		u, err := v.user(ctx, ref)
		if err != nil {
			return err
		}
		if err := f(v, string(u.ID)); err != nil {
			return err
		}
		if asJSON {
			return printJSON(p.stdout, map[string]any{"id": u.ID, "user_name": u.UserName, "state": done})
		}
		fmt.Fprintf(p.stdout, "The user %s is %s.\n", u.UserName, done)
		return nil
	})
}

type userInvite struct {
	Of   ofTenant `embed:""`
	User string   `arg:"" help:"User name or id."`
	JSON bool     `help:"Print one JSON object." name:"json"`
}

func (c *userInvite) Run(ctx context.Context, p *program) error {
	return p.withPeople(ctx, c.Of, func(v peopleOfTenant) error {
		u, err := v.user(ctx, c.User)
		if err != nil {
			return err
		}
		return p.printLink(ctx, v, u, credentials.Invitation, c.JSON)
	})
}

type userResetPassword struct {
	Of            ofTenant `embed:""`
	User          string   `arg:"" help:"User name or id."`
	PasswordStdin bool     `name:"password-stdin" help:"Read the new password from standard input in place of printing a link."`
	JSON          bool     `help:"Print one JSON object." name:"json"`
}

func (c *userResetPassword) Run(ctx context.Context, p *program) error {
	return p.withPeople(ctx, c.Of, func(v peopleOfTenant) error {
		u, err := v.user(ctx, c.User)
		if err != nil {
			return err
		}
		if !c.PasswordStdin {
			return p.printLink(ctx, v, u, credentials.Reset, c.JSON)
		}
		password, err := p.readPassword("user reset-password")
		if err != nil {
			return err
		}
		if err := v.setPassword(ctx, &u, password); err != nil {
			return err
		}
		if c.JSON {
			return printJSON(p.stdout, map[string]any{"id": u.ID, "user_name": u.UserName, "state": "password set"})
		}
		fmt.Fprintf(p.stdout, "The password of %s is set. All sessions have ended.\n", u.UserName)
		return nil
	})
}

// linkView is a link as commands print it.
type linkView struct {
	ID        authmethods.ID      `json:"id"`
	UserName  string              `json:"user_name"`
	Purpose   credentials.Purpose `json:"purpose"`
	ExpiresAt time.Time           `json:"expires_at"`
	Link      string              `json:"link"`
}

// printLink makes a link for a user and shows it. It goes to standard output and
// nowhere else.
func (p *program) printLink(ctx context.Context, v peopleOfTenant, u sso.User, purpose credentials.Purpose, asJSON bool) error {
	to, err := v.target(ctx, &u)
	if err != nil {
		return err
	}
	link, err := v.storage.people.credentials.Invite(ctx, v.caller, v.tenant.Slug, to, purpose)
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(p.stdout, linkView{u.ID, u.UserName, link.Purpose, link.ExpiresAt, link.URL.Reveal()})
	}
	fmt.Fprintf(p.stderr, "A link for %s. It works once, until %s UTC: give it to nobody else.\n", u.UserName, day(link.ExpiresAt))
	_, err = fmt.Fprintln(p.stdout, link.URL.Reveal())
	return err
}

type userImport struct {
	Of     ofTenant `embed:""`
	File   string   `arg:"" help:"A CSV file in UTF-8. Its first line names the columns: user_name and any of email, display_name, external_id, roles, connectors."`
	DryRun bool     `help:"Say what would become of each line, and store nothing."`
	JSON   bool     `help:"Print one JSON object." name:"json"`
}

// importView is what became of a file of users as commands print it.
type importView struct {
	Stored    bool         `json:"stored"`
	Created   int          `json:"created"`
	Updated   int          `json:"updated"`
	Unchanged int          `json:"unchanged"`
	Refused   int          `json:"refused"`
	Lines     []importLine `json:"lines"`
}

type importLine struct {
	Line     int    `json:"line"`
	UserName string `json:"user_name"`
	Outcome  string `json:"outcome"`
	Why      string `json:"why,omitempty"`
}

func (c *userImport) Run(ctx context.Context, p *program) error {
	file, err := os.ReadFile(c.File)
	if err != nil {
		return &usageError{err: err, command: "user import"}
	}
	return p.withPeople(ctx, c.Of, func(v peopleOfTenant) error {
		done, err := v.ImportUsers(ctx, file, c.DryRun)
		if err != nil {
			return err
		}
		shown := importView{done.Done, done.Created, done.Updated, done.Unchanged, done.Refused, []importLine{}}
		rows := [][]string{{"LINE", "USER", "OUTCOME", "WHY"}}
		for _, row := range done.Rows {
			shown.Lines = append(shown.Lines, importLine(row))
			rows = append(rows, []string{strconv.Itoa(row.Line), row.UserName, row.Outcome, row.Why})
		}
		if c.JSON {
			err = printJSON(p.stdout, shown)
		} else {
			err = table(p.stdout, rows...)
		}
		if err == nil && done.Refused > 0 {
			return &authmethods.Problem{
				Kind: authmethods.Invalid, Code: authmethods.CodeInvalidRequest,
				Detail: fmt.Sprintf("%d of %d lines are refused, so nothing is stored.", done.Refused, len(done.Rows)),
			}
		}
		return err
	})
}

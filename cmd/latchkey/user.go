package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/sso"
	"latchkey/sso/credentials"
	"latchkey/sso/directory"
)

type userCommands struct {
	Create        userCreate        `cmd:"" help:"Make a user."`
	List          userList          `cmd:"" help:"List the users of a tenant."`
	Show          userShow          `cmd:"" help:"Show a user."`
	Disable       userDisable       `cmd:"" help:"Keep a user out, at once and everywhere. Nothing is lost."`
	Enable        userEnable        `cmd:"" help:"Let a disabled user in again."`
	Delete        userDelete        `cmd:"" help:"Delete a user for good. Nobody is given the name again."`
	Import        userImport        `cmd:"" help:"Make and change users by a CSV file, all or none of them."`
	Invite        userInvite        `cmd:"" help:"Print a new link by which an invited user sets the first password, once."`
	ResetPassword userResetPassword `cmd:"" name:"reset-password" help:"Print a link by which a user sets a new password, once; or set one."`
}

// ofTenant says whose people are meant.
type ofTenant struct {
	Tenant string `required:"" help:"The tenant, slug or id." placeholder:"TENANT"`
}

// peopleOfTenant is one tenant's people in the operator's hands.
type peopleOfTenant struct {
	*directory.Tenant
	storage *storage
	tenant  authmethods.Tenant
	caller  authmethods.Caller
}

// withPeople runs f on a tenant's people.
func (p *program) withPeople(ctx context.Context, of ofTenant, f func(peopleOfTenant) error) error {
	return p.withStorage(ctx, func(s *storage) error {
		_, tenant, err := s.as(ctx, of.Tenant)
		if err != nil {
			return err
		}
		caller := s.operator(tenant.ID)
		view, err := s.people.directory.For(caller)
		if err != nil {
			return err
		}
		return f(peopleOfTenant{view, s, tenant, caller})
	})
}

// user finds a user by id or name.
func (v peopleOfTenant) user(ctx context.Context, ref string) (sso.User, error) {
	u, err := v.User(ctx, ref)
	return u, named(err, "There is no user "+strconv.Quote(ref)+" here.")
}

// target is a user to act upon.
func (v peopleOfTenant) target(ctx context.Context, u *sso.User) (credentials.Target, error) {
	rights, err := v.RightsOf(ctx, u.Roles)
	return credentials.Target{User: u, Rights: rights}, err
}

// connectorIDs finds connectors by id or reference.
func (v peopleOfTenant) connectorIDs(ctx context.Context, refs []string) ([]authmethods.ID, error) {
	var ids []authmethods.ID
	for _, ref := range refs {
		found, err := v.connector(ctx, ref)
		if err != nil {
			return nil, err
		}
		ids = append(ids, found.ID)
	}
	return ids, nil
}

type userCreate struct {
	Of            ofTenant `embed:""`
	UserName      string   `name:"username" required:"" help:"The user name; may be an e-mail address." placeholder:"NAME"`
	Email         string   `help:"The e-mail address." placeholder:"ADDRESS"`
	Name          string   `help:"What people call the person (default: the user name)." placeholder:"NAME"`
	ExternalID    string   `name:"external-id" help:"What another system calls the person." placeholder:"ID"`
	Role          []string `help:"A role, by reference; may be repeated." placeholder:"ROLE"`
	Connector     []string `help:"An SSO connector by which the person may sign in; may be repeated." placeholder:"CONNECTOR"`
	PasswordStdin bool     `name:"password-stdin" help:"Read a password from standard input." xor:"password"`
	Invited       bool     `help:"Print a link by which the person sets the first password, once." xor:"password"`
	JSON          bool     `help:"Print one JSON object." name:"json"`
}

func (c *userCreate) Run(ctx context.Context, p *program) error {
	return p.withPeople(ctx, c.Of, func(v peopleOfTenant) error {
		var password secret.Text
		if c.PasswordStdin {
			var err error
			if password, err = p.readPassword("user create"); err != nil {
				return err
			}
			// Before the user is made, who would be there without one.
			if err := v.storage.people.credentials.Check(password, c.UserName, c.Email, c.Name, v.tenant.Name, v.tenant.Slug); err != nil {
				return err
			}
		}
		connectors, err := v.connectorIDs(ctx, c.Connector)
		if err != nil {
			return err
		}
		u, err := v.CreateUser(ctx, directory.NewUser{
			UserName: c.UserName, Email: c.Email, DisplayName: c.Name, ExternalID: c.ExternalID, Invited: c.Invited, Roles: c.Role, Connectors: connectors,
		})
		if err != nil {
			return err
		}
		if c.Invited {
			return p.printLink(ctx, v, u, credentials.Invitation, c.JSON)
		}
		if c.PasswordStdin {
			if err := v.setPassword(ctx, &u, password); err != nil {
				return err
			}
		}
		return p.printUser(ctx, v, u, c.JSON)
	})
}

// readPassword reads a password from standard input, without the line's end.
func (p *program) readPassword(command string) (secret.Text, error) {
	const most = 4096
	b, err := io.ReadAll(io.LimitReader(p.stdin, most))
	if err != nil {
		return secret.Text{}, fmt.Errorf("reading the password: %w", err)
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	if text == "" || len(b) == most || strings.Contains(text, "\n") {
		return secret.Text{}, &usageError{err: errors.New("there is no password on standard input: one line is read"), command: command}
	}
	return secret.New(text), nil
}

func (v peopleOfTenant) setPassword(ctx context.Context, u *sso.User, password secret.Text) error {
	to, err := v.target(ctx, u)
	if err != nil {
		return err
	}
	return v.storage.people.credentials.Set(ctx, v.caller, to, password, v.tenant.Name, v.tenant.Slug)
}

type userList struct {
	Of        ofTenant `embed:""`
	Text      string   `help:"Only those with this in their names or address." placeholder:"TEXT"`
	Connector string   `help:"Only those associated with this SSO connector." placeholder:"CONNECTOR"`
	Role      string   `help:"Only those with this role." placeholder:"ROLE"`
	JSON      bool     `help:"Print one JSON object." name:"json"`
}

func (c *userList) Run(ctx context.Context, p *program) error {
	return p.withPeople(ctx, c.Of, func(v peopleOfTenant) error {
		q := directory.UserQuery{Text: c.Text, Role: c.Role, Limit: 500}
		if c.Connector != "" {
			only, err := v.connector(ctx, c.Connector)
			if err != nil {
				return err
			}
			q.Connector = only.ID
		}
		doors, err := v.doors(ctx)
		if err != nil {
			return err
		}
		views := []userView{}
		rows := [][]string{{"USER", "NAME", "E-MAIL", "STATE", "ROLES", "CONNECTORS", "LAST SEEN"}}
		for {
			found, err := v.Users(ctx, q)
			if err != nil {
				return err
			}
			for _, u := range found {
				shown := viewUser(u, doors)
				views = append(views, shown)
				rows = append(rows, []string{
					shown.UserName, shown.DisplayName, shown.Email, shown.State, strings.Join(shown.Roles, " "), strings.Join(shown.Connectors, " "), day(shown.LastSeenAt),
				})
			}
			if len(found) < q.Limit {
				break
			}
			q.After = found[len(found)-1].ID
		}
		if c.JSON {
			return printJSON(p.stdout, map[string]any{"users": views})
		}
		return table(p.stdout, rows...)
	})
}

type userShow struct {
	Of   ofTenant `embed:""`
	User string   `arg:"" help:"User name or id."`
	JSON bool     `help:"Print one JSON object." name:"json"`
}

func (c *userShow) Run(ctx context.Context, p *program) error {
	return p.withPeople(ctx, c.Of, func(v peopleOfTenant) error {
		u, err := v.user(ctx, c.User)
		if err != nil {
			return err
		}
		return p.printUser(ctx, v, u, c.JSON)
	})
}

// userView is a user as commands print them.
type userView struct {
	ID          authmethods.ID `json:"id"`
	UserName    string         `json:"user_name"`
	DisplayName string         `json:"display_name"`
	Email       string         `json:"email"`
	ExternalID  string         `json:"external_id"`
	State       string         `json:"state"`
	Roles       []string       `json:"roles"`
	Connectors  []string       `json:"connectors"`
	Accounts    int            `json:"accounts"` // pinned at providers
	CreatedAt   time.Time      `json:"created_at"`
	LastSeenAt  time.Time      `json:"last_seen_at,omitzero"`
}

// doors are the references of the connectors.
func (v peopleOfTenant) doors(ctx context.Context) (map[authmethods.ID]string, error) {
	all, err := v.Connectors(ctx)
	doors := map[authmethods.ID]string{}
	for _, c := range all {
		doors[c.ID] = c.Reference
	}
	return doors, err
}

func viewUser(u sso.User, doors map[authmethods.ID]string) userView {
	shown := userView{
		ID: u.ID, UserName: u.UserName, DisplayName: u.DisplayName, Email: u.Email, ExternalID: u.ExternalID, State: state(u.Disabled),
		Roles: append([]string{}, u.Roles...), Connectors: []string{}, Accounts: len(u.Identities), CreatedAt: u.CreatedAt, LastSeenAt: u.LastSeenAt,
	}
	if u.Invited && !u.Disabled {
		shown.State = "invited"
	}
	for _, id := range u.Connectors {
		shown.Connectors = append(shown.Connectors, doors[id])
	}
	return shown
}

func (p *program) printUser(ctx context.Context, v peopleOfTenant, u sso.User, asJSON bool) error {
	doors, err := v.doors(ctx)
	if err != nil {
		return err
	}
	shown := viewUser(u, doors)
	if asJSON {
		return printJSON(p.stdout, shown)
	}
	return table(p.stdout,
		[]string{"User", shown.UserName}, []string{"Name", shown.DisplayName}, []string{"ID", string(shown.ID)}, []string{"E-mail", shown.Email},
		[]string{"External id", shown.ExternalID}, []string{"Roles", strings.Join(shown.Roles, ", ")},
		[]string{"Connectors", strings.Join(shown.Connectors, ", ")}, []string{"Accounts", strconv.Itoa(shown.Accounts)},
		[]string{"Last seen", day(shown.LastSeenAt)}, []string{"State", shown.State},
	)
}

package main

import (
	"context"
	"errors"
	"io"

	"github.com/alecthomas/kong"
)

// program is what a command has of the world outside.
type program struct {
	environ        []string
	stdin          io.Reader
	stdout, stderr io.Writer
	exposed        error // why secrets are less protected than they could be
}

// commands is the command line. Each verb has a file of its own.
type commands struct {
	Serve     serveCommand      `cmd:"" help:"Run the server. It brings the database up to date first."`
	Demo      demoCommand       `cmd:"" help:"Show it all at once: a broker, a simulated Zoho, a consent and a lent token."`
	Zoho      zohoCommand       `cmd:"" help:"Run the Zoho simulator alone."`
	Tenant    tenantCommands    `cmd:"" help:"Make and manage tenants."`
	Key       keyCommands       `cmd:"" help:"Make and manage API keys."`
	User      userCommands      `cmd:"" help:"Make and manage users."`
	Role      roleCommands      `cmd:"" help:"Look at roles."`
	Connector connectorCommands `cmd:"" help:"Make and manage SSO connectors, by which people sign in."`
	SignIn    signInCommands    `cmd:"" name:"sign-in" help:"Find out what became of attempts to sign in."`
	Freeze    freezeCommands    `cmd:"" help:"Stop everything at once, in the installation, a tenant, a method or a service."`
	Unfreeze  unfreezeCommand   `cmd:"" help:"Lift a freeze."`
	Token     tokenCommands     `cmd:"" help:"Borrow access tokens from a running server."`
	Loan      loanCommands      `cmd:"" help:"Ask who holds which token."`
	Keyring   keyringCommands   `cmd:"" help:"Look at the keys that protect the stored secrets."`
	Audit     auditCommands     `cmd:"" help:"Examine the audit log."`
	Backup    backupCommand     `cmd:"" help:"Write everything but the keyring into one file, beside the running servers."`
	Restore   restoreCommand    `cmd:"" help:"Put a backup into an empty database, of either kind."`
	Doctor    doctorCommand     `cmd:"" help:"Look for what is wrong, and say how to mend it. It changes nothing."`
	Support   supportCommand    `cmd:"" name:"support-bundle" help:"Write what helps others to find a fault into a zip file, without secrets."`
	Migrate   migrateCommand    `cmd:"" help:"Bring the database up to date and say so."`
	Config    configCommand     `cmd:"" help:"Print the effective configuration, without secrets."`
	Version   versionCommand    `cmd:"" help:"Print the version."`
}

// execute parses the command line and runs the command that it names.
func (p *program) execute(ctx context.Context, args []string) (err error) {
	parser, err := kong.New(&commands{},
		kong.Name("latchkey"),
		kong.Description("An OAuth broker: it keeps the tokens of your customers' accounts fresh and lends them to your services.\n\n"+
			"Exit codes: 0 done, 1 other failures, 2 wrong usage, 3 not authenticated, 4 not allowed, 5 a person must act, "+
			"6 temporary, 7 not found."),
		kong.Writers(p.stdout, p.stderr),
		kong.Exit(func(int) { panic(helped{}) }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(p),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
	)
	if err != nil {
		return err
	}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case helped:
			err = nil
		default:
			panic(r)
		}
	}()
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		var wrong *kong.ParseError
		if errors.As(err, &wrong) && wrong.Context != nil {
			return &usageError{err: err, command: wrong.Context.Command()}
		}
		return &usageError{err: err}
	}
	return parsed.Run()
}

// helped ends a run that only printed help; the parser knows no other way.
type helped struct{}

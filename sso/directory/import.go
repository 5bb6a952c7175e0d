package directory

import (
	"context"
	"errors"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
)

// What becomes of a row of a file.
const (
	rowCreated   = "created"
	rowUpdated   = "updated"
	rowUnchanged = "unchanged"
	rowRefused   = "refused"
)

// ImportedRow is what becomes of one row of a file.
type ImportedRow struct {
	Line     int // the first is 1 and names the columns
	UserName string
	Outcome  string // created, updated, unchanged or refused
	Why      string // of a refusal
}

// Import is what becomes of a file of users.
type Import struct {
	Rows                                 []ImportedRow
	Created, Updated, Unchanged, Refused int
	// Done says that it was stored: a dry run is not, nor a file of which a row is
	// refused.
	Done bool
}

// errNotDone undoes the transaction of an import that is not to be stored.
var errNotDone = errors.New("directory: not imported")

// ImportUsers makes and changes users by a file of values separated by commas or
// semicolons, in UTF-8, of at most 2 MiB and 10,000 people. Its first line names the
// columns: user_name, by which people are found, and any of email, display_name,
// external_id, roles and connectors (references with spaces between them). A cell
// that is empty leaves what is there. Either every row is stored or none; a dry run
// stores none. Nobody is deleted.
func (t *Tenant) ImportUsers(ctx context.Context, file []byte, dry bool) (Import, error) {
	if err := t.mayAll(authmethods.ViewUsers, authmethods.CreateUsers, authmethods.ModifyUsers); err != nil {
		return Import{}, err
	}
	rows, err := readFile(file)
	if err != nil {
		return Import{}, err
	}
	if dry {
		p, err := t.planImport(ctx, t.in, rows)
		if err != nil {
			return Import{}, err
		}
		return p.result, nil
	}
	var p *importPlan
	err = t.alter(ctx, func(in db.Tenant) error {
		if p, err = t.planImport(ctx, in, rows); err != nil {
			return err
		}
		switch {
		case p.result.Refused > 0:
			return errNotDone
		case p.result.Created+p.result.Updated == 0:
			return errUnchanged
		}
		if err := p.store(ctx, in); err != nil {
			return err
		}
		return t.record(ctx, in, p.event())
	})
	if err != nil && !errors.Is(err, errNotDone) && !errors.Is(err, errUnchanged) {
		return Import{}, err
	}
	p.result.Done = !errors.Is(err, errNotDone)
	return p.result, nil
}

// event names everybody, in one entry for all: thousands would hold the audit log
// for too long. It is announced as a change of no user in particular.
func (p *importPlan) event() change {
	var made, changed []string
	for _, row := range p.result.Rows {
		switch row.Outcome {
		case rowCreated:
			made = append(made, row.UserName)
		case rowUpdated:
			changed = append(changed, row.UserName)
		}
	}
	noted := authmethods.Changes{}
	authmethods.Note(noted, "created", nil, made)
	authmethods.Note(noted, "updated", nil, changed)
	return change{action: "users.imported", kind: feed.User, changes: noted}
}

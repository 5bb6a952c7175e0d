package directory

import (
	"context"
	"errors"
	"slices"
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/sso"
)

// importPlan is a file held against the people who are there.
type importPlan struct {
	*Tenant
	in     db.Tenant
	result Import

	known      map[string]*known         // by user_key
	external   map[string]authmethods.ID // who has an external id
	retired    map[string]bool           // names that were somebody's
	roles      map[string]bool           // references
	connectors map[string]authmethods.ID // by reference
	lines      map[string]int            // where the file has a user_key
	handles    map[string]error          // what was found about sets of roles
	made       []planned
	changed    []planned
}

// known is somebody who is there.
type known struct {
	row  *userRow
	user sso.User
}

// planned is somebody as the file wants them.
type planned struct {
	row        *userRow
	have       sso.User // zero for somebody new
	roles      []string
	connectors []authmethods.ID
	ends       bool // sessions end
}

func (t *Tenant) planImport(ctx context.Context, in db.Tenant, rows []fileRow) (*importPlan, error) {
	p := &importPlan{
		Tenant: t, in: in, known: map[string]*known{}, external: map[string]authmethods.ID{}, retired: map[string]bool{},
		roles: map[string]bool{}, connectors: map[string]authmethods.ID{}, lines: map[string]int{}, handles: map[string]error{},
	}
	if err := p.load(ctx); err != nil {
		return nil, err
	}
	for _, row := range rows {
		one, outcome, err := p.plan(ctx, row)
		done := ImportedRow{Line: row.line, UserName: row.cells[columnUserName], Outcome: outcome}
		switch {
		case err != nil && authmethods.KindOf(err) == authmethods.Internal, authmethods.KindOf(err) == authmethods.Unavailable:
			return nil, err
		case err != nil:
			done.Outcome, done.Why = rowRefused, why(err)
		}
		p.count(done, one)
	}
	return p, nil
}

func (p *importPlan) count(row ImportedRow, one planned) {
	p.result.Rows = append(p.result.Rows, row)
	switch row.Outcome {
	case rowCreated:
		p.result.Created++
		p.made = append(p.made, one)
	case rowUpdated:
		p.result.Updated++
		p.changed = append(p.changed, one)
	case rowUnchanged:
		p.result.Unchanged++
	default:
		p.result.Refused++
	}
}

// load reads all that rows are held against.
func (p *importPlan) load(ctx context.Context) error {
	rows, err := db.List[userRow](ctx, p.in)
	if err != nil {
		return doing("listing users", err)
	}
	users, err := wholeUsers(ctx, p.in, rows)
	if err != nil {
		return err
	}
	for i := range rows {
		p.known[rows[i].UserKey] = &known{&rows[i], users[i]}
		if id := rows[i].externalID(); id != "" {
			p.external[id] = rows[i].ID
		}
	}
	taken, err := db.List[takenRow](ctx, p.in, db.Eq("kind", takenUser))
	if err != nil {
		return doing("listing user names", err)
	}
	for _, row := range taken {
		p.retired[row.Reference] = true
	}
	roles, err := allRoles(ctx, p.in)
	if err != nil {
		return err
	}
	for _, role := range roles {
		p.roles[role.Reference] = true
	}
	doors, err := connectorsIn(ctx, p.in)
	for _, c := range doors {
		p.connectors[c.Reference] = c.ID
	}
	return err
}

// plan says what becomes of a row; an error that is not a fault of the program is
// why it is refused.
func (p *importPlan) plan(ctx context.Context, row fileRow) (planned, string, error) {
	one, outcome := planned{row: NewUser{UserName: row.cells[columnUserName]}.row()}, rowCreated
	if wrong := one.row.tidy(); len(wrong) > 0 {
		return one, "", wrong.Problem()
	}
	key := one.row.UserKey
	if line, twice := p.lines[key]; twice {
		return one, "", wrongFile("The same person is in line %d.", line)
	}
	p.lines[key] = row.line
	have, there := p.known[key]
	switch {
	case there:
		copied := *have.row
		one.row, one.have, outcome = &copied, have.user, rowUpdated
	case p.retired[key]:
		return one, "", wrongFile("This user name was somebody else's. User names are never given to another person.")
	}
	if err := p.fill(&one, row); err != nil {
		return one, "", err
	}
	if there && !one.differs(have) {
		return one, rowUnchanged, nil
	}
	return one, outcome, p.mayPlan(ctx, &one)
}

// fill puts the cells of a row where they belong.
func (p *importPlan) fill(one *planned, row fileRow) error {
	for column, at := range map[string]*string{columnEmail: &one.row.Email, columnDisplayName: &one.row.DisplayName} {
		if cell := row.cells[column]; cell != "" {
			*at = cell
		}
	}
	if cell := row.cells[columnExternalID]; cell != "" {
		one.row.setExternalID(cell)
	}
	if wrong := one.row.tidy(); len(wrong) > 0 {
		return wrong.Problem()
	}
	if id := one.row.externalID(); id != "" {
		if holder, held := p.external[id]; held && holder != one.row.ID {
			return wrongFile("The external id is another person's.")
		}
		p.external[id] = one.row.ID
	}
	one.roles, one.connectors = tidyList(one.have.Roles), tidyList(one.have.Connectors)
	if cell := row.cells[columnRoles]; cell != "" {
		one.roles = references(cell)
	}
	for _, role := range one.roles {
		if !p.roles[role] {
			return wrongFile("There is no role %s.", role)
		}
	}
	if cell := row.cells[columnConnectors]; cell != "" {
		one.connectors = nil
		for _, ref := range references(cell) {
			id, ok := p.connectors[ref]
			if !ok {
				return wrongFile("There is no connector %s.", ref)
			}
			one.connectors = append(one.connectors, id)
		}
		slices.Sort(one.connectors)
	}
	return nil
}

// differs reports whether somebody who is there is to change.
func (one *planned) differs(have *known) bool {
	was, is := have.row, one.row
	one.ends = !slices.Equal(one.roles, tidyList(have.user.Roles))
	return one.ends || was.Email != is.Email || was.DisplayName != is.DisplayName || was.externalID() != is.externalID() ||
		!slices.Equal(one.connectors, tidyList(have.user.Connectors))
}

// mayPlan holds what a row does against the caller's rights; see [Tenant.mayHandle].
func (p *importPlan) mayPlan(ctx context.Context, one *planned) error {
	touched := tidyList(slices.Concat(one.have.Roles, one.roles))
	set := strings.Join(touched, " ")
	if _, known := p.handles[set]; !known {
		p.handles[set] = p.mayHandle(ctx, p.in, touched)
	}
	return p.handles[set]
}

// why says a refusal in a sentence.
func why(err error) string {
	var p *authmethods.Problem
	switch {
	case !errors.As(err, &p):
		return authmethods.KindOf(err).Error()
	case len(p.Fields) > 0:
		return p.Fields[0].Detail
	}
	return p.Detail
}

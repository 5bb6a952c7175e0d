package directory

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"latchkey/authmethods/db"
	"latchkey/crypto/token"
)

// bulk inserts many rows with few statements.
type bulk struct {
	one, many *db.Statement
}

// atOnce is how many rows one statement takes.
const atOnce = 50

func newBulk(table string, columns ...string) bulk {
	row := ", ({tenant}" + strings.Repeat(", ?", len(columns)) + ")"
	text := "INSERT INTO " + table + " (tenant_id, " + strings.Join(columns, ", ") + ") VALUES "
	return bulk{db.Prepare(text + row[2:]), db.Prepare(text + strings.Repeat(row, atOnce)[2:])}
}

func (b bulk) insert(ctx context.Context, in db.Tenant, rows [][]any) error {
	for part := range slices.Chunk(rows, atOnce) {
		if len(part) == atOnce {
			if _, err := db.Exec(ctx, in, b.many, slices.Concat(part...)...); err != nil {
				return err
			}
			continue
		}
		for _, row := range part {
			if _, err := db.Exec(ctx, in, b.one, row...); err != nil {
				return err
			}
		}
	}
	return nil
}

var (
	bulkUsers = newBulk("users", "id", "user_name", "user_key", "email", "email_key", "display_name", "external_id",
		"language", "theme", "invited", "version", "rev", "created_at", "updated_at")
	bulkRoles      = newBulk("user_roles", "id", "user_id", "role", "created_at", "updated_at")
	bulkConnectors = newBulk("user_connectors", "id", "user_id", "connector_id", "created_at", "updated_at")
)

// store makes and changes everybody.
func (p *importPlan) store(ctx context.Context, in db.Tenant) error {
	now := db.At(time.Now())
	var users, roles, connectors [][]any
	given := func(one planned) {
		for _, role := range one.roles {
			if !slices.Contains(one.have.Roles, role) {
				roles = append(roles, []any{token.NewID("uro"), one.row.ID, role, now, now})
			}
		}
		for _, id := range one.connectors {
			if !slices.Contains(one.have.Connectors, id) {
				connectors = append(connectors, []any{token.NewID("uco"), one.row.ID, id, now, now})
			}
		}
	}
	for _, one := range p.made {
		r := one.row
		users = append(users, []any{
			r.ID, r.UserName, r.UserKey, r.Email, r.EmailKey, r.DisplayName, r.ExternalID,
			r.Language, r.Theme, r.Invited, r.Version, r.Rev, now, now,
		})
		given(one)
	}
	for _, one := range p.changed {
		if err := p.update(ctx, in, one); err != nil {
			return err
		}
		given(one)
	}
	if err := p.holdRoles(ctx, in, roles); err != nil {
		return err
	}
	err := bulkUsers.insert(ctx, in, users)
	if err == nil {
		err = bulkRoles.insert(ctx, in, roles)
	}
	if err == nil {
		err = bulkConnectors.insert(ctx, in, connectors)
	}
	if errors.Is(err, db.ErrDuplicate) {
		return stale() // somebody made one of them meanwhile
	}
	return doing("importing users", err)
}

// holdRoles keeps the roles that are given.
func (p *importPlan) holdRoles(ctx context.Context, in db.Tenant, given [][]any) error {
	held := map[string]bool{}
	for _, row := range given {
		role := row[2].(string)
		if held[role] {
			continue
		}
		held[role] = true
		if err := holdRole(ctx, in, "/file", role); err != nil {
			return err
		}
	}
	return nil
}

// update changes somebody who is as they were when the file was held against them,
// and takes what the file does not name.
func (p *importPlan) update(ctx context.Context, in db.Tenant, one planned) error {
	sets := []db.Set{
		db.To("email", one.row.Email), db.To("email_key", one.row.EmailKey), db.To("display_name", one.row.DisplayName),
		db.To("external_id", one.row.ExternalID), db.Plus("rev", 1),
	}
	if one.ends {
		sets = append(sets, db.Plus("version", 1))
	}
	ok, err := db.UpdateIf[userRow](ctx, in, one.row.ID, sets, db.Eq("rev", one.row.Rev))
	if err == nil && !ok || errors.Is(err, db.ErrDuplicate) {
		return stale()
	}
	if err != nil {
		return doing("importing users", err)
	}
	mine := db.Eq("user_id", one.row.ID)
	for _, role := range one.have.Roles {
		if !slices.Contains(one.roles, role) {
			if _, err := db.DeleteIf[userRoleRow](ctx, in, mine, db.Eq("role", role)); err != nil {
				return doing("importing users", err)
			}
		}
	}
	for _, id := range one.have.Connectors {
		if !slices.Contains(one.connectors, id) {
			if _, err := dissociate(ctx, in, one.row.ID, id); err != nil {
				return err
			}
		}
	}
	return nil
}

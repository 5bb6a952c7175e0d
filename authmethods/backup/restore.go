package backup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/authmethods/db"
	"latchkey/migrations"
)

// ErrNotEmpty says that there is something already where a backup was to go.
var ErrNotEmpty = errors.New("backup: the database is not empty")

// Into says where a backup is put and who does it.
type Into struct {
	DB     *db.DB
	System db.System
	// Caller is who restores, as the audit log of a tenant is to name them.
	Caller   func(authmethods.TenantID) authmethods.Caller
	Progress Progress // nil: nobody is told
}

// Restored tells what was put back.
type Restored struct {
	Rows int64 `json:"rows"`
	// Uncertain are the connections whose refresh tokens may have been replaced since.
	Uncertain int64 `json:"uncertain_connections"`
	// Schema is the version of the schema now.
	Schema int `json:"schema_now"`
}

// Restore puts the backup into an empty database, in the schema that it comes from,
// and brings that up to date. Whether the keyring is the right one is to be known
// before.
//
// Grants are marked: if the provider refuses one that was neither refreshed nor
// approved anew, the refusal is put down to the backup's age. Each is tried when it
// is needed, like any other, and refused once. The audit log of each tenant tells of
// it.
func (f *File) Restore(ctx context.Context, to Into) (Restored, error) {
	known := migrations.Known(to.DB.Dialect())
	if f.Schema > known {
		return Restored{}, &migrations.NewerError{Database: f.Schema, Program: known}
	}
	version, err := to.DB.SchemaVersion(ctx)
	if err != nil {
		return Restored{}, err
	}
	if version == 0 {
		err = to.DB.MigrateUpTo(ctx, f.Schema)
	} else if version != f.Schema {
		err = fmt.Errorf("%w: it has schema version %d", ErrNotEmpty, version)
	}
	if err != nil {
		return Restored{}, err
	}
	r := &restoring{File: f, to: to, done: Restored{Schema: known}}
	err = db.Fill(ctx, to.System, func(into *db.Filling) error {
		if empty, err := into.Empty(ctx); err != nil || !empty {
			return errors.Join(err, ErrNotEmpty)
		}
		if err := r.load(ctx, into); err != nil {
			return err
		}
		if f.Schema < known {
			return nil // there may be no place for the marks yet
		}
		return r.conclude(ctx, into)
	})
	if err != nil || f.Schema == known {
		return r.done, err
	}
	if err := to.DB.Migrate(ctx); err != nil {
		return r.done, err
	}
	return r.done, db.Fill(ctx, to.System, func(into *db.Filling) error { return r.conclude(ctx, into) })
}

// restoring is a restore under way.
type restoring struct {
	*File
	to      Into
	tenants []authmethods.TenantID // that are not deleted, and the platform
	done    Restored
}

// load puts the rows in.
func (r *restoring) load(ctx context.Context, into *db.Filling) error {
	var keeps func([]any) bool
	var id, deleted int // columns of tenants
	rows := int64(0)
	begin := func(t db.Table) error {
		names := namesOf(t)
		if keeps, rows = kept(t.Name, names), 0; keeps == nil {
			return nil
		}
		id, deleted = slices.Index(names, "id"), slices.Index(names, "deleted_at")
		return into.Table(ctx, t.Name, names)
	}
	return r.walk(begin, func(t *db.Table, payload []byte) error {
		if keeps == nil {
			return nil
		}
		row, err := parseRow(payload, len(t.Columns))
		if err != nil {
			return fmt.Errorf("backup: the table %s: %w", t.Name, err)
		}
		if !keeps(row) {
			return nil
		}
		if t.Name == "tenants" && id >= 0 && deleted >= 0 && row[deleted] == nil {
			name, _ := row[id].(string)
			r.tenants = append(r.tenants, authmethods.TenantID(name))
		}
		r.done.Rows++
		if rows++; rows%often == 0 && r.to.Progress != nil {
			r.to.Progress(t.Name, rows)
		}
		return into.Put(ctx, row)
	})
}

// mark marks the grants that are still thought to live. One that came with an older
// backup and was not tried since keeps its mark.
const mark = `INSERT INTO restored_grants (tenant_id, id, version, taken_at, created_at, updated_at)
	SELECT g.tenant_id, g.id, g.version, ?, {now}, {now} FROM grants g WHERE g.refresh_token IS NOT NULL AND g.broken_code = ''
	ON CONFLICT (tenant_id, id) DO UPDATE SET version = excluded.version, taken_at = excluded.taken_at, updated_at = excluded.updated_at
	WHERE restored_grants.version <> excluded.version`

// conclude marks what is uncertain and writes into the audit logs.
func (r *restoring) conclude(ctx context.Context, into *db.Filling) error {
	var err error
	if r.done.Uncertain, err = into.Run(ctx, mark, db.At(r.TakenAt)); err != nil {
		return err
	}
	for _, tenant := range r.tenants {
		in, err := into.System.For(tenant, "recording a restore")
		if err != nil {
			return err
		}
		err = audit.Record(ctx, in, r.to.Caller(tenant), authmethods.Event{
			Action: "backup.restored", Object: authmethods.ID(tenant),
			Changes: map[string]authmethods.Change{
				"backup": {To: r.TakenAt.Format(time.RFC3339)},
			},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

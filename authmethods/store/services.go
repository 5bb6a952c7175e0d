package store

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
	"latchkey/crypto/token"
)

// NewService is what a new service is made of.
type NewService struct {
	Name    string
	Admin   bool
	Permits []authmethods.Permit
}

// ServiceChange is a change of a service. What is nil stays.
type ServiceChange struct {
	Name     *string
	Admin    *bool
	Disabled *bool
}

// Services returns the tenant's services with their permits and keys.
func (t *Tenant) Services(ctx context.Context) ([]authmethods.Service, error) {
	if err := t.caller.May(authmethods.ViewServices); err != nil {
		return nil, err
	}
	rows, err := db.List[serviceRow](ctx, t.in)
	if err != nil {
		return nil, doing("listing services", err)
	}
	permits, err := db.List[permitRow](ctx, t.in)
	if err != nil {
		return nil, doing("listing services", err)
	}
	keys, err := db.List[keyRow](ctx, t.in)
	if err != nil {
		return nil, doing("listing services", err)
	}
	services := make([]authmethods.Service, len(rows))
	for i := range rows {
		services[i] = rows[i].service(permits, keys)
	}
	return services, nil
}

// Service returns the service with this id or name.
func (t *Tenant) Service(ctx context.Context, ref string) (authmethods.Service, error) {
	if err := t.caller.May(authmethods.ViewServices); err != nil {
		return authmethods.Service{}, err
	}
	row, err := serviceByRef(ctx, t.in, ref)
	if err != nil {
		return authmethods.Service{}, err
	}
	return wholeService(ctx, t.in, row)
}

func serviceByRef(ctx context.Context, in db.Tenant, ref string) (*serviceRow, error) {
	by := db.Eq("name", ref)
	if token.ValidID("sa", ref) {
		by = db.Eq("id", ref)
	} else if wrongName(ref) != "" {
		return nil, authmethods.Missing()
	}
	row, err := db.First[serviceRow](ctx, in, by)
	return row, doing("reading a service", err)
}

func wholeService(ctx context.Context, in db.Tenant, row *serviceRow) (authmethods.Service, error) {
	permits, err := db.List[permitRow](ctx, in, db.Eq("service_id", row.ID))
	if err != nil {
		return authmethods.Service{}, doing("reading a service", err)
	}
	keys, err := db.List[keyRow](ctx, in, db.Eq("service_id", row.ID))
	return row.service(permits, keys), doing("reading a service", err)
}

// mayGrantAdmin lets only those hand out an administrator's rights who have them
// all themselves.
func (t *Tenant) mayGrantAdmin(admin bool) error {
	if !admin {
		return nil
	}
	for _, right := range authmethods.AdminRights {
		if err := t.caller.May(right); err != nil {
			return err
		}
	}
	return nil
}

func wrongServiceName(name string) string {
	if token.ValidID("sa", name) {
		return "A name must not look like an id."
	}
	return wrongName(name)
}

// CreateService makes a service. It has no key yet; see [Tenant.IssueKey].
func (t *Tenant) CreateService(ctx context.Context, n NewService) (authmethods.Service, error) {
	none := authmethods.Service{}
	if err := t.caller.May(authmethods.CreateServices); err != nil {
		return none, err
	}
	if err := t.mayGrantAdmin(n.Admin); err != nil {
		return none, err
	}
	row := &serviceRow{Name: strings.TrimSpace(n.Name), Admin: n.Admin, Rev: 1}
	row.ID = authmethods.ID(token.NewID("sa"))
	var f authmethods.Faults
	f.Add("/name", wrongServiceName(row.Name))
	permits, err := t.checkedPermits(ctx, n.Permits, &f)
	if err != nil {
		return none, err
	}
	if err := f.Problem(); err != nil {
		return none, err
	}
	noted := authmethods.Changes{}
	authmethods.Note(noted, "name", "", row.Name)
	authmethods.Note(noted, "admin", false, row.Admin)
	if len(permits) > 0 {
		authmethods.Note(noted, "permits", nil, describedPermits(permits))
	}
	var made authmethods.Service
	err = db.Tx(ctx, t.in, func(in db.Tenant) error {
		if err := nameTaken(row.Name, db.Insert(ctx, in, row)); err != nil {
			return err
		}
		for _, p := range permits {
			if err := insertPermit(ctx, in, row.ID, p); err != nil {
				return err
			}
		}
		if err := t.recordService(ctx, in, "service.created", row, noted); err != nil {
			return err
		}
		made, err = wholeService(ctx, in, row)
		return err
	})
	return made, err
}

func nameTaken(name string, err error) error {
	if errors.Is(err, db.ErrDuplicate) {
		return conflict("There is a service named "+strconv.Quote(name)+" already.", err)
	}
	return doing("storing a service", err)
}

func (t *Tenant) recordService(ctx context.Context, in db.Tenant, action string, row *serviceRow, noted authmethods.Changes) error {
	return t.record(ctx, in, change{action: action, kind: feed.Service, object: row.ID, ref: row.Name, changes: noted})
}

// lockService counts the service's revision up and returns it as it is then; see
// lockMethod.
func lockService(ctx context.Context, in db.Tenant, ref string, rev int64) (*serviceRow, error) {
	row, err := serviceByRef(ctx, in, ref)
	if err != nil {
		return nil, err
	}
	var guards []db.Filter
	if rev != 0 {
		guards = append(guards, db.Eq("rev", rev))
	}
	ok, err := db.UpdateIf[serviceRow](ctx, in, row.ID, []db.Set{db.Plus("rev", 1)}, guards...)
	if err != nil {
		return nil, doing("locking a service", err)
	}
	if ok {
		return serviceByRef(ctx, in, string(row.ID))
	}
	if _, err := db.Get[serviceRow](ctx, in, row.ID); err != nil {
		return nil, doing("locking a service", err) // deleted meanwhile
	}
	return nil, stale()
}

// ChangeService changes a service. rev is the revision that the caller has seen;
// 0: any.
func (t *Tenant) ChangeService(ctx context.Context, ref string, rev int64, c ServiceChange) (authmethods.Service, error) {
	none := authmethods.Service{}
	if err := t.caller.May(authmethods.ModifyServices); err != nil {
		return none, err
	}
	if err := t.mayGrantAdmin(c.Admin != nil && *c.Admin); err != nil {
		return none, err
	}
	var made authmethods.Service
	err := db.Tx(ctx, t.in, func(in db.Tenant) error {
		row, err := lockService(ctx, in, ref, rev)
		if err != nil {
			return err
		}
		noted := row.edit(c)
		if detail := wrongServiceName(row.Name); detail != "" {
			return authmethods.InvalidField("/name", detail)
		}
		_, err = db.UpdateIf[serviceRow](ctx, in, row.ID, []db.Set{
			db.To("name", row.Name), db.To("admin", row.Admin), db.To("disabled_at", row.DisabledAt),
		})
		if err := nameTaken(row.Name, err); err != nil {
			return err
		}
		if err := t.recordService(ctx, in, "service.changed", row, noted); err != nil {
			return err
		}
		made, err = wholeService(ctx, in, row)
		return err
	})
	return made, err
}

func (r *serviceRow) edit(c ServiceChange) authmethods.Changes {
	noted := authmethods.Changes{}
	if c.Name != nil {
		name := strings.TrimSpace(*c.Name)
		authmethods.Note(noted, "name", r.Name, name)
		r.Name = name
	}
	if c.Admin != nil {
		authmethods.Note(noted, "admin", r.Admin, *c.Admin)
		r.Admin = *c.Admin
	}
	if c.Disabled != nil && authmethods.Note(noted, "disabled", r.DisabledAt != 0, *c.Disabled) {
		r.DisabledAt = 0
		if *c.Disabled {
			r.DisabledAt = db.At(time.Now())
		}
	}
	return noted
}

// DeleteService deletes a service with its permits and keys, which stop working.
// rev is the revision that the caller has seen; 0: any.
func (t *Tenant) DeleteService(ctx context.Context, ref string, rev int64) error {
	if err := t.caller.May(authmethods.DeleteServices); err != nil {
		return err
	}
	return db.Tx(ctx, t.in, func(in db.Tenant) error {
		row, err := lockService(ctx, in, ref, rev)
		if err != nil {
			return err
		}
		_, err = db.DeleteIf[permitRow](ctx, in, db.Eq("service_id", row.ID))
		if err == nil {
			_, err = db.DeleteIf[keyRow](ctx, in, db.Eq("service_id", row.ID))
		}
		if err == nil {
			err = thaw(ctx, in, row.ID)
		}
		if err == nil {
			_, err = db.DeleteIf[serviceRow](ctx, in, db.Eq("id", row.ID))
		}
		if err != nil {
			return doing("deleting a service", err)
		}
		noted := authmethods.Changes{}
		authmethods.Note(noted, "name", row.Name, "")
		return t.recordService(ctx, in, "service.deleted", row, noted)
	})
}

package store

import (
	"context"
	"errors"
	"strconv"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/token"
)

const maxPermits = 200

// checkedPermits returns the permits in canonical words and adds what is wrong
// with them to f.
func (t *Tenant) checkedPermits(ctx context.Context, given []authmethods.Permit, f *authmethods.Faults) ([]authmethods.Permit, error) {
	if len(given) > maxPermits {
		f.Add("/permits", "At most "+strconv.Itoa(maxPermits)+" permits.")
		return nil, nil
	}
	var permits []authmethods.Permit
	for i, p := range given {
		p.Scopes = tidyScopes(p.Scopes)
		at := "/permits/" + strconv.Itoa(i)
		wrong, err := t.canonicalTenant(ctx, &p)
		if err != nil {
			return nil, err
		}
		f.Add(at+"/tenant", wrong)
		if p.Method != authmethods.Any && !authmethods.ValidSlug(p.Method) {
			f.Add(at+"/method", "This is the reference of a method, or *.")
		}
		if p.Environment != authmethods.Any && !authmethods.Environment(p.Environment).Valid() {
			f.Add(at+"/environment", "This is production, sandbox, developer or *.")
		}
		for _, s := range p.Scopes {
			f.Add(at+"/scopes", wrongText(s, maxClientID))
		}
		permits = append(permits, p)
	}
	return permits, nil
}

// canonicalTenant sets p.Tenant to the empty text for the service's own tenant. A
// tenant's service may name no other, and is not told which others there are.
func (t *Tenant) canonicalTenant(ctx context.Context, p *authmethods.Permit) (wrong string, err error) {
	if t.in.ID() == authmethods.Platform {
		switch {
		case p.Tenant == authmethods.Any:
			return "", nil
		case p.Tenant == "":
			return "A service of the platform needs to be told whose tokens it may borrow: a tenant, or *.", nil
		}
		_, err := tenantBy(ctx, t.System, db.Eq("slug", p.Tenant))
		if authmethods.KindOf(err) == authmethods.NotFound {
			return "There is no such tenant.", nil
		}
		return "", err
	}
	if p.Tenant == "" {
		return "", nil
	}
	own, err := tenantBy(ctx, t.System, db.Eq("id", t.in.ID()))
	if err != nil {
		return "", err
	}
	if p.Tenant != own.Slug {
		return "A service may borrow from its own tenant only.", nil
	}
	p.Tenant = ""
	return "", nil
}

func insertPermit(ctx context.Context, in db.Tenant, service authmethods.ID, p authmethods.Permit) error {
	err := db.Insert(ctx, in, fromPermit(service, p))
	if errors.Is(err, db.ErrDuplicate) {
		return conflict("There is a permit for this method and environment already.", err)
	}
	return doing("storing a permit", err)
}

// AddPermit lets a service borrow more.
func (t *Tenant) AddPermit(ctx context.Context, service string, p authmethods.Permit) (authmethods.Service, error) {
	none := authmethods.Service{}
	if err := t.caller.May(authmethods.ModifyServices); err != nil {
		return none, err
	}
	var f authmethods.Faults
	permits, err := t.checkedPermits(ctx, []authmethods.Permit{p}, &f)
	if err != nil {
		return none, err
	}
	if err := f.Problem(); err != nil {
		return none, err
	}
	var made authmethods.Service
	err = db.Tx(ctx, t.in, func(in db.Tenant) error {
		row, err := lockService(ctx, in, service, 0)
		if err != nil {
			return err
		}
		have, err := db.Count[permitRow](ctx, in, db.Eq("service_id", row.ID))
		if err != nil {
			return doing("counting permits", err)
		}
		if have >= maxPermits {
			return conflict("A service has at most "+strconv.Itoa(maxPermits)+" permits.", nil)
		}
		if err := insertPermit(ctx, in, row.ID, permits[0]); err != nil {
			return err
		}
		noted := authmethods.Changes{}
		authmethods.Note(noted, "permits", nil, describedPermits(permits))
		if err := t.recordService(ctx, in, "service.permit_added", row, noted); err != nil {
			return err
		}
		made, err = wholeService(ctx, in, row)
		return err
	})
	return made, err
}

// RemovePermit takes a permit away from a service.
func (t *Tenant) RemovePermit(ctx context.Context, service string, permit authmethods.ID) error {
	if err := t.caller.May(authmethods.ModifyServices); err != nil {
		return err
	}
	if !token.ValidID("pmt", string(permit)) {
		return authmethods.Missing()
	}
	return db.Tx(ctx, t.in, func(in db.Tenant) error {
		row, err := lockService(ctx, in, service, 0)
		if err != nil {
			return err
		}
		p, err := db.First[permitRow](ctx, in, db.Eq("id", permit), db.Eq("service_id", row.ID))
		if err != nil {
			return doing("reading a permit", err)
		}
		if _, err := db.DeleteIf[permitRow](ctx, in, db.Eq("id", permit)); err != nil {
			return doing("deleting a permit", err)
		}
		noted := authmethods.Changes{"permits": {From: describedPermits([]authmethods.Permit{p.permit()})}}
		return t.recordService(ctx, in, "service.permit_removed", row, noted)
	})
}

// describedPermits are permits as the audit log shows them.
func describedPermits(permits []authmethods.Permit) []map[string]any {
	var list []map[string]any
	for _, p := range permits {
		list = append(list, map[string]any{
			"tenant": p.Tenant, "method": p.Method, "environment": p.Environment, "scopes": p.Scopes,
		})
	}
	return list
}

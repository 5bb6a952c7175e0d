package store

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
	"latchkey/authmethods/replica"
)

type freezeRow struct {
	db.Owned
	Scope     string
	MethodID  *authmethods.ID
	ServiceID *authmethods.ID
	Reason    string
	ActorKind string
	ActorID   authmethods.ID
	ActorName string
	LiftedBy  string
	FrozenAt  db.Time
}

func (freezeRow) TableName() string { return "freezes" }

// freeze is the row as a value, or false if what it names is being deleted.
func (r *freezeRow) freeze(ctx context.Context, in db.Tenant) (authmethods.Freeze, bool, error) {
	f := authmethods.Freeze{
		ID: r.ID, Scope: authmethods.FreezeScope(r.Scope), Reason: r.Reason, At: r.FrozenAt.Time(), Lifter: authmethods.Lifter(r.LiftedBy),
		By: authmethods.Actor{Kind: authmethods.ActorKind(r.ActorKind), ID: r.ActorID, Name: r.ActorName},
	}
	var err error
	switch {
	case r.MethodID != nil:
		var m *methodRow
		if m, err = db.Get[methodRow](ctx, in, *r.MethodID); err == nil {
			f.Object = m.Reference
		}
	case r.ServiceID != nil:
		var s *serviceRow
		if s, err = db.Get[serviceRow](ctx, in, *r.ServiceID); err == nil {
			f.Object = s.Name
		}
	}
	if authmethods.KindOf(err) == authmethods.NotFound {
		return f, false, nil
	}
	return f, err == nil, doing("reading a freeze", err)
}

// freezesOf returns what is frozen in a tenant.
func freezesOf(ctx context.Context, in db.Tenant) ([]authmethods.Freeze, error) {
	rows, err := db.List[freezeRow](ctx, in)
	if err != nil {
		return nil, doing("listing freezes", err)
	}
	var list []authmethods.Freeze
	for i := range rows {
		f, ok, err := rows[i].freeze(ctx, in)
		if err != nil {
			return nil, err
		}
		if ok {
			list = append(list, f)
		}
	}
	return list, nil
}

// FreezeTarget names what is to be frozen. The zero FreezeTarget is the tenant
// itself.
type FreezeTarget struct {
	Everything bool   // of the installation; for operators, in the platform
	Method     string // id or reference
	Service    string // id or name
}

// MaxReason bounds the reason of a freeze, in bytes.
const MaxReason = 200

func wrongReason(reason string) string {
	switch {
	case len(reason) > MaxReason:
		return "At most 200 bytes."
	case !utf8.ValidString(reason) || strings.ContainsFunc(reason, unicode.IsControl):
		return "One line of text."
	}
	return ""
}

// Freeze stops everything in the target at once, and returns the freeze with whether
// it is new: what is frozen already stays as it is. The servers hear of it within
// moments; see [Tenant.Settle]. reason is shown to whoever is stopped.
func (t *Tenant) Freeze(ctx context.Context, target FreezeTarget, reason string) (authmethods.Freeze, bool, error) {
	none := authmethods.Freeze{}
	if err := t.mayFreeze(target); err != nil {
		return none, false, err
	}
	var f authmethods.Faults
	reason = strings.TrimSpace(reason)
	f.Add("/reason", wrongReason(reason))
	if target.Method != "" && target.Service != "" {
		f.Add("/service_account", "Name a method or a service, or neither.")
	}
	if err := f.Problem(); err != nil {
		return none, false, err
	}
	var made authmethods.Freeze
	isNew := false
	err := db.Tx(ctx, t.in, func(in db.Tenant) error {
		row, ref, err := t.freezeRow(ctx, in, target)
		if err != nil {
			return err
		}
		before, err := db.Get[freezeRow](ctx, in, row.ID)
		if err == nil {
			made, _, err = before.freeze(ctx, in)
			return err
		}
		if authmethods.KindOf(err) != authmethods.NotFound {
			return doing("freezing", err)
		}
		row.Reason = reason
		if err := db.Insert(ctx, in, row); err != nil {
			return doing("freezing", err)
		}
		if made, _, err = row.freeze(ctx, in); err != nil {
			return err
		}
		isNew = true
		noted := authmethods.Changes{}
		authmethods.Note(noted, "frozen", false, true)
		authmethods.Note(noted, "reason", "", reason)
		return t.record(ctx, in, change{action: string(made.Scope) + ".frozen", kind: feed.Freeze, object: t.frozenObject(row), ref: ref, changes: noted})
	})
	return made, isNew, err
}

func (t *Tenant) mayFreeze(target FreezeTarget) error {
	if err := t.caller.May(authmethods.ModifyFreezes); err != nil {
		return err
	}
	if !target.Everything {
		return nil
	}
	if t.in.ID() != authmethods.Platform {
		return authmethods.Missing()
	}
	return t.caller.May(authmethods.Operate)
}

// freezeRow is the row of a target, and how people call it. It locks the object, so
// that it is not deleted meanwhile.
func (t *Tenant) freezeRow(ctx context.Context, in db.Tenant, target FreezeTarget) (*freezeRow, string, error) {
	a := t.caller.Actor()
	row := &freezeRow{
		Scope: string(authmethods.FreezeTenant), ActorKind: string(a.Kind), ActorID: a.ID, ActorName: a.Name,
		LiftedBy: string(authmethods.LiftedByAdministrator), FrozenAt: db.At(time.Now()),
	}
	if t.caller.May(authmethods.Operate) == nil {
		row.LiftedBy = string(authmethods.LiftedByOperator)
	}
	row.ID = authmethods.FreezeOfTenant
	switch {
	case target.Everything:
		row.ID, row.Scope = authmethods.FreezeOfEverything, string(authmethods.FreezeEverything)
	case target.Method != "":
		m, err := lockMethod(ctx, in, target.Method, 0)
		if err != nil {
			return nil, "", err
		}
		row.ID, row.Scope, row.MethodID = m.ID, string(authmethods.FreezeMethod), &m.ID
		return row, m.Reference, nil
	case target.Service != "":
		s, err := lockService(ctx, in, target.Service, 0)
		if err != nil {
			return nil, "", err
		}
		row.ID, row.Scope, row.ServiceID = s.ID, string(authmethods.FreezeService), &s.ID
		return row, s.Name, nil
	}
	return row, "", nil
}

// frozenObject is what the audit log says was frozen.
func (t *Tenant) frozenObject(row *freezeRow) authmethods.ID {
	if row.MethodID == nil && row.ServiceID == nil {
		return authmethods.ID(t.in.ID())
	}
	return row.ID
}

// Freezes lists what is frozen in the tenant, and everything if that is.
func (t *Tenant) Freezes(ctx context.Context) ([]authmethods.Freeze, error) {
	if t.caller.May(authmethods.ModifyFreezes) != nil {
		if err := t.caller.May(authmethods.ViewMethods); err != nil {
			return nil, err
		}
	}
	list, err := freezesOf(ctx, t.in)
	if err != nil || t.in.ID() == authmethods.Platform {
		return list, err
	}
	platform, err := t.System.For(authmethods.Platform, "telling whether everything is frozen")
	if err != nil {
		return nil, err
	}
	wide, err := freezesOf(ctx, platform)
	for _, f := range wide {
		if f.Scope == authmethods.FreezeEverything {
			list = append([]authmethods.Freeze{f}, list...)
		}
	}
	return list, err
}

// FreezeID is the id of the freeze of a target.
func (t *Tenant) FreezeID(ctx context.Context, target FreezeTarget) (authmethods.ID, error) {
	switch {
	case target.Everything:
		return authmethods.FreezeOfEverything, nil
	case target.Method != "":
		row, err := methodByRef(ctx, t.in, target.Method)
		if err != nil {
			return "", err
		}
		return row.ID, nil
	case target.Service != "":
		row, err := serviceByRef(ctx, t.in, target.Service)
		if err != nil {
			return "", err
		}
		return row.ID, nil
	}
	return authmethods.FreezeOfTenant, nil
}

// Unfreeze lifts a freeze.
func (t *Tenant) Unfreeze(ctx context.Context, id authmethods.ID) (authmethods.Freeze, error) {
	none := authmethods.Freeze{}
	if err := t.caller.May(authmethods.ModifyFreezes); err != nil {
		return none, err
	}
	var lifted authmethods.Freeze
	err := db.Tx(ctx, t.in, func(in db.Tenant) error {
		row, err := db.Get[freezeRow](ctx, in, id)
		if err != nil {
			return doing("lifting a freeze", err)
		}
		if lifted, _, err = row.freeze(ctx, in); err != nil {
			return err
		}
		if lifted.Lifter == authmethods.LiftedByOperator && t.caller.May(authmethods.Operate) != nil {
			return &authmethods.Problem{
				Kind: authmethods.Forbidden, Code: authmethods.CodeForbidden,
				Detail: "An operator of the installation froze this, and only operators can lift it.",
			}
		}
		if n, err := db.DeleteIf[freezeRow](ctx, in, db.Eq("id", id)); err != nil || n == 0 {
			return doing("lifting a freeze", orMissing(err))
		}
		noted := authmethods.Changes{}
		authmethods.Note(noted, "frozen", true, false)
		return t.record(ctx, in, change{action: string(lifted.Scope) + ".unfrozen", kind: feed.Freeze, object: t.frozenObject(row), ref: lifted.Object, changes: noted})
	})
	return lifted, err
}

// orMissing is for what another deleted meanwhile.
func orMissing(err error) error {
	if err == nil {
		return authmethods.Missing()
	}
	return err
}

// thaw forgets the freeze of a method or service that is being deleted.
func thaw(ctx context.Context, in db.Tenant, id authmethods.ID) error {
	_, err := db.DeleteIf[freezeRow](ctx, in, db.Eq("id", id))
	return err
}

// Settle returns when every server has heard of all that was changed before, or
// cannot act any more on not having heard it. tell, unless it is nil, is told of those
// who are waited for. If ctx ends first, the report says who is missing.
func (t *Tenant) Settle(ctx context.Context, tell func(replica.Report)) (replica.Report, error) {
	m, err := replica.Place(ctx, t.System)
	if err != nil {
		return replica.Report{}, doing("telling the servers", err)
	}
	return m.Wait(ctx, t.System, tell)
}

// SettleWithin is [Tenant.Settle] for as long as an answer may take. It returns whether
// every server has heard; the report says who has not.
func (t *Tenant) SettleWithin(ctx context.Context, patience time.Duration) (replica.Report, bool, error) {
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	report, err := t.Settle(waiting, nil)
	if err != nil && waiting.Err() != nil && ctx.Err() == nil {
		return report, false, nil
	}
	return report, err == nil, err
}

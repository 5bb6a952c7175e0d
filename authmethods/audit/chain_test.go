package audit

import (
	"bytes"
	"testing"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
)

func TestTheHashDependsOnEverything(t *testing.T) {
	base := func() *eventRow {
		r := &eventRow{Seq: 1, ActorKind: "a", ActorID: "b", ActorName: "c", Action: "d", ObjectID: "e", ObjectRef: "f", RequestID: "g", Changes: "h"}
		r.ID, r.CreatedAt = authmethods.ID("evt"), db.Time(1)
		return r
	}
	previous := origin("tn_A")
	want := link(previous, base())
	if bytes.Equal(want, link(origin("tn_B"), base())) {
		t.Error("the hash does not depend on what goes before, nor the origin on the tenant")
	}
	for what, edit := range map[string]func(*eventRow){
		"id": func(r *eventRow) { r.ID = "x" }, "seq": func(r *eventRow) { r.Seq = 2 }, "time": func(r *eventRow) { r.CreatedAt = 2 },
		"actor kind": func(r *eventRow) { r.ActorKind = "x" }, "actor id": func(r *eventRow) { r.ActorID = "x" },
		"actor name": func(r *eventRow) { r.ActorName = "x" }, "action": func(r *eventRow) { r.Action = "x" },
		"object": func(r *eventRow) { r.ObjectID = "x" }, "reference": func(r *eventRow) { r.ObjectRef = "x" },
		"request": func(r *eventRow) { r.RequestID = "x" }, "changes": func(r *eventRow) { r.Changes = "x" },
		"the border of two fields": func(r *eventRow) { r.ActorKind, r.ActorID = "", "ab" },
	} {
		r := base()
		edit(r)
		if bytes.Equal(want, link(previous, r)) {
			t.Errorf("the hash does not depend on the %s", what)
		}
	}
}

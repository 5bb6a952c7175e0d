package store

import (
	"context"
	"errors"
	"strconv"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/token"
)

// referenceRow is a reference that was given once and is never given again.
type referenceRow struct {
	db.Owned
	Kind      string
	Reference string
}

func (referenceRow) TableName() string { return "taken_references" }

const methodReference = "method"

// takeReference gives a reference for good. One that was ever given is refused.
func takeReference(ctx context.Context, in db.Tenant, kind, reference string) error {
	row := &referenceRow{Kind: kind, Reference: reference}
	row.ID = authmethods.ID(token.NewID("ref"))
	err := db.Insert(ctx, in, row)
	if errors.Is(err, db.ErrDuplicate) {
		return conflict("The reference "+reference+" is or was in use here. References are never given twice.", err)
	}
	return doing("taking a reference", err)
}

// freeReference returns wanted, or wanted with the first number behind it, that
// was never given.
func freeReference(ctx context.Context, in db.Tenant, kind, wanted string) (string, error) {
	if wanted == "" {
		wanted = kind
	}
	candidate := wanted
	for n := 2; ; n++ {
		taken, err := db.Count[referenceRow](ctx, in, db.Eq("kind", kind), db.Eq("reference", candidate))
		if err != nil || taken == 0 {
			return candidate, doing("finding a free reference", err)
		}
		suffix := "-" + strconv.Itoa(n)
		if n > 100 { // somebody makes them by the hundred: stop counting
			suffix = "-" + token.RandomSlug(6)
		}
		candidate = cutSlug(wanted, maxReference-len(suffix)) + suffix
	}
}

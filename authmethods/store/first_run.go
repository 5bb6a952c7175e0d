package store

import (
	"context"
	"fmt"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
)

// FirstLinkLife is for how long the link to an empty installation is good.
const FirstLinkLife = 24 * time.Hour

// firstLinkRow is a link by which the first tenant is made. There may be several: each
// process of a new installation shows one of its own.
type firstLinkRow struct {
	db.Shared `gorm:"-"`
	ID        string `gorm:"primaryKey"`
	Hash      []byte
	ExpiresAt db.Time
}

func (firstLinkRow) TableName() string { return "first_links" }

// Untouched reports whether there never was a tenant but the platform. That there was
// one is remembered for good.
func (t *Tenants) Untouched(ctx context.Context) (bool, error) {
	if t.touched.Load() {
		return false, nil
	}
	untouched, err := untouched(ctx, t.o.System)
	if err == nil && !untouched {
		t.touched.Store(true)
	}
	return untouched, err
}

func untouched(ctx context.Context, s db.System) (bool, error) {
	// Deleted ones count too.
	rows, err := db.ListShared[tenantRow](ctx, s, "id")
	if err != nil {
		return false, doing("looking for tenants", err)
	}
	for i := range rows {
		if rows[i].ID != authmethods.Platform {
			return false, nil
		}
	}
	return true, nil
}

// OfferFirst makes a link by which somebody may make the first tenant, and returns the
// secret at its end; the zero value if the installation is not untouched any more.
func (t *Tenants) OfferFirst(ctx context.Context) (secret.Text, time.Time, error) {
	none := time.Time{}
	if open, err := t.Untouched(ctx); err != nil || !open {
		return secret.Text{}, none, err
	}
	shown := token.Random(32)
	row := &firstLinkRow{ID: token.NewID("fl"), Hash: token.HashOf(shown).Bytes(), ExpiresAt: db.At(time.Now().Add(FirstLinkLife))}
	err := db.SystemTx(ctx, t.o.System, func(s db.System) error {
		if err := db.InsertShared(ctx, s, row); err != nil {
			return err
		}
		_, err := db.UpdateShared[firstLinkRow](ctx, s, []db.Set{db.ToFromNow("expires_at", FirstLinkLife)}, db.Eq("id", row.ID))
		return err
	})
	if err != nil {
		return secret.Text{}, none, doing("making the first link", err)
	}
	return shown, row.ExpiresAt.Time(), nil
}

// OpenFirst reports whether a link may make the first tenant, and changes nothing. One
// that may not is a Problem of kind NotFound.
func (t *Tenants) OpenFirst(ctx context.Context, presented secret.Text) error {
	open, err := t.Untouched(ctx)
	if err != nil {
		return err
	}
	if !open {
		return authmethods.Missing()
	}
	return isFirst(ctx, t.o.System, presented)
}

func isFirst(ctx context.Context, s db.System, presented secret.Text) error {
	rows, err := db.ListShared[firstLinkRow](ctx, s, "id", db.Eq("hash", token.HashOf(presented).Bytes()), db.Ahead("expires_at"))
	if err != nil {
		return doing("opening the first link", err)
	}
	if len(rows) != 1 {
		return authmethods.Missing()
	}
	return nil
}

// CreateFirst makes the first tenant, by a link that is good for that. It ends all such
// links; if the tenant is refused they stay good.
func (t *Tenants) CreateFirst(ctx context.Context, presented secret.Text, actor authmethods.Actor, n NewTenant) (authmethods.Tenant, error) {
	none := authmethods.Tenant{}
	row, hosts, err := n.row()
	if err != nil {
		return none, err
	}
	err = db.SystemTx(ctx, t.o.System, func(s db.System) error {
		if err := isFirst(ctx, s, presented); err != nil {
			return err
		}
		// Of several who come at once this one statement lets one go on.
		ended, err := db.DeleteShared[firstLinkRow](ctx, s, db.NotNull("hash"))
		if err != nil {
			return fmt.Errorf("store: ending the first links: %w", err)
		}
		open, err := untouched(ctx, s)
		if err != nil {
			return err
		}
		if ended == 0 || !open {
			return authmethods.Missing()
		}
		return t.insertIn(ctx, s, actor, row, hosts)
	})
	if err != nil {
		return none, err
	}
	t.touched.Store(true)
	t.forget(row.ID)
	return t.load(ctx, lookup{byID, string(row.ID)})
}

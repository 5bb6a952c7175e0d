package db_test

import (
	"testing"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/test/storage"
)

// environment is a row with columns that can be NULL.
type environment struct {
	db.Owned
	MethodID, Environment, ClientID string
	EnvironmentURL, RejectedCode    string
	SecretLast4                     string
	Enabled                         bool
	ClientSecret                    []byte
	ClientVersion                   int64
	SecretSetAt, RejectedAt         db.Time
	RejectedRetryAt                 db.Time
}

func (environment) TableName() string { return "method_environments" }

func TestWhatIsAbsentIsStoredAsNull(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		ctx, in := t.Context(), seeded(t, url)
		row := &environment{MethodID: string(storage.RowID(storage.TenantA)), Environment: "sandbox"}
		row.ID = "new"
		if err := db.Insert(ctx, in, row); err != nil {
			t.Fatal(err)
		}
		sets := []db.Set{db.To("client_secret", []byte(nil)), db.To("secret_set_at", db.Time(0))}
		if ok, err := db.UpdateIf[environment](ctx, in, storage.RowID(storage.TenantA), sets); !ok || err != nil {
			t.Fatal(ok, err)
		}
		for _, id := range []authmethods.ID{"new", storage.RowID(storage.TenantA)} {
			n, err := db.Count[environment](ctx, in, db.Eq("id", id), db.IsNull("client_secret"), db.IsNull("secret_set_at"))
			if n != 1 || err != nil {
				t.Errorf("%s: %d rows with NULL, %v", id, n, err)
			}
			got, err := db.Get[environment](ctx, in, id)
			if err != nil || got.ClientSecret != nil || !got.SecretSetAt.Time().IsZero() {
				t.Errorf("%s: read back %v, %v, %v", id, got.ClientSecret, got.SecretSetAt.Time(), err)
			}
		}
	})
}

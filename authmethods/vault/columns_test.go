package vault

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/authmethods/db"
	"latchkey/crypto/seal"
	"latchkey/crypto/secret"
	"latchkey/migrations"
	"latchkey/test/storage"
)

// unsealed are the columns of bytes that hold nothing sealed.
var unsealed = map[string]string{
	"data_keys.wrapped": "a wrapped key", "audit_events.previous_hash": "a hash", "audit_events.hash": "a hash", "audit_heads.hash": "a hash",
	"audit_heads.kept_hash": "a hash", "first_links.hash": "a hash",
	"api_keys.hash": "a hash", "sessions.hash": "a hash", "tickets.hash": "a hash", "invitations.hash": "a hash",
	"sign_ins.state_hash": "a hash", "consents.ticket_hash": "a hash", "consents.state_hash": "a hash", "consents.browser_hash": "a hash",
}

// no sealed column is forgotten when keys are rotated.
func TestTheListOfSealedColumnsIsThatOfTheSchema(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		storage.Open(t, url)
		pool, dialect := storage.Raw(t, url), storage.DialectOf(url)
		tables, err := storage.Tables(t.Context(), pool, dialect)
		if err != nil {
			t.Fatal(err)
		}
		listed := map[string]bool{}
		for _, c := range columns {
			name := c.table + "." + c.name
			listed[name] = true
			if tables[c.table] == nil || tables[c.table].Columns[c.name].Kind != "bytes" {
				t.Errorf("%s is in the list and no column of bytes", name)
			}
			if c.purposeIn != "" && tables[c.table].Columns[c.purposeIn].Kind != "text" {
				t.Errorf("%s.%s, which the purpose is in, is no text", c.table, c.purposeIn)
			}
		}
		for table, about := range tables {
			for name, column := range about.Columns {
				name = table + "." + name
				if column.Kind == "bytes" && listed[name] == (unsealed[name] != "") {
					t.Errorf("%s must be either in the list of sealed columns or in that of this test", name)
				}
			}
		}
	})
}

func TestOnlyDeclaredPlacesAreSealedFor(t *testing.T) {
	for at, ok := range map[seal.Place]bool{
		{Purpose: "refresh_token", Table: "grants", Row: "r", Column: "refresh_token"}:   true,
		{Purpose: "web key: cookie", Table: "web_keys", Row: "r", Column: "secret"}:      true,
		{Purpose: "remembered device", Table: "users", Row: "r", Column: "device"}:       true,
		{Purpose: "access_token", Table: "grants", Row: "r", Column: "refresh_token"}:    false,
		{Purpose: "refresh_token 2", Table: "grants", Row: "r", Column: "refresh_token"}: false,
		{Purpose: "cookie", Table: "web_keys", Row: "r", Column: "secret"}:               false,
		{Purpose: "refresh_token", Table: "grants", Row: "r", Column: "new"}:             false,
		{Purpose: "refresh_token", Table: "new", Row: "r", Column: "refresh_token"}:      false,
	} {
		if err := declared(at); ok != (err == nil) {
			t.Errorf("%+v: %v", at, err)
		}
	}
}

// world is a tenant with a sealed value in a column of each kind.
type world struct {
	url   string
	sys   db.System
	vault *Vault
	ring  *seal.Keyring
	in    db.Tenant
}

func eachWorld(t *testing.T, f func(t *testing.T, w *world)) {
	storage.EachURL(t, func(t *testing.T, url string) {
		w := &world{url: url, sys: db.NewSystem(storage.Open(t, url)), ring: seal.GenerateKeyring()}
		pool := storage.Raw(t, url)
		storage.Seed(t, pool, storage.DialectOf(url))
		w.exec(t, "DELETE FROM data_keys")
		w.exec(t, "DELETE FROM key_checks")
		for i := range columns { // what the seed holds is nobody's ciphertext
			c := &columns[i]
			if nullable(t, w, c) {
				w.exec(t, fmt.Sprintf("UPDATE %s SET %s = NULL", c.table, c.name))
			} else {
				w.exec(t, "DELETE FROM "+c.table)
			}
		}
		w.exec(t, "UPDATE tenants SET deleted_at = NULL")
		w.exec(t, "DELETE FROM audit_events")
		w.exec(t, "DELETE FROM audit_heads")
		w.exec(t, fmt.Sprintf(`INSERT INTO tenants (id, slug, name, callback_a, callback_b, method_limit, created_at, updated_at)
			VALUES ('%s', 'platform', '', 'p', 'p', 1, 1, 1)`, authmethods.Platform))
		for _, id := range []authmethods.TenantID{authmethods.Platform, storage.TenantA} {
			in, err := w.sys.For(id, "test")
			if err == nil {
				err = audit.Start(t.Context(), in)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		w.vault = New(w.ring)
		var err error
		if w.in, err = w.sys.For(storage.TenantA, "test"); err != nil {
			t.Fatal(err)
		}
		if err := CheckKeys(t.Context(), w.sys, w.ring); err != nil {
			t.Fatal(err)
		}
		if err := w.vault.Provision(t.Context(), w.in); err != nil {
			t.Fatal(err)
		}
		f(t, w)
	})
}

func nullable(t *testing.T, w *world, c *column) bool {
	t.Helper()
	tables, err := storage.Tables(t.Context(), storage.Raw(t, w.url), storage.DialectOf(w.url))
	if err != nil {
		t.Fatal(err)
	}
	return tables[c.table].Columns[c.name].Nullable
}

func (w *world) exec(t *testing.T, statement string, args ...any) int64 {
	t.Helper()
	if storage.DialectOf(w.url) == migrations.SQLite {
		statement = strings.NewReplacer("$1", "?1", "$2", "?2").Replace(statement)
	}
	res, err := storage.Raw(t, w.url).ExecContext(t.Context(), statement, args...)
	if err != nil {
		t.Fatal(err)
	}
	n, _ := res.RowsAffected() // both drivers know
	return n
}

// sealedIn are the columns that the tests put values in.
var sealedIn = []string{"methods.client_secret", "methods.next_client_secret", "method_environments.next_client_secret", "grants.refresh_token", "grants.access_token", "consents.answer"}

// fill seals a value into each row of some columns and returns how many there are.
func (w *world) fill(t *testing.T, v *Vault) (n int) {
	t.Helper()
	for _, c := range columns {
		if name := c.table + "." + c.name; !contains(sealedIn, name) {
			continue
		}
		rows := w.ids(t, c.table)
		for _, row := range rows {
			sealed, err := v.Seal(t.Context(), w.in, secret.New("secret of "+row), c.at(row, ""))
			if err != nil {
				t.Fatal(err)
			}
			n += int(w.exec(t, fmt.Sprintf("UPDATE %s SET %s = $1 WHERE id = $2", c.table, c.name), sealed, row))
		}
	}
	return n
}

func contains(list []string, s string) bool {
	for _, one := range list {
		if one == s {
			return true
		}
	}
	return false
}

func (w *world) ids(t *testing.T, table string) (ids []string) {
	t.Helper()
	rows, err := storage.Raw(t, w.url).QueryContext(t.Context(), "SELECT id FROM "+table+" WHERE tenant_id = '"+string(storage.TenantA)+"'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil || len(ids) == 0 {
		t.Fatalf("no rows in %s: %v", table, err)
	}
	return ids
}

// rotate leads a rotation to its end, as the command does.
func rotate(t *testing.T, w *world, ring *seal.Keyring, to string, dataKeys bool) Progress {
	t.Helper()
	ctx, r := context.WithoutCancel(t.Context()), &Rotator{Sys: w.sys, Vault: w.vault, Actor: jobs}
	now, _, err := r.Begin(ctx, to, dataKeys)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.vault.Take(ctx, w.sys, ring); err != nil {
		t.Fatal(err)
	}
	for _, step := range []func(context.Context, string) error{r.Aim, r.Require, r.Activate} {
		if err := step(ctx, now.KEK); err != nil {
			t.Fatal(err)
		}
	}
	p, err := r.Work(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if now, err := r.Current(ctx); err != nil || !now.Finished {
		t.Fatalf("not finished: %+v %v", now, err)
	}
	return p
}

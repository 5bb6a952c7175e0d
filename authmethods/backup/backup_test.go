package backup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/authmethods"
	"latchkey/authmethods/backup"
	"latchkey/authmethods/db"
	"latchkey/migrations"
	"latchkey/test/postgres"
	"latchkey/test/storage"
)

// kinds are both databases; each returns the address of an empty one.
var kinds = map[string]func(t *testing.T) string{
	"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "latchkey.db") },
	"postgres": func(t *testing.T) string { return postgres.URL(t) },
}

func connect(t *testing.T, url string) *db.DB {
	t.Helper()
	d, err := db.Connect(t.Context(), db.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// seeded returns a database at a version of the schema with rows in every table.
func seeded(t *testing.T, url string, schema int) *db.DB {
	t.Helper()
	d := connect(t, url)
	if err := d.MigrateUpTo(t.Context(), schema); err != nil {
		t.Fatal(err)
	}
	storage.Seed(t, storage.Raw(t, url), storage.DialectOf(url))
	return d
}

func write(t *testing.T, d *db.DB) []byte {
	t.Helper()
	var file bytes.Buffer
	sum, err := backup.Write(t.Context(), db.NewSystem(d), &file, "v1", nil)
	if err != nil {
		t.Fatal(err)
	}
	if sum.Rows == 0 || sum.Tenants != 1 || sum.Connections != 2 { // one of the two counts as the platform
		t.Errorf("the summary is %+v", sum)
	}
	return file.Bytes()
}

func restore(ctx context.Context, d *db.DB, file []byte) (backup.Restored, error) {
	f, err := backup.Open(bytes.NewReader(file))
	if err != nil {
		return backup.Restored{}, err
	}
	return f.Restore(ctx, backup.Into{DB: d, System: db.NewSystem(d), Caller: func(in authmethods.TenantID) authmethods.Caller {
		return authmethods.NewCaller(in, authmethods.Actor{Kind: authmethods.ActorCommand, Name: "test"}, authmethods.OperatorRights, "req")
	}})
}

// content is every row of every table, as text.
func content(t *testing.T, d *db.DB) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	err := db.TakeSnapshot(t.Context(), db.NewSystem(d), func(s *db.Snapshot) error {
		for _, table := range s.Tables {
			err := s.Rows(t.Context(), table, func(row []any) error {
				text := make([]string, len(row))
				for i, v := range row {
					text[i] = fmt.Sprintf("%s=%T %v", table.Columns[i].Name, v, v)
				}
				all[table.Name] = append(all[table.Name], strings.Join(text, " "))
				return nil
			})
			if err != nil {
				return err
			}
			slices.Sort(all[table.Name])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// never are the tables that a restore leaves empty.
var never = []string{"sessions", "tickets", "invitations", "changes", "duties", "first_links"}

// a backup of either database is restored into either, row by row, and holds
// nothing that lets somebody in who may have been shut out since.
func TestABackupOfEitherDatabaseIsRestoredIntoEither(t *testing.T) {
	for from, source := range kinds {
		for to, target := range kinds {
			t.Run(from+" to "+to, func(t *testing.T) {
				old := seeded(t, source(t), migrations.Known(migrations.SQLite))
				file := write(t, old)
				d := connect(t, target(t))
				done, err := restore(t.Context(), d, file)
				if err != nil {
					t.Fatal(err)
				}
				want, got := content(t, old), content(t, d)
				for _, name := range never {
					if storage.Owner(name) != storage.Installation && len(want[name]) == 0 {
						t.Errorf("nothing was in %s", name)
					}
					delete(want, name)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("before (-) and after (+):\n%s", diff)
				}
				if done.Schema != migrations.Known(migrations.SQLite) {
					t.Errorf("done is %+v", done)
				}
			})
		}
	}
}

func TestConsentsUnderWayDoNotComeBack(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		old := seeded(t, url, migrations.Known(migrations.SQLite))
		if _, err := storage.Raw(t, url).ExecContext(t.Context(), "UPDATE consents SET finished_at = NULL WHERE tenant_id = 'tn_A'"); err != nil {
			t.Fatal(err)
		}
		d := connect(t, kinds["sqlite"](t))
		if _, err := restore(t.Context(), d, write(t, old)); err != nil {
			t.Fatal(err)
		}
		if got := content(t, d)["consents"]; len(got) != 1 || !strings.Contains(got[0], "tn_B") {
			t.Errorf("the consents are %v", got)
		}
	})
}

func TestABackupOfAnOlderSchemaIsBroughtUpToDate(t *testing.T) {
	for from, source := range kinds {
		for to, target := range kinds {
			t.Run(from+" to "+to, func(t *testing.T) {
				url := source(t)
				old := seeded(t, url, 3)
				// Grants that are thought to live, so that there is something to mark.
				if _, err := storage.Raw(t, url).ExecContext(t.Context(), "UPDATE grants SET broken_code = ''"); err != nil {
					t.Fatal(err)
				}
				d := connect(t, target(t))
				done, err := restore(t.Context(), d, write(t, old))
				if err != nil {
					t.Fatal(err)
				}
				if v, err := d.SchemaVersion(t.Context()); err != nil || v != migrations.Known(migrations.SQLite) || done.Uncertain != 2 {
					t.Errorf("version %d, %v; %+v", v, err, done)
				}
				if marks := content(t, d)["restored_grants"]; len(marks) != 2 {
					t.Errorf("the marks are %v", marks)
				}
			})
		}
	}
}

func TestWhatDoesNotFitIsRefusedAndChangesNothing(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		old := seeded(t, url, migrations.Known(migrations.SQLite))
		file := write(t, old)
		before := content(t, old)
		if _, err := restore(t.Context(), old, file); !errors.Is(err, backup.ErrNotEmpty) {
			t.Errorf("a database with rows gives %v", err)
		}
		if diff := cmp.Diff(before, content(t, old)); diff != "" {
			t.Error(diff)
		}
		newer := bytes.Replace(file, []byte(`"schema":`), []byte(`"schema":9`), 1)
		if _, err := backup.Open(bytes.NewReader(newer)); !errors.Is(err, backup.ErrDamaged) {
			t.Errorf("a longer header gives %v", err)
		}
	})
}

func TestABackupOfANewerSchemaIsRefused(t *testing.T) {
	url := kinds["sqlite"](t)
	old := seeded(t, url, migrations.Known(migrations.SQLite))
	if _, err := storage.Raw(t, url).ExecContext(t.Context(), "INSERT INTO schema_version (version) VALUES (999)"); err != nil {
		t.Fatal(err)
	}
	d := connect(t, kinds["sqlite"](t))
	var newer *migrations.NewerError
	if _, err := restore(t.Context(), d, write(t, old)); !errors.As(err, &newer) || newer.Database != 999 {
		t.Errorf("it gives %v", err)
	}
	if v, err := d.SchemaVersion(t.Context()); v != 0 || err != nil {
		t.Errorf("the version is %d, %v", v, err)
	}
}

// a backup that was cut or altered anywhere is told from a whole one.
func TestABackupThatIsNotWholeIsRefused(t *testing.T) {
	file := write(t, seeded(t, kinds["sqlite"](t), migrations.Known(migrations.SQLite)))
	if _, err := backup.Open(bytes.NewReader(file)); err != nil {
		t.Fatal(err)
	}
	for n := range file {
		if n%61 != 0 && n > 300 && n < len(file)-120 {
			continue // of the rows a sample
		}
		if _, err := backup.Open(bytes.NewReader(file[:n])); !errors.Is(err, backup.ErrDamaged) {
			t.Fatalf("cut after %d bytes of %d: %v", n, len(file), err)
		}
		altered := slices.Clone(file)
		altered[n] ^= 0x20
		if _, err := backup.Open(bytes.NewReader(altered)); err == nil {
			t.Fatalf("altered at %d of %d: accepted", n, len(file))
		}
	}
	if _, err := backup.Open(bytes.NewReader(append(slices.Clone(file), 'x'))); !errors.Is(err, backup.ErrDamaged) {
		t.Errorf("with something behind: %v", err)
	}
}

func TestABackupShowsOneMoment(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		d := seeded(t, url, migrations.Known(migrations.SQLite))
		before := content(t, d)
		err := db.TakeSnapshot(t.Context(), db.NewSystem(d), func(s *db.Snapshot) error {
			if _, err := storage.Raw(t, url).ExecContext(t.Context(), "UPDATE grants SET epoch = epoch + 1"); err != nil {
				return err
			}
			for _, table := range s.Tables {
				if table.Name != "grants" {
					continue
				}
				return s.Rows(t.Context(), table, func(row []any) error {
					for i, c := range table.Columns {
						if c.Name == "epoch" && row[i] != int64(1) {
							return fmt.Errorf("the epoch is %v", row[i])
						}
					}
					return nil
				})
			}
			return errors.New("there is no table of grants")
		})
		if err != nil {
			t.Error(err)
		}
		if cmp.Equal(before, content(t, d)) {
			t.Error("nothing was written meanwhile")
		}
	})
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte("LATCHKEY BACKUP 1\nH\x02{}E\x02{}"))
	f.Add([]byte("LATCHKEY BACKUP 1\nH\x02{}T\xff\xff\xff\x1f"))
	f.Add([]byte("LATCHKEY BACKUP 2\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if opened, err := backup.Open(bytes.NewReader(file)); err == nil && opened == nil {
			t.Error("neither a file nor an error")
		}
	})
}

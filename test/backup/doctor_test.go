package backup_test

import (
	"archive/zip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/test/fleet"
)

// diagnosis is what «latchkey doctor --json» prints.
type diagnosis struct {
	OK       bool
	Findings []struct{ Check, Verdict, Says, Fix string }
}

func examine(t *testing.T, w *fleet.World, args ...string) (code int, d diagnosis) {
	t.Helper()
	code, out, said := w.Run(t, append([]string{"doctor", "--offline", "--json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &d); err != nil {
		t.Fatalf("%v: %s%s", err, out, said)
	}
	return code, d
}

// fault returns the faults of a check, with how to mend them.
func (d *diagnosis) fault(check string) string {
	var all []string
	for _, f := range d.Findings {
		if f.Check == check && f.Verdict == "fault" {
			all = append(all, f.Says+" "+f.Fix)
		}
	}
	return strings.Join(all, "\n")
}

func TestTheDoctorFindsWhatIsWrongAndChangesNothing(t *testing.T) {
	w := fleet.New(t, fleet.Options{})
	if code, d := examine(t, w, "--deep"); code != 0 || !d.OK {
		t.Errorf("of a sound installation it says %d, %+v", code, d)
	}
	database := filepath.Join(w.Processes[0].DataDir(), "latchkey.db")
	if err := os.Chmod(database, 0o644); err != nil {
		t.Fatal(err)
	}
	if code, d := examine(t, w); code != 5 || !strings.Contains(d.fault("files"), "chmod 600 "+database) {
		t.Errorf("of a database that others can read it says %d, %+v", code, d)
	}
	if err := os.Chmod(database, 0o600); err != nil {
		t.Fatal(err)
	}
	w.Exec(t, "UPDATE audit_events SET action = 'something.else' WHERE seq = 1")
	if code, d := examine(t, w, "--deep"); code != 5 || d.fault("audit log") == "" {
		t.Errorf("of an audit log that was altered it says %d, %+v", code, d)
	}
	w.Move(t, fleet.SQLite)
	if code, d := examine(t, w); code != 5 || d.fault("database") == "" {
		t.Errorf("where no database is it says %d, %+v", code, d)
	}
	if made, err := filepath.Glob(filepath.Join(w.Processes[0].DataDir(), "*")); err != nil || len(made) > 0 {
		t.Errorf("it made %v, %v", made, err)
	}
}

// a bundle for others holds no secret.
func TestASupportBundleHoldsNoSecret(t *testing.T) {
	const canary = "canary-0b8e44d1"
	w := fleet.New(t, fleet.Options{Settings: []string{
		"LATCHKEY_MAIL_URL=smtp://someone:" + canary + "@127.0.0.1:1", "LATCHKEY_MAIL_FROM=a@example.com",
	}})
	file := filepath.Join(t.TempDir(), "bundle.zip")
	w.MustRun(t, nil, "support-bundle", file)
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	secrets := w.Secrets()
	secrets["the password of the mail server"] = canary
	for _, part := range z.File {
		r, err := part.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil || len(content) == 0 {
			t.Errorf("%s: %d bytes, %v", part.Name, len(content), err)
		}
		for name, text := range secrets {
			if strings.Contains(string(content), text) {
				t.Errorf("%s holds %s", part.Name, name)
			}
		}
	}
	if len(z.File) < 4 {
		t.Errorf("it has only %d parts", len(z.File))
	}
}

package migrations

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"
)

// released is the newest version of which programs run that a server is upgraded
// beside. What follows must not be in their way.
const released = 3

// breaking is what a program that does not know of it would stumble over. What is new
// may be anything: rules look at what is done to tables that are there.
var breaking = []*regexp.Regexp{
	regexp.MustCompile(`(?i)\bDROP\s+(TABLE|COLUMN|VIEW|INDEX|CONSTRAINT)\b`),
	regexp.MustCompile(`(?i)\bRENAME\b`),
	regexp.MustCompile(`(?i)\bALTER\s+COLUMN\b`),
	regexp.MustCompile(`(?i)\bSET\s+NOT\s+NULL\b`),
	regexp.MustCompile(`(?i)\bADD\s+CONSTRAINT\b`),
	regexp.MustCompile(`(?i)\bTRUNCATE\b`),
	regexp.MustCompile(`(?i)\bDELETE\s+FROM\b`),
	regexp.MustCompile(`(?i)\bENABLE\s+ROW\s+LEVEL\s+SECURITY\b`),
	regexp.MustCompile(`(?i)\bCREATE\s+(CONSTRAINT\s+)?TRIGGER\b`),
}

var (
	comment = regexp.MustCompile(`--[^\n]*`)
	added   = regexp.MustCompile(`(?i)\bADD\s+(COLUMN\s+)?`)
)

// broken returns what in a migration the programs before it would stumble over.
func broken(text string) (found []string) {
	text = comment.ReplaceAllString(text, "")
	for _, rule := range breaking {
		found = append(found, rule.FindAllString(text, -1)...)
	}
	for _, statement := range strings.Split(text, ";") {
		upper := strings.ToUpper(statement)
		if added.MatchString(statement) && strings.Contains(upper, "NOT NULL") && !strings.Contains(upper, "DEFAULT") {
			found = append(found, strings.TrimSpace(statement))
		}
	}
	return found
}

// known are the exceptions, each with how an upgrade over it is done.
var known = map[string]string{
	"postgres/0009_row_walls.sql": "docs/operations.md, «Upgrades»: servers that are older are stopped before",
}

// A server of the release before keeps working while a new one has migrated: columns
// that it does not name have a default, and nothing that it names has gone.
func TestMigrationsLeaveTheProgramsBeforeThemWorking(t *testing.T) {
	for _, d := range []Dialect{SQLite, Postgres} {
		for _, name := range names(d)[released:] {
			text, err := fs.ReadFile(files, name)
			if err != nil {
				t.Fatal(err)
			}
			found := broken(string(text))
			if len(found) > 0 && known[name] == "" {
				t.Errorf("%s: %q stops programs that do not know of it", path.Base(name), found)
			}
		}
	}
}

func TestTheRulesSeeWhatBreaks(t *testing.T) {
	for _, text := range []string{
		"DROP TABLE x;", "ALTER TABLE x DROP COLUMN y;", "ALTER TABLE x RENAME TO y;", "ALTER TABLE x ALTER COLUMN y TYPE TEXT;",
		"ALTER TABLE x ADD COLUMN y TEXT NOT NULL;", "ALTER TABLE x ADD y TEXT NOT NULL;", "ALTER TABLE x ENABLE ROW LEVEL SECURITY;",
	} {
		if len(broken(text)) == 0 {
			t.Errorf("%s was not seen", text)
		}
	}
	for _, text := range []string{
		"CREATE TABLE x (y TEXT NOT NULL);", "ALTER TABLE x ADD COLUMN y TEXT;", "ALTER TABLE x ADD COLUMN y TEXT NOT NULL DEFAULT '';",
		"-- DROP TABLE x;\nCREATE INDEX a ON b (c);",
	} {
		if found := broken(text); len(found) > 0 {
			t.Errorf("%s: %q", text, found)
		}
	}
}

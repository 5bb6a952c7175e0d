package main

import (
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// doors are the calls that give power over tenants, and the files that may
// make them, with the reason.
var doors = map[string]map[string]string{
	"db.NewSystem": {
		"cmd/latchkey/storage.go":        "the program opens the installation",
		"cmd/latchkey/backup.go":         "a backup needs no keys, so it opens the database alone",
		"cmd/latchkey/doctor_storage.go": "the doctor opens the installation without bringing it up to date",
		"cmd/latchkey/support.go":        "a bundle tells how many rows there are",
		"cmd/latchkey/restore.go":        "a restore fills a database that is not an installation yet",
	},
	"db.TakeSnapshot": {
		"authmethods/backup/write.go": "a backup holds all tenants",
		"cmd/latchkey/support.go":     "how many rows each table has, and none of them",
	},
	"db.Fill": {
		"authmethods/backup/restore.go": "a backup is put back past all walls, into an empty database",
	},
	"authmethods.NewCaller": {
		"authmethods/audit/refusals.go": "what was refused is recorded for the tenant that it was asked of",
		"authmethods/vault/rotator.go":  "the renewal of a tenant's keys is recorded in its own log",
		"web/refused.go":                "a caller without a good key is named by where it came from",
		"authmethods/store/tenants.go":  "an operator acts on a tenant from outside it",
		"cmd/latchkey/operator.go":      "an operator at the command line",
		"sso/signin/service.go":         "whoever signs in has no rights yet; the method of the connector is read for them",
		"tokens/consent/service.go":     "a consent's authority is its ticket, not a right",
		"tokens/store/store.go":         "lending reads for a service whose permits were checked",
		"web/access.go":                 "the authenticator proved a key, or nobody needs a right",
		"web/login/callers.go":          "people proved who they are, or a service presented its key",
		"web/admin/system/callers.go":   "an operator who is signed in acts on a tenant from outside it",
		"web/lend/connections.go":       "a service looks at connections of a tenant that its permits name",
	},
}

var doorCall = regexp.MustCompile(`\b(db\.NewSystem|db\.TakeSnapshot|db\.Fill|authmethods\.NewCaller)\(`)

func TestOnlyAHandfulOfFilesOpensTheDoors(t *testing.T) {
	opened := map[string]bool{}
	for _, pkg := range packages(t) {
		folder, _ := within(pkg.ImportPath)
		if strings.HasPrefix(folder, "test/") {
			continue
		}
		for _, name := range pkg.GoFiles {
			source, err := os.ReadFile(path.Join(pkg.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			file := path.Join(folder, name)
			for _, call := range doorCall.FindAllSubmatch(source, -1) {
				door := string(call[1])
				opened[door+" "+file] = true
				if doors[door][file] == "" {
					t.Errorf("%s calls %s: is there no way through those that may?", file, door)
				}
			}
		}
	}
	for door, files := range doors {
		for _, file := range slices.Sorted(maps.Keys(files)) {
			if !opened[door+" "+file] {
				t.Errorf("%s does not call %s any more: take it off the list", file, door)
			}
		}
	}
}

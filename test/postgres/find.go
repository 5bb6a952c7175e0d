package postgres

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// errMissing says what to do, since it is what a newcomer sees first.
var errMissing = errors.New("no PostgreSQL here, and these tests need it: apt-get install -y postgresql (or set PG_BIN, or LATCHKEY_TEST_POSTGRES_URL)")

// programs returns the folder that holds the programs of the newest server here.
func programs() (string, error) {
	if dir := os.Getenv("PG_BIN"); dir != "" {
		if !complete(dir) {
			return "", errors.New("PG_BIN is " + dir + ", which lacks initdb or postgres")
		}
		return dir, nil
	}
	var found []string
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",                            // Debian
		"/usr/pgsql-*/bin",                                     // Red Hat
		"/opt/homebrew/opt/postgresql@*/bin",                   // macOS
		"/usr/libexec/postgresql*", "/usr/lib/postgresql*/bin", // Alpine
	} {
		dirs, _ := filepath.Glob(pattern) // the patterns are well-formed
		found = append(found, dirs...)
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		found = append(found, filepath.Dir(path))
	}
	found = slices.DeleteFunc(found, func(dir string) bool { return !complete(dir) })
	if len(found) == 0 {
		return "", errMissing
	}
	return slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) }), nil
}

func complete(dir string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		if _, err := exec.LookPath(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

// version returns the last number in dir, which by custom is the major version.
func version(dir string) int {
	numbers := strings.FieldsFunc(dir, func(r rune) bool { return r < '0' || r > '9' })
	if len(numbers) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(numbers[len(numbers)-1]) // too long a number counts as 0
	return n
}

package lifeboat_test

import (
	"fmt"
	"os"
	"testing"

	"latchkey/tokens/lifeboat"
)

// errands is what child processes do, by the name of the test that starts them.
var errands = map[string]func(path string) error{
	"TestOneProcessHasTheFile": func(path string) error {
		_, err := lifeboat.Open(path)
		return err
	},
}

func TestMain(m *testing.M) {
	path := os.Getenv(inChild)
	if path == "" {
		os.Exit(m.Run())
	}
	if err := errands[os.Args[len(os.Args)-1]](path); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"latchkey/test/postgres"
)

// quickExit keeps the race detector, where it is on, from sleeping for a second at
// the end of each process.
const quickExit = "GORACE=atexit_sleep_ms=0"

// tests are the tests of this package, with an end.
type tests struct{ *testing.M }

func (t tests) Run() int {
	defer postgres.Stop()
	return t.M.Run()
}

func TestMain(m *testing.M) {
	testscript.Main(tests{m}, map[string]func(){"latchkey": main, "inside": inside})
}

// inside prints what is left of the ways out for a secret.
func inside() {
	if err := keepSecretsInside(); err != nil {
		fmt.Println(err)
	}
	var core syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_CORE, &core)
	fmt.Printf("core dumps up to %d, %v; password %q; address %q\n",
		core.Cur, err, os.Getenv("LATCHKEY_DATABASE_URL"), os.Getenv("LATCHKEY_LISTEN"))
}

// TestScripts runs the program as people do. Besides the usual commands of a
// script there are:
//
//	code N COMMAND…        the command ends with this exit code
//	field NAME VAR         a field of the JSON object on stdout becomes a variable
//	firstof LIST NAME VAR  a field of the first object in one of its lists does
//	onlyjson               stdout is one JSON object and nothing else
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("LATCHKEY_DATA_DIR", filepath.Join(e.WorkDir, "data"))
			name, value, _ := strings.Cut(quickExit, "=")
			e.Setenv(name, value)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": expectCode, "field": takeField, "firstof": takeFirst, "onlyjson": onlyJSON,
		},
	})
}

func expectCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	if exited, ok := errors.AsType[*exec.ExitError](err); ok {
		got, err = exited.ExitCode(), nil
	}
	ts.Check(err)
	if got != want {
		ts.Fatalf("the exit code is %d, not %d", got, want)
	}
}

func takeField(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: field NAME VARIABLE")
	}
	var object map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &object))
	value, ok := object[args[0]].(string)
	if !ok {
		ts.Fatalf("there is no text %s in %v", args[0], object)
	}
	ts.Setenv(args[1], value)
}

func takeFirst(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: firstof LIST NAME VARIABLE")
	}
	var lists map[string][]map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &lists))
	if len(lists[args[0]]) == 0 {
		ts.Fatalf("there is nothing in the list %s", args[0])
	}
	value, ok := lists[args[0]][0][args[1]].(string)
	if !ok {
		ts.Fatalf("there is no text %s in %v", args[1], lists[args[0]][0])
	}
	ts.Setenv(args[2], value)
}

func onlyJSON(ts *testscript.TestScript, neg bool, args []string) {
	text := ts.ReadFile("stdout")
	decoder := json.NewDecoder(strings.NewReader(text))
	var object map[string]any
	ts.Check(decoder.Decode(&object))
	if decoder.More() || strings.Count(text, "\n") != 1 {
		ts.Fatalf("more than one JSON object: %s", text)
	}
}

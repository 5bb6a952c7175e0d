package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/authmethods"
)

func TestExitCodesTellProgramsWhatToDo(t *testing.T) {
	problem := func(k authmethods.Kind, c authmethods.Code) error {
		return fmt.Errorf("doing something: %w", &authmethods.Problem{Kind: k, Code: c})
	}
	for _, c := range []struct {
		name string
		err  error
		want int
	}{
		{"nothing went wrong", nil, 0},
		{"an error that nobody explained", errors.New("oops"), 1},
		{"a fault of our own", problem(authmethods.Internal, authmethods.CodeInternal), 1},
		{"wrong usage", &usageError{err: errors.New("x")}, 2},
		{"a value that is not valid", problem(authmethods.Invalid, authmethods.CodeInvalidRequest), 2},
		{"an unknown key", problem(authmethods.Unauthenticated, authmethods.CodeInvalidAPIKey), 3},
		{"a key without the permit", problem(authmethods.Forbidden, authmethods.CodeLoanNotAllowed), 4},
		{"a consent is needed", problem(authmethods.HumanNeeded, authmethods.CodeConsentRequired), 5},
		{"a name is taken", problem(authmethods.Conflict, authmethods.CodeConflict), 5},
		{"a key is lost, which waiting does not mend", problem(authmethods.Unavailable, authmethods.CodeKeyUnavailable), 5},
		{"the start is refused", &refusal{what: "x"}, 5},
		{"the provider is away", problem(authmethods.Unavailable, authmethods.CodeProviderDown), 6},
		{"too many requests", problem(authmethods.Exhausted, authmethods.CodeTooManyRequests), 6},
		{"somebody was faster", problem(authmethods.Stale, authmethods.CodeStale), 6},
		{"no server answers", &refusal{what: "x", temporary: true}, 6},
		{"there is no such object", authmethods.Missing(), 7},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := exitCode(c.err); got != c.want {
				t.Errorf("%d, want %d", got, c.want)
			}
		})
	}
}

func TestEveryKindHasAnExitCode(t *testing.T) {
	for k := authmethods.Internal; k <= authmethods.Stale; k++ {
		if exitCodes[k] == exitOK {
			t.Errorf("%v has none", k)
		}
	}
}

func TestProblemsAreExplained(t *testing.T) {
	text := explain(&authmethods.Problem{
		Kind: authmethods.HumanNeeded, Code: authmethods.CodeReconnectRequired, Reason: authmethods.CodeGrantLost,
		Detail: "The access was withdrawn.", Related: []string{"conn_1"},
	})
	d := authmethods.Diagnose(authmethods.CodeGrantLost)
	for _, part := range []string{"The access was withdrawn. [reconnect_required]", "- conn_1", d.Causes[0], d.Action, d.Who, "Temporary:    no"} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in:\n%s", part, text)
		}
	}
	text = explain(&authmethods.Problem{Kind: authmethods.Unavailable, Code: authmethods.CodeProviderThrottled, RetryAfter: time.Minute})
	if !strings.Contains(text, "try again in 1m0s") {
		t.Errorf("it does not say when to try again:\n%s", text)
	}
	text = explain(&refusal{what: "It cannot be.", cause: "The moon.", do: "Wait.", err: errors.New("first\nsecond")})
	want := "latchkey: It cannot be. first\n  second\n  Likely cause: The moon.\n  What to do:   Wait.\n  Temporary:    no\n"
	if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnswersOfAServerBecomeProblems(t *testing.T) {
	answer := func(status int) *http.Response {
		return &http.Response{StatusCode: status, Status: http.StatusText(status), Header: http.Header{"Retry-After": {"7"}}}
	}
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   int
	}{
		{"a key that is not known", 401, `{"code":"invalid_api_key","detail":"x"}`, 3},
		{"a key that may not", 403, `{"code":"loan_not_allowed","detail":"x"}`, 4},
		{"an unknown method", 404, `{"code":"not_found","detail":"x"}`, 7},
		{"no consent yet", 409, `{"code":"consent_required","detail":"x"}`, 5},
		{"a wrong field", 400, `{"code":"invalid_request","detail":"x","errors":[{"pointer":"/scopes","detail":"y"}]}`, 2},
		{"a limit", 429, `{"code":"too_many_requests","title":"x"}`, 6},
		{"a provider that is away", 503, `{"code":"provider_unavailable","detail":"x"}`, 6},
		{"a fault of the server", 500, `{"code":"internal_error","detail":"x","request_id":"req_1"}`, 1},
		{"a page of something else", 404, `<html>`, 7},
		{"a proxy without a server", 502, ``, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := problemOf(answer(c.status), []byte(c.body))
			if got := exitCode(err); got != c.want {
				t.Errorf("exit code %d, want %d", got, c.want)
			}
			var p *authmethods.Problem
			if !errors.As(err, &p) || p.Detail == "" || p.RetryAfter != 7*time.Second && p.Code != authmethods.CodeInternal {
				t.Errorf("the problem is %+v", p)
			}
			if explain(err) == "" {
				t.Error("nothing is said")
			}
		})
	}
}

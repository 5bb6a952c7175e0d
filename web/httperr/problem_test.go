package httperr_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"latchkey/authmethods"
	"latchkey/web/httperr"
	"latchkey/web/route"
	"latchkey/web/words"
)

func TestEveryErrorHasItsStatusAndCode(t *testing.T) {
	problem := func(k authmethods.Kind, c authmethods.Code) error {
		return fmt.Errorf("wrapped: %w", &authmethods.Problem{Kind: k, Code: c, Detail: "Something."})
	}
	for _, c := range []struct {
		name   string
		err    error
		status int
		code   string
	}{
		{"malformed", problem(authmethods.Invalid, authmethods.CodeInvalidRequest), 400, "invalid_request"},
		{"a bad key", problem(authmethods.Unauthenticated, authmethods.CodeInvalidAPIKey), 401, "invalid_api_key"},
		{"a loan that is not allowed", problem(authmethods.Forbidden, authmethods.CodeLoanNotAllowed), 403, "loan_not_allowed"},
		{"missing", authmethods.Missing(), 404, "not_found"},
		{"a conflict", problem(authmethods.Conflict, authmethods.CodeHasDependents), 409, "has_dependents"},
		{"a person is needed", problem(authmethods.HumanNeeded, authmethods.CodeConsentRequired), 409, "consent_required"},
		{"changed meanwhile", problem(authmethods.Stale, authmethods.CodeStale), 412, "changed_meanwhile"},
		{"too many requests", problem(authmethods.Exhausted, authmethods.CodeTooManyRequests), 429, "too_many_requests"},
		{"temporary", problem(authmethods.Unavailable, authmethods.CodeStorageUnavailable), 503, "storage_unavailable"},
		{"internal", problem(authmethods.Internal, "whatever"), 500, "internal_error"},
		{"an error without a kind", errors.New("row 7 of table secrets"), 500, "internal_error"},
		{"a bare kind", fmt.Errorf("x: %w", authmethods.NotFound), 404, "not_found"},
		{"a bare kind that is temporary", fmt.Errorf("x: %w", authmethods.Unavailable), 503, "storage_unavailable"},
		{"no caller", authmethods.ErrNoCaller, 500, "internal_error"},
		{"an unknown route", echo.ErrNotFound, 404, "not_found"},
		{"an unknown method", echo.ErrMethodNotAllowed, 405, "method_not_allowed"},
		{"another fault of the router", echo.ErrBadRequest, 400, "invalid_request"},
		{"a fault that the router calls its own", echo.ErrInternalServerError, 500, "internal_error"},
		{"a body that is too large", fmt.Errorf("x: %w", &http.MaxBytesError{}), 413, "request_too_large"},
		{"an unknown host", httperr.UnknownHost(), 421, "unknown_host"},
		{"a browser", httperr.BrowserRefused(), 403, "browser_request_refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			if err := httperr.WriteJSON(w, words.Words{}, httperr.Of(c.err), "req_1"); err != nil {
				t.Fatal(err)
			}
			var p map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
				t.Fatal(err)
			}
			if w.Code != c.status || p["code"] != c.code || p["status"] != float64(c.status) {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			if p["title"] == "" || p["next_action"] == "" || w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("not complete: %v %s", w.Header(), w.Body)
			}
			if retry := w.Header().Get("Retry-After") != ""; retry != (p["retryable"] == true) {
				t.Errorf("Retry-After %v, retryable %v", retry, p["retryable"])
			}
			if c.status == 500 && (p["detail"] != nil || strings.Contains(w.Body.String(), "secrets")) {
				t.Errorf("an internal fault tells something: %s", w.Body)
			}
			page := httptest.NewRecorder()
			call := &route.Call{Context: echo.New().NewContext(httptest.NewRequest(http.MethodGet, "/", nil), page), RequestID: "req_1"}
			if err := httperr.AnswerPage(call, httperr.Of(c.err)); err != nil {
				t.Fatal(err)
			}
			if page.Code != c.status || !strings.Contains(page.Body.String(), "<h1") || c.status == 500 && strings.Contains(page.Body.String(), "secrets") {
				t.Errorf("the page: %d %s", page.Code, page.Body)
			}
		})
	}
}

// also one that somebody has put into words.
func TestAFaultOfOursTellsNothingOfItsCause(t *testing.T) {
	w := httptest.NewRecorder()
	p := &authmethods.Problem{
		Kind: authmethods.Internal, Code: authmethods.CodeInternal, Detail: "row 7 of table secrets", Reason: "row 7",
		Fields: []authmethods.FieldError{{Pointer: "/row", Detail: "7"}}, Err: errors.New("row 7"),
	}
	if err := httperr.WriteJSON(w, words.Words{}, p, "req_1"); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(w.Body.String(), "row") || !strings.Contains(w.Body.String(), "req_1") {
		t.Errorf("a fault of ours says %s", w.Body)
	}
}

func TestAProblemNamesTheDiagnosisOfItsReason(t *testing.T) {
	w := httptest.NewRecorder()
	p := &authmethods.Problem{Kind: authmethods.HumanNeeded, Code: authmethods.CodeReconnectRequired, Reason: authmethods.CodeGrantLost}
	if err := httperr.WriteJSON(w, words.Words{}, p, "req_1"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"code":"reconnect_required"`, `"reason":"grant_lost"`, `"diagnosis":"D-12"`, `"next_action":"reconnect"`, `"request_id":"req_1"`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s is not in %s", want, w.Body)
		}
	}
}

func TestRetryAfterIsRoundedUp(t *testing.T) {
	for wait, want := range map[time.Duration]string{0: "5", time.Millisecond: "1", time.Second: "1", 1001 * time.Millisecond: "2", 10 * time.Minute: "600"} {
		w := httptest.NewRecorder()
		if err := httperr.WriteJSON(w, words.Words{}, &authmethods.Problem{Kind: authmethods.Unavailable, RetryAfter: wait}, ""); err != nil {
			t.Fatal(err)
		}
		if got := w.Header().Get("Retry-After"); got != want {
			t.Errorf("%s became %s, want %s", wait, got, want)
		}
	}
}

func TestWhatIsNotFoundIsTheSameAnswerWhateverItWas(t *testing.T) {
	one, two := httptest.NewRecorder(), httptest.NewRecorder()
	odd := &authmethods.Problem{Kind: authmethods.NotFound, Code: authmethods.CodeNotFound, Detail: "Method am_1 of tenant acme.", Err: errors.New("x")}
	if err := errors.Join(httperr.WriteJSON(one, words.Words{}, httperr.Of(authmethods.Missing()), "req_1"), httperr.WriteJSON(two, words.Words{}, httperr.Of(odd), "req_2")); err != nil {
		t.Fatal(err)
	}
	if one.Body.String() != two.Body.String() {
		t.Errorf("%s\n%s", one.Body, two.Body)
	}
}

func TestPeopleAreToldInTheirLanguageAndProgramsByTheSameCodes(t *testing.T) {
	p := httperr.TooLarge()
	answer := func(accept string, write func(*route.Call, *authmethods.Problem) error) *httptest.ResponseRecorder {
		r, w := httptest.NewRequest(http.MethodGet, "/x", nil), httptest.NewRecorder()
		r.Header.Set("Accept-Language", accept)
		if err := write(&route.Call{Context: echo.New().NewContext(r, w), RequestID: "req_1"}, p); err != nil {
			t.Fatal(err)
		}
		return w
	}
	for _, c := range []struct{ accept, language, title string }{
		{"en", "en", "The request is too large"}, {"fr-CA, en;q=0.5", "fr", "La requête est trop volumineuse"}, {"", "en", "The request is too large"},
	} {
		w := answer(c.accept, httperr.AnswerJSON)
		var got struct{ Title, Code string }
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if got.Title != c.title || got.Code != string(httperr.CodeTooLarge) || w.Header().Get("Content-Language") != c.language {
			t.Errorf("%q: %v %s", c.accept, w.Header(), w.Body)
		}
		w = answer(c.accept, httperr.AnswerPage)
		if w.Code != http.StatusRequestEntityTooLarge || !strings.Contains(w.Body.String(), c.title) || !strings.Contains(w.Body.String(), `<html lang="`+c.language+`"`) {
			t.Errorf("%q: the page: %d %s", c.accept, w.Code, w.Body)
		}
	}
}

func TestWhatOnlyHTTPKnowsIsSaidInFrenchToo(t *testing.T) {
	for _, p := range []*authmethods.Problem{httperr.TooLarge(), httperr.MethodNotAllowed(), httperr.UnknownHost(), httperr.BrowserRefused(), httperr.CrossOrigin(nil)} {
		titles := map[string]bool{}
		for _, accept := range []string{"en", "fr"} {
			r, w := httptest.NewRequest(http.MethodGet, "/x", nil), httptest.NewRecorder()
			r.Header.Set("Accept-Language", accept)
			if err := httperr.AnswerJSON(&route.Call{Context: echo.New().NewContext(r, w)}, p); err != nil {
				t.Fatal(err)
			}
			var got struct{ Title string }
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Title == "" {
				t.Fatalf("%s: %v", w.Body, err)
			}
			titles[got.Title] = true
		}
		if len(titles) != 2 {
			t.Errorf("%s is called %v", p.Code, titles)
		}
	}
}

package route_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"latchkey/authmethods"
	"latchkey/web/route"
)

func TestAFormIsReadFromItsBodyAlone(t *testing.T) {
	for name, c := range map[string]struct{ kind, body, want string }{
		"ordinary":     {"application/x-www-form-urlencoded", "name=body", "body"},
		"with a file":  {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nbody\r\n--x--\r\n", "body"},
		"without one":  {"application/x-www-form-urlencoded", "", ""},
		"another kind": {"application/json", `{"name":"body"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/?name=address", strings.NewReader(c.body))
			r.Header.Set("Content-Type", c.kind)
			call := &route.Call{Context: echo.New().NewContext(r, httptest.NewRecorder())}
			if err := call.ReadForm(); err != nil {
				t.Fatal(err)
			}
			if got := r.PostFormValue("name"); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			if err := call.OwnForm("purpose"); authmethods.KindOf(err) != authmethods.Forbidden {
				t.Errorf("nobody's own form: %v", err)
			}
		})
	}
}

func TestAFormThatCannotBeReadIsTheSendersFault(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("name=%zz"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	call := &route.Call{Context: echo.New().NewContext(r, httptest.NewRecorder())}
	if err := call.ReadForm(); authmethods.KindOf(err) != authmethods.Invalid {
		t.Errorf("%v", err)
	}
}

func TestOfTwoCookiesOfOneNameNoneCounts(t *testing.T) {
	for header, want := range map[string]string{"": "", "a=1": "1", "a=1; a=2": "", "b=1": "", "b=1; a=2": "2"} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		if header != "" {
			r.Header.Set("Cookie", header)
		}
		call := &route.Call{Context: echo.New().NewContext(r, httptest.NewRecorder())}
		if got := call.OnlyCookie("a"); got != want {
			t.Errorf("%q: %q, want %q", header, got, want)
		}
	}
}

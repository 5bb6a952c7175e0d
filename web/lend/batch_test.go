package lend

import (
	"bytes"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"latchkey/authmethods"
	"latchkey/web/route"
)

// TestAPanicIsAFaultOfItsItemAndLogged lends through a lender that is not there.
func TestAPanicIsAFaultOfItsItemAndLogged(t *testing.T) {
	var log bytes.Buffer
	h := &Handlers{Log: slog.New(slog.NewJSONHandler(&log, nil))}
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/", nil)
	c := &route.Call{Context: echo.New().NewContext(r, httptest.NewRecorder()), RequestID: "req_1"}
	results := h.lendAll(c, make([]wish, 2))
	for i, each := range results {
		if each.err == nil || authmethods.KindOf(each.err) != authmethods.Internal {
			t.Errorf("item %d: %v", i, each.err)
		}
	}
	for _, want := range []string{`"level":"ERROR"`, `"request_id":"req_1"`, `"item":1`, "nil pointer"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%s is not in the log: %s", want, log.String())
		}
	}
}

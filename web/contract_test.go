package web_test

import (
	"bytes"
	"context"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"latchkey"
	"latchkey/web/route"
)

// contract is api.yaml, made as strict as it can be: answers may hold nothing that
// it does not describe.
type contract struct {
	doc    *openapi3.T
	router routers.Router
}

func loadContract(t testing.TB) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(latchkey.APISpec)
	must(t, err)
	return doc
}

func newContract(t testing.TB) *contract {
	t.Helper()
	doc := loadContract(t)
	doc.Servers = nil
	for _, item := range doc.Paths.Map() {
		item.Servers = nil
	}
	for _, s := range doc.Components.Schemas {
		closeSchema(s.Value, map[*openapi3.Schema]bool{})
	}
	router, err := legacy.NewRouter(doc)
	must(t, err)
	return &contract{doc, router}
}

// closeSchema lets objects have no fields but those that are described.
func closeSchema(s *openapi3.Schema, seen map[*openapi3.Schema]bool) {
	if s == nil || seen[s] {
		return
	}
	seen[s] = true
	if len(s.Properties) > 0 && s.AdditionalProperties.Has == nil && s.AdditionalProperties.Schema == nil {
		no := false
		s.AdditionalProperties.Has = &no
	}
	for _, p := range s.Properties {
		closeSchema(p.Value, seen)
	}
	if s.Items != nil {
		closeSchema(s.Items.Value, seen)
	}
	if s.AdditionalProperties.Schema != nil {
		closeSchema(s.AdditionalProperties.Schema.Value, seen)
	}
}

// check holds an answer against the contract.
func (c *contract) check(t testing.TB, l route.Listener, r *http.Request, w *httptest.ResponseRecorder) {
	t.Helper()
	checkHeaders(t, w.Header())
	media, _, _ := mime.ParseMediaType(w.Header().Get("Content-Type"))
	if w.Code >= 400 && media == "application/problem+json" {
		c.checkProblem(t, w)
	}
	found, params, err := c.router.FindRoute(r)
	if err != nil || r.Method == http.MethodHead || l == route.Public && found.Operation.Extensions["x-listener"] == "internal" ||
		l == route.Internal && found.Operation.Extensions["x-listener"] == "public" {
		if w.Code >= 400 && media != "application/problem+json" && media != "text/html" && r.Method != http.MethodHead {
			t.Errorf("%s %s: a fault that is neither problem nor page: %d %s", r.Method, r.URL.Path, w.Code, media)
		}
		return // pages, and what there is nothing at
	}
	if media == "text/html" && w.Code >= 400 {
		return // a fault shown to a person
	}
	if w.Code == http.StatusMethodNotAllowed {
		return
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: found},
		Status:                 w.Code, Header: w.Header(), Body: io.NopCloser(bytes.NewReader(w.Body.Bytes())),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true, ExcludeResponseBody: !strings.Contains(media, "json")},
	}
	if err := openapi3filter.ValidateResponse(context.Background(), input); err != nil {
		t.Errorf("%s %s answered what api.yaml does not describe: %v\n%d %s", r.Method, r.URL.Path, err, w.Code, w.Body)
	}
}

func (c *contract) checkProblem(t testing.TB, w *httptest.ResponseRecorder) {
	t.Helper()
	p := reply{t, w.Code, w.Header(), w.Body.String()}.json()
	if err := c.doc.Components.Schemas["Problem"].Value.VisitJSON(p); err != nil {
		t.Errorf("not a problem of ours: %v\n%s", err, w.Body)
	}
	if p["status"] != float64(w.Code) {
		t.Errorf("the problem says %v, the answer %d", p["status"], w.Code)
	}
	if w.Code != http.StatusNotFound && w.Code != http.StatusMisdirectedRequest && p["request_id"] != w.Header().Get("X-Request-Id") {
		t.Errorf("request id %v in the body, %s in the header", p["request_id"], w.Header().Get("X-Request-Id"))
	}
}

// checkHeaders wants on every answer what every answer must have.
func checkHeaders(t testing.TB, h http.Header) {
	t.Helper()
	for name, part := range map[string]string{
		"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		"Permissions-Policy": "camera=()", "X-Request-Id": "req_", "Cache-Control": "",
	} {
		if got := h.Get(name); got == "" || !strings.Contains(got, part) {
			t.Errorf("header %s is %q, want %q in it", name, got, part)
		}
	}
	if cache := h.Get("Cache-Control"); cache != "no-store" && !strings.Contains(cache, "immutable") {
		t.Errorf("Cache-Control: %s", cache)
	}
	for name := range h {
		if strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("a CORS header: %s", name)
		}
	}
}

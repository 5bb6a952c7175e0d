package web_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"latchkey/authmethods"
	"latchkey/web"
	"latchkey/web/route"
)

func TestTheRouteTableIsWellFormed(t *testing.T) {
	must(t, web.Table(web.Deps{}).Check())
}

func TestTheDescriptionIsValidWithItsExamples(t *testing.T) {
	must(t, loadContract(t).Validate(t.Context(), openapi3.EnableExamplesValidation(), openapi3.EnableSchemaFormatValidation()))
}

// described turns ":id" into "{id}".
func described(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if name, ok := strings.CutPrefix(p, ":"); ok {
			parts[i] = "{" + name + "}"
		}
	}
	return strings.Join(parts, "/")
}

var listeners = map[any]route.Listener{"public": route.Public, "internal": route.Internal, "both": route.Public | route.Internal}

func TestTheRouteTableAndTheDescriptionAreOne(t *testing.T) {
	doc := loadContract(t)
	operations := map[string]*openapi3.Operation{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			operations[method+" "+path] = op
		}
	}
	for _, r := range web.Table(web.Deps{}) {
		name := r.Method + " " + described(r.Path)
		op := operations[name]
		delete(operations, name)
		if op == nil {
			if !r.Page {
				t.Errorf("%s is served but not described", name)
			}
			continue
		}
		if op.OperationID != r.Operation {
			t.Errorf("%s is %s in the table and %s in the description", name, r.Operation, op.OperationID)
		}
		if listeners[op.Extensions["x-listener"]] != r.Listeners {
			t.Errorf("%s: the description says it is on the listener %v", name, op.Extensions["x-listener"])
		}
		if right, _ := op.Extensions["x-right"].(string); !slices.Contains(route.Exceptions[:], r.Right) && right != string(r.Right) {
			t.Errorf("%s needs %s, the description says %q", name, r.Right, right)
		}
		if open := op.Security != nil && len(*op.Security) == 0; open != slices.Contains(route.Exceptions[:], r.Right) {
			t.Errorf("%s: the description and the table differ about the key", name)
		}
		if (op.RequestBody != nil) != (r.MaxBody > 0) {
			t.Errorf("%s: the description and the table differ about a body", name)
		}
	}
	for name := range operations {
		t.Errorf("%s is described but not served", name)
	}
}

// schemas visits every schema below s.
func schemas(at string, s *openapi3.SchemaRef, visit func(at string, s *openapi3.Schema)) {
	if s == nil || s.Ref != "" {
		return
	}
	visit(at, s.Value)
	for _, name := range slices.Sorted(maps.Keys(s.Value.Properties)) {
		schemas(at+"."+name, s.Value.Properties[name], visit)
	}
	schemas(at+"[]", s.Value.Items, visit)
	schemas(at+"{}", s.Value.AdditionalProperties.Schema, visit)
	for i, one := range s.Value.OneOf {
		schemas(fmt.Sprintf("%s|%d", at, i), one, visit)
	}
}

func TestEveryTextAndListOfTheDescriptionIsBounded(t *testing.T) {
	doc := loadContract(t)
	bounded := func(at string, s *openapi3.Schema) {
		switch {
		case s.Type.Is("string") && s.MaxLength == nil && len(s.Enum) == 0 && s.Format != "date-time":
			t.Errorf("%s has no maxLength", at)
		case s.Type.Is("array") && s.MaxItems == nil:
			t.Errorf("%s has no maxItems", at)
		}
	}
	for name, s := range doc.Components.Schemas {
		schemas(name, s, bounded)
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			for _, p := range op.Parameters {
				schemas(method+" "+path+" "+p.Value.Name, p.Value.Schema, bounded)
			}
		}
	}
}

func TestEveryRequestIsAClosedObjectAndEveryFaultAProblem(t *testing.T) {
	// What specifications of others have unknown parameters of ignored (RFC 8693, OpenID
	// Connect Back-Channel Logout 1.0).
	open := map[string]bool{"exchangeToken": true, "backChannelLogout": true}
	doc := loadContract(t)
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			name := method + " " + path
			if op.RequestBody != nil && !open[op.OperationID] {
				for media, content := range op.RequestBody.Value.Content {
					if media == "text/csv" {
						continue // a list has columns, not fields
					}
					if no := content.Schema.Value.AdditionalProperties.Has; no == nil || *no {
						t.Errorf("%s takes an open object as %s", name, media)
					}
				}
			}
			for status, r := range op.Responses.Map() {
				if status < "400" || op.OperationID == "exchangeToken" || op.OperationID == "getReadiness" {
					continue
				}
				content := r.Value.Content["application/problem+json"]
				if len(r.Value.Content) != 1 || content == nil || content.Schema.Ref != "#/components/schemas/Problem" {
					t.Errorf("%s answers %s with something else than a problem", name, status)
				}
			}
		}
	}
}

// TestEveryExampleOfARequestIsUnderstood sends the examples of api.yaml as they
// stand. What they name may not be there; their form must be right.
func TestEveryExampleOfARequestIsUnderstood(t *testing.T) {
	s := newStack(t)
	doc := loadContract(t)
	s.ZohoDesk(t, nil)
	s.connector(t, "zoho")
	const ulid = "_01KAJ3M8Q5W2X7Y9Z0ABCDEFGH"
	ids := map[string]string{
		"auth-methods": "zoho-desk", "connections": "conn" + ulid, "service-accounts": "call-pop", "api-keys": "key" + ulid, "consents": "cs" + ulid,
		"sso-connectors": "zoho", "sign-ins": "sin" + ulid, "users": "marie.dupont", "roles": "supervisor",
	}
	sent := 0
	for _, r := range web.Table(web.Deps{}) {
		item := doc.Paths.Value(described(r.Path))
		if item == nil || item.GetOperation(r.Method) == nil || item.GetOperation(r.Method).RequestBody == nil {
			continue
		}
		for media, content := range item.GetOperation(r.Method).RequestBody.Value.Content {
			if content.Example == nil {
				continue
			}
			path := strings.NewReplacer(":token_id", "tok"+ulid).Replace(r.Path)
			for collection, id := range ids {
				path = strings.Replace(path, "/"+collection+"/:id", "/"+collection+"/"+id, 1)
			}
			sent++
			answer := s.sendExample(r, path, media, content.Example)
			if answer.Status == http.StatusBadRequest && answer.text("error") == "" && !strings.Contains(answer.Body, `"/organization"`) {
				t.Errorf("%s %s refused its own example: %s", r.Method, r.Path, answer.Body)
			}
			if answer.Status >= 500 || answer.Status == http.StatusUnauthorized {
				t.Errorf("%s %s answered %d to its example: %s", r.Method, r.Path, answer.Status, answer.Body)
			}
		}
	}
	if sent < 20 {
		t.Errorf("only %d examples were found", sent)
	}
}

func (s *stack) sendExample(r route.Route, path, media string, example any) reply {
	s.t.Helper()
	base, key := origin, s.admin
	if r.Listeners == route.Internal {
		base, key = internalBase, s.borrower
	}
	encoded, err := json.Marshal(example)
	must(s.t, err)
	var body any = string(encoded)
	switch media {
	case "text/csv":
		body = example
	case "application/x-www-form-urlencoded":
		form := url.Values{}
		for name, v := range example.(map[string]any) {
			form.Set(name, fmt.Sprint(v))
		}
		body = form
	}
	if slices.Contains(route.Exceptions[:], r.Right) {
		key = ""
	}
	return s.send(r.Listeners, request(s.t, r.Method, base+path, key, body, "Content-Type", media, "Accept", "application/json"))
}

func TestEveryCodeHasADiagnosisOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range authmethods.Diagnoses() {
		if seen[d.Ref] || seen[string(d.Code)] {
			t.Errorf("%s (%s) is there twice", d.Ref, d.Code)
		}
		seen[d.Ref], seen[string(d.Code)] = true, true
		if d.Title == "" || len(d.Title) > 60 || len(d.Causes) == 0 || d.Action == "" || d.NextAction == "" || d.Who == "" {
			t.Errorf("%s (%s) is not complete", d.Ref, d.Code)
		}
	}
}

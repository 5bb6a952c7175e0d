package route_test

import (
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/web/route"
)

func TestATableIsRefusedForEachThingThatIsWrong(t *testing.T) {
	good := route.Route{
		Method: "GET", Path: "/api/v1/things/:id", Listeners: route.Public, Right: authmethods.ViewMethods,
		Operation: "getThing", Handle: func(*route.Call) error { return nil },
	}
	if err := (route.Table{good}).Check(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*route.Route)
		want   string
	}{
		"no right":              {func(r *route.Route) { r.Right = "" }, "neither a right nor an exception"},
		"an invented right":     {func(r *route.Route) { r.Right = "methods.everything" }, "neither a right nor an exception"},
		"an odd method":         {func(r *route.Route) { r.Method = "TRACE" }, "not well formed"},
		"a final slash":         {func(r *route.Route) { r.Path = "/things/" }, "not well formed"},
		"a wildcard":            {func(r *route.Route) { r.Path = "/things/*" }, "not well formed"},
		"no operation":          {func(r *route.Route) { r.Operation = "" }, "no operation id"},
		"no listener":           {func(r *route.Route) { r.Listeners = 0 }, "no listener"},
		"an admin inside":       {func(r *route.Route) { r.Listeners |= route.Internal }, "administrator's right"},
		"lending in public":     {func(r *route.Route) { r.Right = authmethods.Borrow }, "lending on the public"},
		"an exchange in public": {func(r *route.Route) { r.Right = route.SubjectToken }, "lending on the public"},
		"no handler":            {func(r *route.Route) { r.Handle = nil }, "no handler"},
	} {
		t.Run(name, func(t *testing.T) {
			r := good
			c.change(&r)
			if err := (route.Table{r}).Check(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
	if err := (route.Table{good, good}).Check(); err == nil {
		t.Error("two like routes are accepted")
	}
}

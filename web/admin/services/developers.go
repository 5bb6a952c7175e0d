package services

import (
	"net/http"
	"net/url"
	"slices"

	"latchkey/authmethods"
	"latchkey/web/page"
	"latchkey/web/route"
)

// descriptionPath is where the description of the API is.
const descriptionPath = "/api/v1/openapi.yaml"

// Developers is GET /developers: how to borrow from the method and environment of the
// query.
func (h *Handlers) Developers(c *route.Call) error {
	d, err := h.desk(c)
	if err != nil {
		return err
	}
	methods, err := d.methods()
	if err != nil {
		return err
	}
	l := d.asked(methods)
	at := internalAt(d.InternalURL)
	p := page.DevelopersPage{
		Method: d.developersMethod(methods, l.Method), Environment: d.developersEnvironment(l.Environment), Socket: at.socket != "",
		Internal: page.Copied{ID: "internal", Label: d.w.Say("developers.internal"), Hint: d.w.Say("developers.internal.hint"), Value: at.given},
		Lend:     snippets(d.InternalURL, l), Reject: rejection(d.InternalURL), Answer: answer(), Description: descriptionPath,
	}
	if d.c.May(authmethods.CreateServices) {
		p.MayCreate = listPath + "/new?" + url.Values{"method": {l.Method}, "environment": {l.Environment}}.Encode()
	}
	return page.Developers.Show(c, http.StatusOK, p)
}

// asked is the loan that the query is about; without a query, one of the first method.
func (d *desk) asked(methods []authmethods.Method) loan {
	l := loan{Method: d.c.QueryParam("method"), Environment: d.c.QueryParam("environment")}
	known := slices.ContainsFunc(methods, func(m authmethods.Method) bool { return m.Reference == l.Method })
	switch {
	case known:
	case len(methods) > 0:
		l.Method = methods[0].Reference
	case !authmethods.ValidSlug(l.Method):
		l.Method = "zoho-desk"
	}
	if !authmethods.Environment(l.Environment).Valid() {
		l.Environment = string(authmethods.Production)
		if filter := authmethods.Environment(d.c.QueryParam("env")); filter.Valid() {
			l.Environment = string(filter)
		}
	}
	return l
}

// developersMethod asks for a method: one of the list, or a reference from who may not
// see the list.
func (d *desk) developersMethod(methods []authmethods.Method, chosen string) page.Field {
	f := page.Field{Name: "method", Label: d.w.Say("services.method"), Value: chosen}
	if len(methods) == 0 {
		f.Mono, f.Hint = true, d.w.Say("developers.reference")
		return f
	}
	f.Kind = "select"
	for _, m := range methods {
		f.Options = append(f.Options, page.Option{Value: m.Reference, Label: m.Name, Chosen: m.Reference == chosen})
	}
	return f
}

func (d *desk) developersEnvironment(chosen string) page.Field {
	f := page.Field{Name: "environment", Label: d.w.Say("services.environment"), Kind: "select", Short: true}
	for _, e := range authmethods.Environments {
		f.Options = append(f.Options, page.Option{Value: string(e), Label: d.w.Say("environment." + string(e)), Chosen: string(e) == chosen})
	}
	return f
}

// answer is what a loan looks like, with nothing in it.
func answer() page.Snippet {
	return page.Snippet{ID: "snippet-answer", Label: "JSON", Text: `{
  "access_token": "…",
  "expires_at": "2026-11-21T10:58:00Z",
  "expires_in": 2470,
  "token_id": "tok_…",
  "headers": {"Authorization": "…"},
  "api_base_url": "https://…",
  "state": "active",
  "source": "memory"
}`}
}

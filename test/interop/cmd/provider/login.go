package main

import (
	"html/template"
	"net/http"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// login is the step between the authorization request and the redirect back.
type login struct {
	provider *op.Provider
	store    *storage
	auto     bool
}

var consentPage = template.Must(template.New("consent").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Allow access</title></head>
<body><main><h1>Allow access</h1>
<p>{{.Client}} asks {{.User}} for: {{range .Scopes}}<code>{{.}}</code> {{end}}</p>
<form method="post"><input type="hidden" name="id" value="{{.ID}}">
<button name="answer" value="allow">Allow</button>
<button name="answer" value="refuse">Refuse</button></form>
</main></body></html>
`))

func (l *login) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := r.FormValue("id")
	request, err := l.store.AuthRequestByID(r.Context(), id)
	if err != nil {
		http.Error(w, "no such authorization request", http.StatusBadRequest)
		return
	}
	switch answer := r.PostFormValue("answer"); {
	case l.auto, answer == "allow":
		l.store.approve(id)
		// The library knows its issuer only inside its own handler, so the
		// way back to its callback is a path.
		http.Redirect(w, r, l.provider.AuthorizationEndpoint().Relative()+"/callback?id="+id, http.StatusFound)
	case answer == "refuse":
		op.AuthRequestError(w, r, request, oidc.ErrAccessDenied(), l.provider)
	default:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = consentPage.Execute(w, map[string]any{
			"ID": id, "Client": request.GetClientID(), "User": l.store.user, "Scopes": request.GetScopes(),
		})
	}
}

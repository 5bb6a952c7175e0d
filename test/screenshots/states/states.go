package states

import (
	"net/http"
	"time"

	"latchkey/authmethods"
	"latchkey/web/page"
	"latchkey/web/words"
)

// State is a page in one of its forms.
type State struct {
	Name  string
	Write func(http.ResponseWriter, page.Chrome) error
}

// Hostile is a name that somebody chose who means harm.
const Hostile = `<script>alert(1)</script>"'&`

// Began is when the consents of the states began.
var Began = time.Date(2026, 11, 21, 10, 32, 0, 0, time.UTC)

func of[T any](name string, p page.Template[T], data T) State {
	return State{name, func(w http.ResponseWriter, c page.Chrome) error { return p.Write(w, http.StatusOK, c, data) }}
}

// All returns all states, in the language of w.
func All(w words.Words) []State {
	noScopes := start(authmethods.Sandbox, "")
	noScopes.Scopes, noScopes.Minutes = nil, 0
	problem := authmethods.InvalidField("/x", "This field is wrong.")
	return append(login(), []State{
		of("start", page.Start, start(authmethods.Production, "")),
		of("start-sandbox", page.Start, start(authmethods.Sandbox, "")),
		of("start-without-scopes", page.Start, noScopes),
		of("start-hostile", page.Start, start(authmethods.Production, Hostile)),
		of("forward", page.Forward, page.ForwardPage{Provider: "Zoho Desk", URL: "https://accounts.zoho.eu/oauth/v2/auth?a=b&c=d", Steps: page.Steps{Provider: "Zoho Desk", At: 2}}),
		of("ready", page.Ready, page.ReadyPage{Address: "https://acme.example.com/api/authclients/k3wq7dm/p9xh2ta"}),
		of("waiting", page.Waiting, page.WaitingPage{Consent: consentOf(authmethods.Production, 2)}),
		of("exchanging", page.Waiting, page.WaitingPage{Consent: consentOf(authmethods.Production, 3), Exchanging: true}),
		of("choose", page.Choose, choose(false)),
		of("choose-unchosen", page.Choose, choose(true)),
		of("completed", page.Completed, completed(authmethods.Production)),
		of("completed-sandbox", page.Completed, completed(authmethods.Sandbox)),
		of("completed-lacking", page.Completed, lacking(w)),
		of("completed-bare", page.Completed, page.CompletedPage{Consent: consentOf(authmethods.Production, 4)}),
		of("failed", page.Failed, Failure(w, authmethods.CodeClientRejected, "Zoho Desk refused the client ID and secret at its data centre eu.")),
		of("failed-temporary", page.Failed, Failure(w, authmethods.CodeProviderThrottled, "Zoho Desk asks to wait. Nothing is lost; approve again in a while.")),
		of("foreign", page.Foreign, page.ForeignPage{}),
		of("malformed", page.Malformed, page.MalformedPage{}),
		of("fault", page.Fault, page.Problem(w, problem, authmethods.Diagnose(problem.Code), "req_1")),
		of("fault-bare", page.Fault, page.FaultPage{Title: w.Diagnosis(authmethods.Diagnose(authmethods.CodeNotFound)).Title}),
		of("components", page.Sample, page.Components(w, time.Now())),
		inside("components-sandbox", page.Sample, page.Components(w, time.Now())),
	}...)
}

// inside is the page as it looks from the sandbox, with a message from the one before.
func inside[T any](name string, p page.Template[T], data T) State {
	return State{name, func(w http.ResponseWriter, c page.Chrome) error {
		c.Environment = authmethods.Sandbox
		return p.Write(w, http.StatusOK, c, data)
	}}
}

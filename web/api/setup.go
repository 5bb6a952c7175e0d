package api

import (
	"net/http"
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/web/route"
)

// setup is what somebody needs who registers the client at the provider.
type setup struct {
	Method          string        `json:"method"`
	IntegrationType string        `json:"integration_type"`
	Provider        string        `json:"provider"`
	DataCentre      string        `json:"data_centre,omitempty"`
	ConsoleURL      string        `json:"console_url,omitempty"`
	ClientName      string        `json:"client_name"`
	HomepageURL     string        `json:"homepage_url"`
	RedirectURIs    []redirectURI `json:"redirect_uris"`
	Scope           string        `json:"scope"`
	Steps           []string      `json:"steps"`
}

type redirectURI struct {
	Use string `json:"use"` // "consent" or "sign_in"
	URI string `json:"uri"`
}

// Setup shows what to enter at the provider, to the letter.
func (h *Handlers) Setup(c *route.Call) error {
	m, err := h.method(c)
	if err != nil {
		return err
	}
	kind, ok := h.Catalog.Find(m.IntegrationType)
	if !ok {
		return authmethods.InvalidField("/integration_type", "There is no such integration type any more.")
	}
	s := setup{
		Method: m.Reference, IntegrationType: kind.ID, Provider: kind.Name, ConsoleURL: kind.Console.URL,
		ClientName: c.Tenant.Name, HomepageURL: h.PublicURL.Origin(c.Tenant.Slug),
		RedirectURIs: []redirectURI{
			{"consent", h.PublicURL.RedirectURI(c.Tenant)},
			{"sign_in", h.PublicURL.SignInRedirectURI(c.Tenant)},
		},
		Scope: strings.Join(m.Scopes, " "), Steps: append([]string{}, kind.Console.Steps...),
	}
	if p, err := kind.Resolve(choice(kind, m)); err == nil {
		s.DataCentre, s.ConsoleURL = p.DataCentre, p.ConsoleURL
		s.Scope = strings.Join(p.ExpandScopes(m.Scopes), p.ScopeSeparator)
	} else if strings.Contains(s.ConsoleURL, "{") {
		s.ConsoleURL = "" // its address depends on what is missing
	}
	return c.Reply(http.StatusOK, s)
}

// choice is the method in the first environment of its type: what is shown here
// does not differ between them.
func choice(kind *catalog.Type, m authmethods.Method) catalog.Choice {
	in := catalog.Choice{DataCentre: m.DataCentre, EnvironmentURL: m.EnvironmentURL, Settings: m.Settings, Mode: m.Mode}
	if all := kind.EnvironmentsInOrder(); len(all) > 0 {
		in.Environment = all[0]
	}
	return in
}

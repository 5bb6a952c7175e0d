package api

import (
	"net/http"
	"slices"
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/web/list"
	"latchkey/web/route"
)

// integrationType is what can be connected, as far as people need to know.
type integrationType struct {
	ID                string             `json:"id"`
	Name              string             `json:"name"`
	Protocol          catalog.Protocol   `json:"protocol"`
	Modes             []authmethods.Mode `json:"modes"`
	Environments      []environmentNote  `json:"environments"`
	DataCentres       []dataCentre       `json:"data_centres"`
	DefaultDataCentre string             `json:"default_data_centre,omitempty"`
	EnvironmentURL    *address           `json:"environment_url,omitempty"`
	Settings          []setting          `json:"settings"`
	Parameters        []parameter        `json:"parameters"`
	Scopes            []scope            `json:"scopes"`
	Presets           []preset           `json:"presets"`
	ClientIDHint      string             `json:"client_id_hint,omitempty"`
	Steps             []string           `json:"steps"`
}

type environmentNote struct {
	Environment authmethods.Environment `json:"environment"`
	Differs     string                  `json:"differs,omitempty"`
}

type dataCentre struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

type address struct {
	Use      catalog.Use `json:"use"`
	Required bool        `json:"required"`
	Example  string      `json:"example,omitempty"`
}

type setting struct {
	Name     string `json:"name"`
	Required bool   `json:"required"`
}

type parameter struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Help     string `json:"help,omitempty"`
	Default  string `json:"default,omitempty"`
	Required bool   `json:"required"`
}

type scope struct {
	Scope   string `json:"scope"`
	Lets    string `json:"lets,omitempty"`
	UsedFor string `json:"used_for,omitempty"`
}

type preset struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Scopes []string `json:"scopes"`
}

func showType(t *catalog.Type) integrationType {
	shown := integrationType{
		ID: t.ID, Name: t.Name, Protocol: t.Protocol, Modes: t.Modes, DefaultDataCentre: t.DefaultDataCentre,
		ClientIDHint: t.Client.IDHint, Environments: []environmentNote{}, DataCentres: []dataCentre{}, Settings: []setting{},
		Parameters: []parameter{}, Scopes: []scope{}, Presets: []preset{}, Steps: append([]string{}, t.Console.Steps...),
	}
	for _, e := range t.EnvironmentsInOrder() {
		shown.Environments = append(shown.Environments, environmentNote{e, t.Environments[e].Differs})
	}
	for _, dc := range t.DataCentres {
		shown.DataCentres = append(shown.DataCentres, dataCentre{dc.Code, dc.Name})
	}
	if t.Address.Use != "" {
		shown.EnvironmentURL = &address{t.Address.Use, t.Address.Required, t.Address.Example}
	}
	for name, need := range t.Settings {
		shown.Settings = append(shown.Settings, setting{name, need == catalog.Required})
	}
	slices.SortFunc(shown.Settings, func(a, b setting) int { return strings.Compare(a.Name, b.Name) })
	for id, p := range t.Parameters {
		shown.Parameters = append(shown.Parameters, parameter{id, p.Name, p.Help, p.Default, p.Required})
	}
	slices.SortFunc(shown.Parameters, func(a, b parameter) int { return strings.Compare(a.ID, b.ID) })
	for _, s := range t.Scopes.Catalogue {
		shown.Scopes = append(shown.Scopes, scope(s))
	}
	for _, p := range t.Scopes.Presets {
		shown.Presets = append(shown.Presets, preset(p))
	}
	return shown
}

// ListTypes lists what can be connected. There are few, so they are one page.
func (h *Handlers) ListTypes(c *route.Call) error {
	page := list.Page[*catalog.Type]{Items: h.Catalog.Types()}
	return c.Reply(http.StatusOK, list.Show(page, showType))
}

// GetType shows one of them.
func (h *Handlers) GetType(c *route.Call) error {
	t, ok := h.Catalog.Find(c.Param("id"))
	if !ok {
		return authmethods.Missing()
	}
	return c.Reply(http.StatusOK, showType(t))
}

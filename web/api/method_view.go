package api

import (
	"time"

	"latchkey/authmethods"
)

// method is an authentication method on the wire.
type method struct {
	ID              authmethods.ID                          `json:"id"`
	Reference       string                                  `json:"reference"`
	Name            string                                  `json:"name"`
	IntegrationType string                                  `json:"integration_type"`
	Mode            authmethods.Mode                        `json:"mode"`
	EnvironmentURL  string                                  `json:"environment_url"`
	ClientID        string                                  `json:"client_id"`
	ClientSecret    secretInfo                              `json:"client_secret"`
	NextSecret      secretInfo                              `json:"next_client_secret"`
	Scopes          []string                                `json:"scopes"`
	DataCentre      string                                  `json:"data_centre"`
	Environments    map[authmethods.Environment]environment `json:"environments"`
	authmethods.Settings
	Rev       int64     `json:"rev"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// secretInfo is all that is ever shown of a secret.
type secretInfo struct {
	Set   bool      `json:"set"`
	Last4 string    `json:"last4,omitempty"`
	SetAt time.Time `json:"set_at,omitzero"`
}

// environment is a method in one environment; what is empty is the method's own.
type environment struct {
	Enabled        bool       `json:"enabled"`
	ClientID       string     `json:"client_id,omitempty"`
	ClientSecret   secretInfo `json:"client_secret"`
	NextSecret     secretInfo `json:"next_client_secret"`
	EnvironmentURL string     `json:"environment_url,omitempty"`
	Rejected       *rejected  `json:"rejected,omitempty"`
}

// rejected says that the provider refuses the client itself.
type rejected struct {
	Code    authmethods.Code `json:"code"`
	At      time.Time        `json:"at"`
	RetryAt time.Time        `json:"retry_at,omitzero"`
}

func showMethod(m authmethods.Method) method {
	shown := method{
		ID: m.ID, Reference: m.Reference, Name: m.Name, IntegrationType: m.IntegrationType, Mode: m.Mode,
		EnvironmentURL: m.EnvironmentURL, ClientID: m.ClientID, ClientSecret: showSecret(m.Secret), NextSecret: showSecret(m.NextSecret),
		Scopes: append([]string{}, m.Scopes...), DataCentre: m.DataCentre, Settings: m.Settings,
		Environments: map[authmethods.Environment]environment{},
		Rev:          m.Rev, CreatedAt: m.CreatedAt.UTC(), UpdatedAt: m.UpdatedAt.UTC(),
	}
	for _, e := range m.Environments {
		in := environment{
			Enabled: e.Enabled, ClientID: e.ClientID, ClientSecret: showSecret(e.Secret), NextSecret: showSecret(e.NextSecret),
			EnvironmentURL: e.EnvironmentURL,
		}
		if r := e.Rejected; r != nil {
			in.Rejected = &rejected{Code: r.Code, At: r.At.UTC(), RetryAt: r.RetryAt.UTC()}
		}
		shown.Environments[e.Environment] = in
	}
	return shown
}

func showSecret(s authmethods.SecretInfo) secretInfo {
	return secretInfo{Set: s.Set, Last4: s.Last4, SetAt: s.SetAt.UTC()}
}

package catalog

import "latchkey/authmethods"

// ChoiceOf is what m decides in environment e: its own values, with the
// environment's where it has some. An empty data centre is the method's.
func ChoiceOf(m *authmethods.Method, e authmethods.Environment, dataCentre string) Choice {
	c := Choice{
		Environment: e, DataCentre: dataCentre, EnvironmentURL: m.EnvironmentURL,
		Settings: m.Settings, Mode: m.Mode,
	}
	if dataCentre == "" {
		c.DataCentre = m.DataCentre
	}
	if own := m.In(e); own != nil && own.EnvironmentURL != "" {
		c.EnvironmentURL = own.EnvironmentURL
	}
	return c
}

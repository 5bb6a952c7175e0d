package api

import (
	"maps"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/crypto/secret"
	"latchkey/web/strict"
)

// readNewMethod reads the body of a new method.
func readNewMethod(body *strict.Object) store.NewMethod {
	body.Require("name", "integration_type")
	return store.NewMethod{
		Name:            body.Line("name", maxName),
		Reference:       body.Line("reference", maxRef),
		IntegrationType: body.Line("integration_type", maxRef),
		Mode:            strict.Choice(body, "mode", authmethods.Modes[:]...),
		EnvironmentURL:  body.Line("environment_url", maxURL),
		ClientID:        body.Text("client_id", maxText),
		ClientSecret:    body.Secret("client_secret", maxSecret),
		NextSecret:      body.Secret("next_client_secret", maxSecret),
		Scopes:          body.Texts("scopes", maxScopes, maxText),
		DataCentre:      body.Line("data_centre", maxRef),
		Settings: authmethods.Settings{
			AuthorizeURL:      body.Line("authorize_url", maxURL),
			TokenURL:          body.Line("token_url", maxURL),
			UserinfoURL:       body.Line("userinfo_url", maxURL),
			RevokeURL:         body.Line("revoke_url", maxURL),
			Issuer:            body.Line("issuer", maxURL),
			ScopeSeparator:    body.Text("scope_separator", 1),
			TokenHeaderPrefix: body.Line("token_header_prefix", maxRef),
			ClientAuth:        body.Line("client_auth", maxRef),
			AuthorizeParams:   body.Map("authorize_params", maxParams, maxText),
			Parameters:        body.Map("parameters", maxParams, maxText),
		},
	}
}

// readMethodPatch reads a merge patch of a method as it is now.
func readMethodPatch(body *strict.Object, now authmethods.Method) store.MethodChange {
	mc := store.MethodChange{
		Name:           body.PatchText("name", maxName),
		EnvironmentURL: body.PatchText("environment_url", maxURL),
		ClientID:       body.PatchText("client_id", maxText),
		Scopes:         body.PatchTexts("scopes", maxScopes, maxText),
		DataCentre:     body.PatchText("data_centre", maxRef),
		Settings:       readSettingsPatch(body, now.Settings),
		Environments:   readEnvironmentsPatch(body),
	}
	if body.Has("mode") {
		mode := strict.Choice(body, "mode", authmethods.Modes[:]...)
		mc.Mode = &mode
	}
	var gone bool
	if mc.ClientSecret, gone = body.PatchSecret("client_secret", maxSecret); gone {
		body.Fault("client_secret", "A client secret can be replaced, not taken away.")
	}
	mc.NextSecret, mc.ForgetNext = readNextSecret(body)
	for _, fixed := range []string{"reference", "integration_type"} {
		if body.Has(fixed) {
			body.PatchText(fixed, maxURL)
			body.Fault(fixed, "This never changes. Duplicate the method instead.")
		}
	}
	return mc
}

// readNextSecret reads a new next secret; null and an empty text take it away.
func readNextSecret(body *strict.Object) (next secret.Text, gone bool) {
	next, gone = body.PatchSecret("next_client_secret", maxSecret)
	return next, gone || next.IsZero() && body.Has("next_client_secret")
}

// readSettingsPatch returns all settings as they will be; nil if none is named.
func readSettingsPatch(body *strict.Object, now authmethods.Settings) *authmethods.Settings {
	changed := false
	for name, at := range map[string]*string{
		"authorize_url": &now.AuthorizeURL, "token_url": &now.TokenURL, "userinfo_url": &now.UserinfoURL,
		"revoke_url": &now.RevokeURL, "issuer": &now.Issuer, "scope_separator": &now.ScopeSeparator,
		"token_header_prefix": &now.TokenHeaderPrefix, "client_auth": &now.ClientAuth,
	} {
		if to := body.PatchText(name, maxURL); to != nil {
			*at, changed = *to, true
		}
	}
	for name, at := range map[string]*map[string]string{
		"authorize_params": &now.AuthorizeParams, "parameters": &now.Parameters,
	} {
		if !body.Has(name) {
			continue
		}
		changed = true
		merged := maps.Clone(*at)
		if merged == nil {
			merged = map[string]string{}
		}
		body.PatchMap(name, maxParams, maxText, merged)
		if *at = merged; len(merged) == 0 {
			*at = nil // as it is stored
		}
	}
	if !changed {
		return nil
	}
	return &now
}

func readEnvironmentsPatch(body *strict.Object) map[authmethods.Environment]store.EnvironmentChange {
	all := body.Object("environments")
	if all == nil {
		return nil
	}
	changes := map[authmethods.Environment]store.EnvironmentChange{}
	for _, name := range all.Names() {
		e := authmethods.Environment(name)
		if !e.Valid() {
			continue // an unknown field like any other
		}
		in := all.Object(name)
		if in == nil {
			continue
		}
		c := store.EnvironmentChange{
			ClientID: in.PatchText("client_id", maxText), EnvironmentURL: in.PatchText("environment_url", maxURL),
		}
		c.ClientSecret, c.ForgetSecret = in.PatchSecret("client_secret", maxSecret)
		c.NextSecret, c.ForgetNext = readNextSecret(in)
		changes[e] = c
	}
	return changes
}

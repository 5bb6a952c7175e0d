package api

import (
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/web/strict"
)

// What a rule may hold at most; [sso.Rule.Check] says the same more exactly.
const (
	maxLookups = 5
	maxChanges = 10
	maxClaim   = 128
	maxPattern = 256
)

var (
	connectorTypes = []sso.ConnectorType{sso.OpenIDConnect, sso.OAuth2}
	admissions     = []sso.Admission{sso.AssociatedOnly, sso.AnyoneMapped}
)

// readNewConnector reads the body of a new connector.
func readNewConnector(body *strict.Object) directory.NewConnector {
	body.Require("name", "reference", "type", "method")
	return directory.NewConnector{
		Reference:      body.Line("reference", maxRef),
		Name:           body.Line("name", maxName),
		Type:           strict.Choice(body, "type", connectorTypes...),
		Method:         body.Line("method", maxRef),
		Environment:    readEnvironment(body),
		Admission:      strict.Choice(body, "admission", admissions...),
		CreatesUsers:   body.Bool("creates_users"),
		DefaultRole:    body.Line("default_role", maxRef),
		TrustedDomains: body.Texts("trusted_domains", maxDomains, maxEmail),
		Rule:           readRule(body),
	}
}

// readConnectorPatch reads a merge patch of a connector. A rule replaces the old one
// as a whole.
func readConnectorPatch(body *strict.Object) directory.ConnectorChange {
	change := directory.ConnectorChange{
		Name:           body.PatchText("name", maxName),
		Method:         body.PatchText("method", maxRef),
		CreatesUsers:   body.PatchBool("creates_users"),
		DefaultRole:    body.PatchText("default_role", maxRef),
		TrustedDomains: body.PatchTexts("trusted_domains", maxDomains, maxEmail),
		Rule:           readRule(body),
	}
	if body.Has("type") {
		change.Type = new(strict.Choice(body, "type", connectorTypes...))
	}
	if body.Has("environment") {
		change.Environment = new(readEnvironment(body))
	}
	if body.Has("admission") {
		change.Admission = new(strict.Choice(body, "admission", admissions...))
	}
	if body.Has("reference") {
		body.PatchText("reference", maxRef)
		body.Fault("reference", "This never changes: it is part of an address that people keep.")
	}
	return change
}

// readRule reads a mapping rule; nil if it is absent.
func readRule(body *strict.Object) *sso.Rule {
	o := body.Object("rule")
	if o == nil {
		return nil
	}
	o.Require("lookups")
	rule := &sso.Rule{Lookups: []sso.Lookup{}}
	for _, l := range o.Objects("lookups", maxLookups) {
		l.Require("claim", "field")
		lookup := sso.Lookup{Claim: l.Line("claim", maxClaim), Field: strict.Choice(l, "field", sso.ByUserName, sso.ByEmail, sso.ByExternalID)}
		for _, ch := range l.Objects("changes", maxChanges) {
			ch.Require("do")
			lookup.Changes = append(lookup.Changes, sso.Change{
				Do:   strict.Choice(ch, "do", sso.Trim, sso.IgnoreCase, sso.BeforeAt, sso.ReplaceDomain, sso.Replace),
				From: ch.Text("from", maxPattern), To: ch.Text("to", maxPattern),
			})
		}
		rule.Lookups = append(rule.Lookups, lookup)
	}
	return rule
}

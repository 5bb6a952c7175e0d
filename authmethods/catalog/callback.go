package catalog

import "slices"

// Answering returns the data centre that a callback's parameters name. They come
// through the browser, so they only ever choose from the type's own table, by exact
// comparison. named is false where the callback names none; known is false where it
// names one that is not in the table, or two that do not belong together.
func (t *Type) Answering(p RegionParams, query func(string) string) (dc DataCentre, named, known bool) {
	if p.AuthorizationServer == "" {
		return DataCentre{}, false, true
	}
	server, location := query(p.AuthorizationServer), ""
	if p.Code != "" {
		location = query(p.Code)
	}
	if server == "" && location == "" {
		return DataCentre{}, false, true
	}
	dc, known = t.DataCentreOf(server)
	if server == "" {
		dc, known = t.DataCentre(location)
	}
	return dc, true, known && (location == "" || location == dc.Code)
}

// Answers reports whether a callback with this iss parameter may come from p: it is
// compared as an exact string (RFC 9207 section 2.4), where there is anything to
// compare it with. A provider that promises to name itself must.
func (p *Provider) Answers(iss string) bool {
	switch {
	case iss == "":
		return !p.NamesIssuer
	case p.Issuer != "":
		return iss == p.Issuer || slices.Contains(p.IssuerSpellings, iss)
	}
	return p.IssuerByClaim == nil
}

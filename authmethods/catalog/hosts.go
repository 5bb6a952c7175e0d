package catalog

import (
	"net/url"
	"slices"
	"strings"
)

// Hosts returns every exact origin (scheme, host, port) the type may talk to
// whatever the method, sorted. Consoles are for people, and origins that a method
// brings itself are not among them; see [Provider.Hosts].
func (t *Type) Hosts() []string {
	var addresses []string
	for _, dc := range t.DataCentres {
		addresses = append(addresses, dc.AuthorizationServer)
		addresses = append(addresses, hostAddresses(dc.Hosts)...)
	}
	addresses = append(addresses, hostAddresses(t.HostTable)...)
	for _, template := range t.urlTemplates() {
		if !strings.HasPrefix(template.text, "{") && template.path != "console.url" {
			addresses = append(addresses, template.text)
		}
	}
	return distinctOrigins(addresses)
}

// Hosts returns the exact origins that this provider's calls go to, sorted; a
// token response's instance_url comes on top.
func (p Provider) Hosts() []string {
	addresses := []string{
		p.AuthorizationServer, p.AuthorizationEndpoint, p.TokenEndpoint, p.RevocationEndpoint,
		p.UserinfoEndpoint, p.JWKSURI, p.Instance, p.APIBaseURL,
	}
	if p.Discover {
		addresses = append(addresses, p.Issuer)
	}
	addresses = append(addresses, p.APIDomains...)
	if p.Organizations != nil {
		addresses = append(addresses, p.Organizations.URL)
	}
	if p.People != nil {
		addresses = append(addresses, p.People.URL)
	}
	if p.Account != nil {
		addresses = append(addresses, p.Account.URL)
	}
	if p.Profile != nil {
		addresses = append(addresses, p.Profile.URL)
	}
	if p.TestCall != nil {
		addresses = append(addresses, p.TestCall.URL)
	}
	return distinctOrigins(addresses)
}

func hostAddresses(hosts map[string]PerEnvironment) []string {
	var addresses []string
	for _, host := range hosts {
		for _, address := range host {
			addresses = append(addresses, address)
		}
	}
	return addresses
}

func distinctOrigins(addresses []string) []string {
	var list []string
	for _, address := range addresses {
		u, err := url.Parse(address)
		if err != nil || u.Host == "" || strings.ContainsAny(u.Host, "{}") {
			continue
		}
		if o := origin(u); !slices.Contains(list, o) {
			list = append(list, o)
		}
	}
	slices.Sort(list)
	return list
}

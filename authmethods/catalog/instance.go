package catalog

import "latchkey/authmethods"

// TrustsInstance reports whether tokens may be sent to the instance_url of a token
// response.
func (p *Provider) TrustsInstance(instance string) bool {
	u, wrong := parseAddress(instance, p.mayHTTP)
	return wrong == "" && len(p.instanceHosts) > 0 && hostAllowed(u.Hostname(), p.instanceHosts)
}

// InstanceIn reports whether the host of a token response's instance_url belongs
// to e, for providers whose environments differ by it.
func (p *Provider) InstanceIn(e authmethods.Environment, instance string) bool {
	u, wrong := parseAddress(instance, p.mayHTTP)
	return wrong == "" && hostAllowed(u.Hostname(), p.Verify.Values[e])
}

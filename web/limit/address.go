package limit

import "net/netip"

// Network returns what counts as one address: an IPv4 address, and of IPv6 the first
// 64 bits, which is what one customer has.
func Network(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if !a.Is6() {
		return a
	}
	p, err := a.Prefix(64)
	if err != nil {
		return a
	}
	return p.Addr()
}

package upstream

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Guard decides which addresses may be dialled. It judges resolved addresses, so
// that neither DNS nor a spelling of a host can get around it.
type Guard struct {
	allow []netip.Prefix
}

// NewGuard returns a Guard that exempts the networks in allow.
func NewGuard(allow []netip.Prefix) Guard {
	var own []netip.Prefix
	for _, p := range allow {
		if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
		}
		own = append(own, p.Masked())
	}
	return Guard{own}
}

// AddressError is a refusal of the guard.
type AddressError struct {
	Addr   netip.AddrPort
	Reason string
}

// Error implements error.
func (e *AddressError) Error() string {
	return fmt.Sprintf("calls to the address %s are refused: %s", e.Addr, e.Reason)
}

// Check refuses an address that must not be dialled for a URL of this scheme. Its
// error is an *AddressError.
func (g Guard) Check(scheme string, to netip.AddrPort) error {
	// A mapped address is the IPv4 address that it holds, and no prefix contains
	// an address with a zone.
	addr := to.Addr().Unmap().WithZone("")
	if g.allows(addr) {
		return nil
	}
	reason := refusal(addr)
	switch {
	case reason != "":
		reason = "it is " + reason + ", and not in LATCHKEY_OUTBOUND_ALLOW"
	case scheme != "https":
		reason = "plain http is for the networks in LATCHKEY_OUTBOUND_ALLOW only"
	case to.Port() != 443 && to.Port() < 1024:
		reason = "ports below 1024 other than 443 are for the networks in LATCHKEY_OUTBOUND_ALLOW only"
	default:
		return nil
	}
	return &AddressError{to, reason}
}

// MayHTTP reports whether a configured address with this host may be plain http:
// an address of an allowed network, or, where there are such networks, a name,
// for what it resolves to is judged only when it is dialled.
func (g Guard) MayHTTP(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if addr, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return g.allows(addr.Unmap().WithZone(""))
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return g.allows(netip.AddrFrom4([4]byte{127, 0, 0, 1})) || g.allows(netip.IPv6Loopback())
	}
	return len(g.allow) > 0
}

func (g Guard) allows(addr netip.Addr) bool {
	return slices.ContainsFunc(g.allow, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// refusal says what is wrong with an address as a public one, or nothing.
func refusal(addr netip.Addr) string {
	for _, s := range special {
		if s.prefix.Contains(addr) {
			return s.what
		}
	}
	if addr.Is6() && !globalUnicast.Contains(addr) {
		return "not global unicast"
	}
	if !addr.IsValid() {
		return "not an IP address"
	}
	return ""
}

// globalUnicast is all of IPv6 that is routed on the internet.
var globalUnicast = netip.MustParsePrefix("2000::/3")

// special are the networks that are not the internet, after the special-purpose
// registries of IANA and what clouds put elsewhere. The predicates of net/netip
// know only half of them.
var special = []struct {
	prefix netip.Prefix
	what   string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "unspecified"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private"},
	{netip.MustParsePrefix("100.64.0.0/10"), "shared by a carrier (CGNAT)"},
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},
	{netip.MustParsePrefix("168.63.129.16/32"), "a platform service of Azure"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local"},
	{netip.MustParsePrefix("172.16.0.0/12"), "private"},
	{netip.MustParsePrefix("192.0.0.0/24"), "reserved for protocols"},
	{netip.MustParsePrefix("192.0.2.0/24"), "for documentation"},
	{netip.MustParsePrefix("192.88.99.0/24"), "a relay of 6to4"},
	{netip.MustParsePrefix("192.168.0.0/16"), "private"},
	{netip.MustParsePrefix("198.18.0.0/15"), "for benchmarks"},
	{netip.MustParsePrefix("198.51.100.0/24"), "for documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "for documentation"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},

	{netip.MustParsePrefix("::/128"), "unspecified"},
	{netip.MustParsePrefix("::1/128"), "loopback"},
	{netip.MustParsePrefix("::/96"), "an embedded IPv4 address"},
	{netip.MustParsePrefix("::ffff:0:0:0/96"), "an embedded IPv4 address"},
	{netip.MustParsePrefix("64:ff9b::/96"), "an embedded IPv4 address (NAT64)"},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "an embedded IPv4 address (NAT64)"},
	{netip.MustParsePrefix("100::/64"), "a black hole"},
	{netip.MustParsePrefix("2001::/32"), "an embedded IPv4 address (Teredo)"},
	{netip.MustParsePrefix("2001::/23"), "reserved for protocols"},
	{netip.MustParsePrefix("2001:db8::/32"), "for documentation"},
	{netip.MustParsePrefix("2002::/16"), "an embedded IPv4 address (6to4)"},
	{netip.MustParsePrefix("3fff::/20"), "for documentation"},
	{netip.MustParsePrefix("5f00::/16"), "for segment routing"},
	{netip.MustParsePrefix("fc00::/7"), "private (ULA)"},
	{netip.MustParsePrefix("fe80::/10"), "link-local"},
	{netip.MustParsePrefix("fec0::/10"), "private (site-local)"},
	{netip.MustParsePrefix("ff00::/8"), "multicast"},
}

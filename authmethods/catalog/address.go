package catalog

import (
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

var hostPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)

// parseAddress checks an address that people or files give and returns it parsed,
// or in words what is wrong with it. Hosts for which allowHTTP speaks may also be
// named by address and have any port; the dialler checks all of it again.
func parseAddress(raw string, allowHTTP func(string) bool) (*url.URL, string) {
	if raw != strings.TrimSpace(raw) {
		return nil, "must not begin or end with a space"
	}
	if len(raw) > 2048 {
		return nil, "is longer than 2048 characters"
	}
	for _, c := range []byte(raw) {
		if c <= ' ' || c >= 0x7f || c == '\\' {
			return nil, "must hold only printable ASCII characters and no backslash"
		}
	}
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, "must be a full address such as https://accounts.example.com"
	}
	if u.User != nil {
		return nil, "must not hold a user name or password"
	}
	if u.Fragment != "" || strings.Contains(raw, "#") {
		return nil, "must not hold a fragment (#)"
	}
	u.Host = strings.ToLower(u.Host)
	host, free := u.Hostname(), allowHTTP(u.Hostname())
	if u.Scheme == "http" && !free {
		return nil, "must use https"
	}
	if _, err := netip.ParseAddr(host); err == nil && !free {
		return nil, "must name a host, not an IP address"
	} else if err != nil && !hostPattern.MatchString(host) {
		return nil, "does not name a host"
	}
	if port := u.Port(); port == "" && strings.HasSuffix(u.Host, ":") {
		return nil, "has an empty port"
	} else if port != "" && !goodPort(port, free) {
		return nil, "must use port 443 or one from 1024 to 65535"
	}
	return u, ""
}

func goodPort(port string, free bool) bool {
	number, err := strconv.Atoi(port)
	if err != nil || number < 1 || number > 65535 {
		return false
	}
	return free || number == 443 || number >= 1024
}

// origin is scheme, host and port without a default port.
func origin(u *url.URL) string {
	host := u.Host
	if (u.Scheme == "https" && u.Port() == "443") || (u.Scheme == "http" && u.Port() == "80") {
		host = host[:strings.LastIndexByte(host, ':')]
	}
	return u.Scheme + "://" + host
}

// hostAllowed reports whether host is one of the exact hosts or lies beneath one
// of the dotted suffixes.
func hostAllowed(host string, allowed []string) bool {
	for _, a := range allowed {
		if host == a || (strings.HasPrefix(a, ".") && len(host) > len(a) && strings.HasSuffix(host, a)) {
			return true
		}
	}
	return len(allowed) == 0
}

// beneath reports whether the address is base or lies under it, at the border of
// a path segment.
func beneath(address, base string) bool {
	return address == base || strings.HasPrefix(address, base+"/") || strings.HasPrefix(address, base+"?")
}

package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"latchkey/authmethods"
)

// publicURL checks the pattern of the tenants' addresses.
func publicURL(pattern string) (authmethods.PublicURL, error) {
	const mark = authmethods.TenantPlaceholder
	pattern = strings.TrimSuffix(pattern, "/")
	if strings.Count(pattern, mark) != 1 {
		return "", fmt.Errorf("%s must hold %s exactly once, in the host", strconv.Quote(pattern), mark)
	}
	u, err := url.Parse(authmethods.PublicURL(pattern).Origin("slug"))
	if err != nil {
		return "", fmt.Errorf("%s is not a URL", strconv.Quote(pattern))
	}
	bare, _ := url.Parse(authmethods.PublicURL(pattern).Origin("other"))
	switch {
	case u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "":
		return "", fmt.Errorf("%s must begin with https:// and a host", strconv.Quote(pattern))
	case bare == nil || bare.Hostname() == u.Hostname():
		return "", fmt.Errorf("%s must hold %s in the host", strconv.Quote(pattern), mark)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "":
		return "", fmt.Errorf("%s must end after the host and port", strconv.Quote(pattern))
	case pattern != strings.ToLower(pattern):
		return "", fmt.Errorf("%s must be in lower case", strconv.Quote(pattern))
	case u.Scheme == "http" && !localName(u.Hostname()):
		return "", fmt.Errorf("%s must use https: plain http is for names under localhost only", strconv.Quote(pattern))
	}
	return authmethods.PublicURL(pattern), nil
}

// localName reports whether a host name always means this machine (RFC 6761).
func localName(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

func checkListen(v string) error {
	_, port, err := net.SplitHostPort(v)
	if err != nil {
		return fmt.Errorf("%s is not HOST:PORT or :PORT", strconv.Quote(v))
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("%s has no port between 0 and 65535", strconv.Quote(v))
	}
	return nil
}

func checkInternalListen(v string) error {
	if path, ok := strings.CutPrefix(v, "unix:"); ok {
		if path == "" {
			return errors.New("unix: needs the path of a socket")
		}
		return nil
	}
	return checkListen(v)
}

// internalURL is where programs of this machine reach the internal listener.
func (c *Config) internalURL() string {
	host, port, err := net.SplitHostPort(c.InternalListen)
	if err != nil {
		return c.InternalListen // a socket
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// loopbackListener reports whether only this machine can reach a listener.
func loopbackListener(v string) bool {
	if strings.HasPrefix(v, "unix:") {
		return true
	}
	host, _, err := net.SplitHostPort(v)
	return err == nil && localName(host)
}

// prefixes reads networks; a lone address is a network of one.
func prefixes(v string) ([]netip.Prefix, error) {
	var list []netip.Prefix
	var faults []string
	for _, word := range strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' }) {
		p, err := netip.ParsePrefix(word)
		if addr, single := netip.ParseAddr(word); single == nil {
			p, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		switch {
		case err != nil:
			faults = append(faults, fmt.Sprintf("%s is not a network such as 10.0.0.0/8", strconv.Quote(word)))
		case p.Bits() == 0:
			faults = append(faults, fmt.Sprintf("%s is everybody; name the networks", word))
		case p != p.Masked():
			faults = append(faults, fmt.Sprintf("%s has bits after its prefix; did you mean %s?", word, p.Masked()))
		default:
			list = append(list, p)
		}
	}
	if len(faults) > 0 {
		return nil, errors.New(strings.Join(faults, "; "))
	}
	return list, nil
}

func joinPrefixes(list []netip.Prefix) string {
	var words []string
	for _, p := range list {
		words = append(words, p.String())
	}
	return strings.Join(words, ",")
}

// redactURL keeps the scheme, the host and the path of an address.
func redactURL(v string) string {
	u, err := url.Parse(v)
	if err != nil {
		scheme, _, _ := strings.Cut(v, ":")
		return scheme + ":[redacted]"
	}
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	text := shown.String()
	if u.User != nil || u.RawQuery != "" {
		text += " (user and options redacted)"
	}
	return text
}

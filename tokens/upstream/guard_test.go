package upstream

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

//
func TestGuardRefusesWhatIsNotTheInternet(t *testing.T) {
	for _, address := range []string{
		"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.255",
		"127.0.0.1", "127.255.255.254", "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255",
		"192.0.0.1", "192.0.0.192", "192.0.2.7", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255",
		"198.51.100.1", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::7f00:1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
		"::ffff:0:7f00:1", "64:ff9b::7f00:1", "64:ff9b::8.8.8.8", "64:ff9b:1::1", "100::1",
		"2001::1", "2001:0:4136:e378::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::1", "2002:808:808::1",
		"3fff::1", "5f00::1", "4000::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "febf::1", "fec0::1",
		"ff02::1", "ff02::1%eth0",
	} {
		err := NewGuard(nil).Check("https", netip.AddrPortFrom(netip.MustParseAddr(address), 443))
		var refused *AddressError
		if !errors.As(err, &refused) {
			t.Errorf("%s: %v, want a refusal", address, err)
		}
	}
}

func TestGuardLetsTheInternetThrough(t *testing.T) {
	for _, address := range []string{
		"8.8.8.8", "1.1.1.1", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.1", "126.255.255.255", "128.0.0.1",
		"168.63.129.15", "168.63.129.17", "169.253.255.255", "172.15.255.255", "172.32.0.1", "192.0.1.1", "192.167.255.255",
		"198.17.255.255", "198.20.0.1", "223.255.255.255", "::ffff:8.8.8.8",
		"2001:200::1", "2001:4860:4860::8888", "2003::1", "2606:4700::1", "2a00:1450::1", "3ffe::1",
	} {
		if err := NewGuard(nil).Check("https", netip.AddrPortFrom(netip.MustParseAddr(address), 443)); err != nil {
			t.Error(err)
		}
	}
}

//
func TestGuardRules(t *testing.T) {
	lan := NewGuard([]netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("::ffff:172.16.0.0/108"), netip.MustParsePrefix("fd00::5/64"), netip.MustParsePrefix("fe80::/10")})
	for _, test := range []struct {
		name, scheme, to string
		refused          string // in the reason
	}{
		{"a public address by https", "https", "8.8.8.8:443", ""},
		{"a public address by http", "http", "8.8.8.8:80", "plain http"},
		{"a public address by http on the port of https", "http", "8.8.8.8:443", "plain http"},
		{"a public address on another port", "https", "8.8.8.8:22", "port"},
		{"a public address on the port of ssh", "https", "[2606:4700::1]:22", "port"},
		{"an allowed address by http on any port", "http", "10.1.2.3:8080", ""},
		{"an allowed address written as mapped", "http", "[::ffff:10.1.2.3]:8080", ""},
		{"an address allowed by a mapped prefix", "https", "172.16.1.1:443", ""},
		{"an allowed address with a zone", "http", "[fe80::1%eth0]:80", ""},
		{"an allowed address of IPv6", "https", "[fd00::9]:443", ""},
		{"its neighbour", "https", "[fd00:0:0:1::9]:443", "ULA"},
		{"another private address", "https", "10.2.0.1:443", "private"},
		{"loopback beside an allowed network", "https", "127.0.0.1:443", "loopback"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := lan.Check(test.scheme, netip.MustParseAddrPort(test.to))
			if (err == nil) != (test.refused == "") || err != nil && !strings.Contains(err.Error(), test.refused) {
				t.Errorf("got %v, want a refusal with %q", err, test.refused)
			}
		})
	}
	if err := lan.Check("https", netip.AddrPort{}); err == nil {
		t.Error("no address at all was let through")
	}
}

func TestHTTPIsAcceptedInConfigurationOnlyForAllowedNetworks(t *testing.T) {
	none, lan, local := NewGuard(nil), NewGuard([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}), NewGuard(loopback)
	for _, test := range []struct {
		host             string
		none, lan, local bool
	}{
		{"idp.example.com", false, true, true},
		{"10.1.2.3", false, true, false},
		{"[::ffff:10.1.2.3]", false, true, false},
		{"8.8.8.8", false, false, false},
		{"127.0.0.1", false, false, true},
		{"::1", false, false, true},
		{"localhost", false, false, true},
		{"LOCALHOST.", false, false, true},
		{"acme.localhost", false, false, true},
	} {
		if got := [3]bool{none.MayHTTP(test.host), lan.MayHTTP(test.host), local.MayHTTP(test.host)}; got != [3]bool{test.none, test.lan, test.local} {
			t.Errorf("%s: %v", test.host, got)
		}
	}
}

// The spellings of loopback that reach a dialler. None of these needs DNS.
//
func TestClientDoesNotDialLoopbackHoweverSpelt(t *testing.T) {
	server := serve(t, reply(200, "", ""))
	port := server.URL[strings.LastIndex(server.URL, ":"):]
	client := NewHTTPClient(Options{})
	for _, host := range []string{"127.0.0.1", "127.1.2.3", "①②⑦.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0.0.0.0", "[::]"} {
		for _, scheme := range []string{"http://", "https://"} {
			resp, err := client.Get(scheme + host + port)
			if err == nil {
				resp.Body.Close()
			}
			var refused *AddressError
			if !errors.As(err, &refused) {
				t.Errorf("%s%s: %v, want a refusal of the guard", scheme, host, err)
			}
		}
	}
}

func TestClientRefusesHTTPToAPublicAddressBeforeDialling(t *testing.T) {
	c := newClient(t)
	for _, address := range []string{"http://8.8.8.8/", "https://8.8.8.8:22/", "http://8.8.8.8:443/"} {
		_, err := c.http.Get(address)
		var refused *AddressError
		if !errors.As(err, &refused) {
			t.Errorf("%s: %v, want a refusal of the guard", address, err)
		}
		var wrapped *url.Error
		if errors.As(err, &wrapped) && wrapped.Timeout() {
			t.Errorf("%s was dialled", address)
		}
	}
}

func TestClientUsesNoProxyAndNoCookies(t *testing.T) {
	c := NewHTTPClient(Options{})
	both := c.Transport.(*transport)
	if both.plain.Proxy != nil || both.secure.Proxy != nil || c.Jar != nil {
		t.Error("the client has a proxy or a cookie jar")
	}
}

package sso_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode"

	"latchkey/sso"
)

var listed = []string{"https://good.example", "https://app.example/desk", "https://port.example:8443/a/", "http://localhost:3000", "http://127.0.0.1"}

func TestAddressesToWhichPeopleMayReturn(t *testing.T) {
	for _, address := range []string{
		"/", "/desk", "/desk/tickets/7", "/a.b/~c_d-e", "/x?y=1&z=a+b%20c", "/?", "/x?next=/y", "/..x/...", "/x?q=%C3%A9",
		"https://good.example", "https://good.example/", "https://GOOD.example:443/any/thing?x=1", "HTTPS://good.example",
		"https://app.example/desk", "https://app.example/desk/", "https://app.example/desk/7?x", "https://app.example/desk?x=%20", "https://app.example/desk/caf%C3%A9",
		"https://port.example:8443/a", "https://port.example:8443/a/b", "http://localhost:3000/x", "http://127.0.0.1:80/x",
		"/" + strings.Repeat("a", 2047),
	} {
		if !sso.MatchReturn(address, listed) {
			t.Errorf("%q was refused", address)
		}
	}
}

// traps are addresses that lead somewhere else, or that somebody reads differently.
var traps = []string{
	"", "desk", ".", "//evil.com", "///evil.com", `/\evil.com`, `/\\evil.com`, `\\evil.com`, `\/evil.com`, "/\t/evil.com", "/%09/evil.com", "/\n/evil.com", "/%0a/evil.com",
	"/%2f/evil.com", "/%2Fevil.com", "/%5cevil.com", "/x%00", "/./x", "/../x", "/x/..", "/x/.", "/.//evil.com", "/x//evil.com", "/%2e%2e/x", "/x#y", "/x?y#z", "/@evil.com", "/x:y",
	"/x;y", "/x y", "/é", "/\u2028", "/x\x00", "/x\r\nSet-Cookie: a=b", "/x\n", "/x?y=%2f", "/x?y=%2F%2Fevil.com", "/x?y=%5C", "/x?y=%0d%0a", "/x?y=%7f", "/x?y=%", "/x?y=%zz", "/x?y=%ff", "/x?y=%C2%85",
	"/x?a=b\\c", "/x?a=<b>", "/x?a='", " /x", "/x ", "\t/x", "/" + strings.Repeat("a", 2048), "?x", "#x", "/?x?y",
	"https://evil.com", "https://good.example.evil.com", "https://good.examplex", "https://xgood.example", "https://sub.good.example", "https://good.example:444", "https://good.example:0443", "https://good.example:",
	"https://good.example:99999", "https://good.example.", "https://good.example@evil.com", "https://good@evil", "https://good.example:443@evil.com", "https://user@good.example", "https://user:pw@good.example/", "https://@good.example",
	"http://good.example", "ftp://good.example", "javascript://good.example", "javascript:alert(1)", "data:text/html,x", "https:good.example", "https:/good.example", "https:///good.example", "https:////good.example",
	`https:\\good.example`, `https://good.example\@evil.com`, `https://evil.com\@good.example`, `https://evil.com\.good.example`, "https://evil.com/https://good.example", "https://evil.com?https://good.example", "https://evil.com#good.example",
	"https://good.example#x", "https://good.example/#x", "https://good.example/x#", "https://good.example//evil.com", "https://good.example/../x", "https://good.example/x/%2e%2e/y", "https://good.example/%2fevil.com", "https://good.example/%5cevil.com",
	"https://good.example/%252e", "https://good.example/%2Fevil.com", "https://good.example/%5Cevil.com", "https://good.example/x%00", "https://good.example/x%0a", "https://good.example/%", "https://good.example/%ff", "https://good.example/x?y=%2f", "https://good.example/x?y=%0a", "https://good.example\n", "https://good.example\t/", " https://good.example",
	"https://good.example%2eevil.com", "https://good.example%00.evil.com", "https://göod.example", "https://ｇood.example", "https://good.example/é", "https://good.example/;x", "https://-good.example", "https://good..example",
	"https://app.example", "https://app.example/", "https://app.example/desktop", "https://app.example/desk.evil", "https://app.example/Desk", "https://app.example/desk/../x", "https://app.example/desk/./x", "https://app.example/desk%2fx", "https://app.example/x/desk",
	"https://port.example/a", "https://port.example:8443/", "https://port.example:8443/ab", "https://localhost:3000", "http://localhost", "http://localhost:3001", "http://127.0.0.2", "http://2130706433", "http://[::1]", "http://localhost.evil.com:3000",
}

func TestTrapsOfReturnAddresses(t *testing.T) {
	for _, address := range traps {
		if sso.MatchReturn(address, listed) {
			t.Errorf("%q was allowed", address)
		}
	}
}

func TestOnlyRightEntriesAllowAnything(t *testing.T) {
	for _, entry := range []string{"https://a.example", "https://a.example/", "https://A.example:8443/x/y", "http://localhost", "http://127.0.0.1:3000/x"} {
		if err := sso.CheckReturnAddress(entry); err != nil || !sso.MatchReturn(entry, []string{entry}) {
			t.Errorf("%q: %v", entry, err)
		}
	}
	for _, entry := range []string{
		"", "/", "*", "a.example", "https://", "https://*", "https://*.example", "http://a.example", "http://localhost.example", "https://a.example?", "https://a.example/?x=1", "https://a.example/x?y",
		"https://a.example#", "https://a@a.example", "https://a.example/..", "https://a.example//", "https://a.example/%2e", "https://a.example/ x", "https://a.example:0", "https://a.example:65536", "https://a_b.example", "https://-a.example", "https://a..example", "https://a.example.", "ftp://localhost",
		"https://a.example/" + strings.Repeat("a", 2048), "https://" + strings.Repeat("a.", 126) + "example",
	} {
		err := sso.CheckReturnAddress(entry)
		if err == nil || !strings.HasSuffix(err.Error(), ".") {
			t.Errorf("%q: %v", entry, err)
		}
		if sso.MatchReturn(entry, []string{entry}) && !strings.HasPrefix(entry, "/") {
			t.Errorf("%q allows itself", entry)
		}
	}
	if sso.MatchReturn("https://good.example", nil) || !sso.MatchReturn("/x", nil) {
		t.Error("an empty list allows our own origin and nothing else")
	}
}

func FuzzMatchReturn(f *testing.F) {
	for _, address := range slices.Concat(traps, listed, []string{"/x?y=1", "https://app.example/desk/7"}) {
		f.Add(address)
	}
	ours, err := url.Parse("https://us.example/login/x")
	if err != nil {
		f.Fatal(err)
	}
	origins := []string{"https://us.example", "https://good.example", "https://app.example", "https://port.example:8443", "http://localhost:3000", "http://127.0.0.1"}
	f.Fuzz(func(t *testing.T, address string) {
		if !sso.MatchReturn(address, listed) {
			return
		}
		to, err := ours.Parse(address)
		if err != nil {
			t.Fatalf("%q: %v", address, err)
		}
		host := strings.ToLower(to.Host)
		for port, scheme := range map[string]string{":443": "https", ":80": "http"} {
			if to.Scheme == scheme {
				host = strings.TrimSuffix(host, port)
			}
		}
		if !slices.Contains(origins, to.Scheme+"://"+host) || to.User != nil || to.Fragment != "" {
			t.Errorf("%q leads to %s", address, to)
		}
		if host == "app.example" && to.Path != "/desk" && !strings.HasPrefix(to.Path, "/desk/") {
			t.Errorf("%q leads to the path %s", address, to.Path)
		}
		if strings.Contains(address, `\`) || strings.HasPrefix(address, "//") || strings.ContainsFunc(address, unicode.IsControl) || strings.Contains(to.Path, "//") {
			t.Errorf("%q was allowed", address)
		}
	})
}

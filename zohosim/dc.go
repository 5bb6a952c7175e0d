package zohosim

import (
	"net"
	"net/http"
	"net/url"
	"strings"
)

// DataCentre lists the addresses of one data centre as this simulator serves them.
type DataCentre struct {
	Code         string `json:"code"`
	Accounts     string `json:"accounts"`
	API          string `json:"api"`
	SandboxAPI   string `json:"sandbox_api"`
	DeveloperAPI string `json:"developer_api"`
	Desk         string `json:"desk"`
}

type hostKind int

const (
	accountsHost hostKind = iota
	apiHost
	sandboxHost
	developerHost
	deskHost
)

type centre struct {
	code, accounts, api, sandbox, developer, desk string
}

type host struct {
	dc   *centre
	kind hostKind
	name string
}

// centres is a table, not a rule, because Canada's accounts and Desk live under zohocloud.ca
// while its API lives under zohoapis.ca.
func centres() []*centre {
	row := func(code, zoho, apis string) *centre {
		return &centre{
			code: code, accounts: "accounts." + zoho, desk: "desk." + zoho,
			api: "www." + apis, sandbox: "sandbox." + apis, developer: "developer." + apis,
		}
	}
	return []*centre{
		row("us", "zoho.com", "zohoapis.com"),
		row("eu", "zoho.eu", "zohoapis.eu"),
		row("in", "zoho.in", "zohoapis.in"),
		row("au", "zoho.com.au", "zohoapis.com.au"),
		row("jp", "zoho.jp", "zohoapis.jp"),
		row("ca", "zohocloud.ca", "zohoapis.ca"),
		row("sa", "zoho.sa", "zohoapis.sa"),
		row("uk", "zoho.uk", "zohoapis.uk"),
		row("cn", "zoho.com.cn", "zohoapis.com.cn"),
		row("sg", "zoho.sg", "zohoapis.sg"),
		row("ae", "zoho.ae", "zohoapis.ae"),
	}
}

func hostIndex(dcs []*centre) map[string]host {
	index := map[string]host{}
	for _, dc := range dcs {
		for kind, name := range []string{dc.accounts, dc.api, dc.sandbox, dc.developer, dc.desk} {
			index[name] = host{dc, hostKind(kind), name}
		}
	}
	return index
}

// DataCentres is the table of data centres with full URLs, in a fixed order.
func (s *Sim) DataCentres() []DataCentre {
	list := make([]DataCentre, 0, len(s.dcs))
	for _, dc := range s.dcs {
		list = append(list, DataCentre{
			Code: dc.code, Accounts: s.origin(dc.accounts), API: s.origin(dc.api),
			SandboxAPI: s.origin(dc.sandbox), DeveloperAPI: s.origin(dc.developer), Desk: s.origin(dc.desk),
		})
	}
	return list
}

// DataCentre finds one data centre by its location code.
func (s *Sim) DataCentre(code string) (DataCentre, bool) {
	for _, dc := range s.DataCentres() {
		if dc.Code == code {
			return dc, true
		}
	}
	return DataCentre{}, false
}

func (s *Sim) centre(code string) *centre {
	for _, dc := range s.dcs {
		if dc.code == code {
			return dc
		}
	}
	return nil
}

// origin is the address a host name is announced under: below BaseURL by path, or as a host of
// its own on the port of BaseURL.
func (s *Sim) origin(name string) string {
	base := *s.base.Load()
	if !s.virtual {
		return base + "/" + name
	}
	u, err := url.Parse(base)
	if err != nil || u.Port() == "" || u.Port() == "443" || u.Port() == "80" {
		scheme, _, _ := strings.Cut(base, "://")
		return scheme + "://" + name
	}
	return u.Scheme + "://" + name + ":" + u.Port()
}

// locate says which virtual host a request is for and the path it asks of it.
func (s *Sim) locate(r *http.Request) (host, string, bool) {
	if s.virtual {
		name := r.Host
		if bare, _, err := net.SplitHostPort(name); err == nil {
			name = bare
		}
		if h, ok := s.hosts[strings.ToLower(name)]; ok {
			return h, r.URL.Path, true
		}
	}
	first, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	h, ok := s.hosts[first]
	return h, "/" + rest, ok
}

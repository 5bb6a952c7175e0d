package web

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"latchkey/authmethods"
	"latchkey/web/httperr"
	"latchkey/web/login"
	"latchkey/web/route"
)

// hosts reads tenants' hosts as the public URL pattern makes them.
type hosts struct {
	before, after string // what stands around the slug
	port          string // as browsers send it; empty for the scheme's own
	usual         string // the scheme's own
}

func newHosts(pattern authmethods.PublicURL) hosts {
	h := hosts{usual: "80"}
	if pattern.Secure() {
		h.usual = "443"
	}
	// A brace is no part of a host, so that a name stands in for it.
	const slug = "slug-of-a-tenant"
	u, err := url.Parse(pattern.Origin(slug))
	if err != nil {
		return h
	}
	h.before, h.after, _ = strings.Cut(strings.ToLower(u.Hostname()), slug)
	h.port = u.Port()
	return h
}

// canonical returns a Host header without its port, which must be ours, in lower
// case and without a final dot.
func (h hosts) canonical(host string) (string, bool) {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		name, port, err := net.SplitHostPort(host)
		if err != nil || port != h.usual && port != h.port {
			return "", false
		}
		host = name
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	return host, host != ""
}

// slug returns the slug in a host that the pattern made.
func (h hosts) slug(host string) (string, bool) {
	rest, before := strings.CutPrefix(host, h.before)
	slug, after := strings.CutSuffix(rest, h.after)
	return slug, before && after && h.before+h.after != "" && authmethods.ValidSlug(slug)
}

// onlyTenants finds the tenant of the host before anything else is done. Who asks
// for health need not know a tenant.
func (s *server) onlyTenants(c *route.Call) error {
	if path := c.Path(); path == "/livez" || path == "/readyz" {
		return nil
	}
	first, err := s.firstRun(c)
	if err != nil {
		return err
	}
	if !first {
		err := s.limits.guess(c, c.Request().Host, func() (err error) {
			c.Tenant, err = s.tenantOf(c)
			return err
		})
		if err != nil {
			return err
		}
	}
	// Browsers say who sends a request; other programs do not and are let through.
	if err := s.crossing.Check(c.Request()); err != nil {
		return httperr.CrossOrigin(err)
	}
	return nil
}

// firstRun reports a request for the pages by which an empty installation is set up.
// They are at a host that is no tenant's, and only as long as there is no tenant.
func (s *server) firstRun(c *route.Call) (bool, error) {
	if path := c.Path(); path != login.FirstRunPath && path != "/static/:file" {
		return false, nil
	}
	for _, raw := range [...]string{c.Request().Host, s.forwardedHost(c.Request())} {
		host, ok := s.hosts.canonical(raw)
		if !ok {
			continue
		}
		if slug, ok := s.hosts.slug(host); ok && slug == authmethods.SetupSlug {
			return s.Tenants.Untouched(c.Request().Context())
		}
	}
	return false, nil
}

// forwardedHost returns the host for which a trusted proxy asks under another one, as
// those do that only ask who is signed in; empty if there is none.
func (s *server) forwardedHost(r *http.Request) string {
	forwarded := r.Header["X-Forwarded-Host"]
	if len(forwarded) != 1 || len(s.TrustedProxies) == 0 {
		return ""
	}
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	address := from.Addr().Unmap()
	if !slices.ContainsFunc(s.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(address) }) {
		return ""
	}
	return forwarded[0]
}

// tenantOf returns the tenant whose host was asked for. The Host counts if it is any
// tenant's: proxies that set it pass on whatever a browser says in X-Forwarded-Host.
func (s *server) tenantOf(c *route.Call) (authmethods.Tenant, error) {
	tenant, err := s.tenantAt(c, c.Request().Host)
	if isUnknownHost(err) {
		if host := s.forwardedHost(c.Request()); host != "" {
			tenant, err = s.tenantAt(c, host)
		}
	}
	if err == nil && (tenant.Disabled || tenant.ID == authmethods.Platform) {
		err = httperr.UnknownHost()
	}
	if err != nil {
		return authmethods.Tenant{}, err
	}
	return tenant, nil
}

// isUnknownHost reports that no tenant has a host.
func isUnknownHost(err error) bool {
	var p *authmethods.Problem
	return errors.As(err, &p) && p.Code == httperr.CodeUnknownHost
}

// tenantAt returns the tenant that has a host.
func (s *server) tenantAt(c *route.Call, host string) (authmethods.Tenant, error) {
	host, ok := s.hosts.canonical(host)
	if !ok {
		return authmethods.Tenant{}, httperr.UnknownHost()
	}
	ctx := c.Request().Context()
	var tenant authmethods.Tenant
	err := error(authmethods.NotFound)
	if slug, ok := s.hosts.slug(host); ok {
		tenant, err = s.Tenants.Find(ctx, slug)
	}
	if errors.Is(err, authmethods.NotFound) {
		tenant, err = s.Tenants.ByHost(ctx, host)
	}
	if errors.Is(err, authmethods.NotFound) {
		err = httperr.UnknownHost()
	}
	return tenant, err
}

package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"latchkey/authmethods/catalog"
	"latchkey/tokens/upstream"
)

// listeners looks whether the addresses are free, or a server is at them.
func (e *examination) listeners(ctx context.Context) {
	for name, address := range map[string]string{"public": e.cfg.Listen, "internal": e.cfg.InternalListen} {
		if strings.HasPrefix(address, "unix:") {
			continue
		}
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
		switch {
		case err == nil:
			l.Close()
			e.add("listeners", fine, "", "%s is free for the %s listener", address, name)
		case !errors.Is(err, syscall.EADDRINUSE):
			e.add("listeners", wrong, "Choose another address; ports below 1024 need a right of their own.", "%s listener: %v", name, err)
		default:
			status, _, err := e.ask(ctx, http.DefaultTransport, "http://"+local(address)+"/readyz")
			if err != nil || status != http.StatusOK {
				e.add("listeners", wrong, "See what has it with «ss -ltnp», or at the server's log.", "%s is taken, and what is there is not ready (status %d)", address, status)
				continue
			}
			e.add("listeners", fine, "", "a server that is ready answers at %s", address)
		}
	}
}

// local is the address by which a listener is reached from here.
func local(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return address
}

// ask makes one request and returns the status and what the Date of the answer says.
func (e *examination) ask(ctx context.Context, by http.RoundTripper, address string) (int, time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, e.Patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, time.Time{}, err
	}
	answer, err := by.RoundTrip(r)
	if err != nil {
		return 0, time.Time{}, err
	}
	answer.Body.Close()
	date, _ := http.ParseTime(answer.Header.Get("Date"))
	return answer.StatusCode, date, nil
}

// outside looks at what lies between this machine and others: the way from a browser
// to a tenant's pages, and the way to providers.
func (e *examination) outside(ctx context.Context, kinds *catalog.Catalog, slug string) {
	if slug != "" {
		e.publicAddress(ctx, e.cfg.PublicURL.Origin(slug))
	}
	reached := 0
	for _, address := range authorizationServers(kinds) {
		began := time.Now()
		_, date, err := e.ask(ctx, upstream.NewHTTPClient(upstream.Options{Allow: e.cfg.OutboundAllow}).Transport, address)
		if err != nil {
			e.add("providers", notable, "If it is used here: let this machine reach it (DNS, port 443, firewall); no proxy is used.", "%s cannot be reached: %v", hostOf(address), err)
			continue
		}
		reached++
		if apart := time.Since(date).Abs(); !date.IsZero() && apart > 30*time.Second {
			e.add("clock", notable, "Set this machine's clock by the network (chrony, systemd-timesyncd).", "%s is %s apart from here", hostOf(address), apart.Round(time.Second))
		}
		if took := time.Since(began); took > e.Patience/2 {
			e.add("providers", notable, "", "%s took %s", hostOf(address), took.Round(time.Millisecond))
		}
	}
	if reached > 0 {
		e.add("providers", fine, "", "%d authorization servers answer", reached)
	}
}

func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Host
	}
	return address
}

// authorizationServers are those of the types that have some in fixed places.
func authorizationServers(kinds *catalog.Catalog) (all []string) {
	seen := map[string]bool{}
	for _, t := range kinds.Types() {
		for _, dc := range t.DataCentres {
			if dc.AuthorizationServer != "" && !seen[dc.AuthorizationServer] {
				seen[dc.AuthorizationServer] = true
				all = append(all, dc.AuthorizationServer)
			}
		}
	}
	return all
}

// publicAddress asks for a tenant's page as a browser would.
func (e *examination) publicAddress(ctx context.Context, origin string) {
	status, _, err := e.ask(ctx, http.DefaultTransport, origin+"/livez")
	switch {
	case err != nil:
		e.add("public address", notable, "Look at DNS, the proxy and its certificate. From inside a network it may be right that the address is not reached.", "%s: %v", origin, err)
	case status != http.StatusOK:
		e.add("public address", wrong, "The proxy must pass the Host header on, and lead to the public listener.", "%s answers with status %d", origin, status)
	default:
		e.add("public address", fine, "", "%s leads here", origin)
	}
	if e.cfg.PublicURL.Secure() && len(e.cfg.TrustedProxies) == 0 {
		e.add("proxy", notable, "Name the proxy's network in LATCHKEY_TRUSTED_PROXIES, or every visitor has the proxy's address.",
			"people come over https, which a proxy ends, and no proxy is trusted")
	}
}

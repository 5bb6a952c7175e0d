package store

import (
	"context"
	"regexp"
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
	"latchkey/crypto/token"
)

// lookup is how a tenant is asked for.
type lookup struct {
	by    byWhat
	value string
}

type byWhat byte

const (
	byID byWhat = iota
	bySlug
	byHost
)

func byRef(ref string) lookup {
	if token.ValidID("tn", ref) {
		return lookup{byID, ref}
	}
	return lookup{bySlug, ref}
}

var hostPattern = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$`)

// CanonicalHost returns a host name as tenants' hosts are compared: lower case,
// without a final dot. It refuses what is no host name, and any port.
func CanonicalHost(raw string) (string, bool) {
	host := strings.TrimSuffix(strings.ToLower(raw), ".")
	return host, len(host) <= 253 && hostPattern.MatchString(host)
}

// Find returns the tenant with this id or slug, disabled ones too. It answers from
// memory where it can; what it returns must not be changed.
func (t *Tenants) Find(ctx context.Context, ref string) (authmethods.Tenant, error) {
	return t.recall(ctx, byRef(ref))
}

// ByHost returns the tenant that host, without port, leads to, disabled ones too.
// It answers from memory where it can; what it returns must not be changed.
func (t *Tenants) ByHost(ctx context.Context, host string) (authmethods.Tenant, error) {
	host, ok := CanonicalHost(host)
	if !ok {
		return authmethods.Tenant{}, authmethods.Missing()
	}
	return t.recall(ctx, lookup{byHost, host})
}

func (t *Tenants) recall(ctx context.Context, l lookup) (authmethods.Tenant, error) {
	// Nothing else can be a slug, and what cannot be one is not worth a query.
	if l.by == bySlug && !authmethods.ValidSlug(l.value) {
		return authmethods.Tenant{}, authmethods.Missing()
	}
	return t.found.get(ctx, l, t.load)
}

func (t *Tenants) load(ctx context.Context, l lookup) (authmethods.Tenant, error) {
	none := authmethods.Tenant{}
	by := db.Eq("id", l.value)
	switch l.by {
	case bySlug:
		by = db.Eq("slug", l.value)
	case byHost:
		hosts, err := db.ListShared[tenantHostRow](ctx, t.o.System, "host", db.Eq("host", l.value))
		if err != nil {
			return none, doing("reading a host", err)
		}
		if len(hosts) == 0 {
			return none, authmethods.Missing()
		}
		by = db.Eq("id", hosts[0].TenantID)
	}
	row, err := tenantBy(ctx, t.o.System, by)
	if err != nil {
		return none, err
	}
	hosts, err := db.ListShared[tenantHostRow](ctx, t.o.System, "host", db.Eq("tenant_id", row.ID))
	return row.tenant(hosts), doing("reading hosts", err)
}

// Heard drops what is remembered of a tenant that has changed. Subscribe it to the
// feed.
func (t *Tenants) Heard(c feed.Change) {
	switch c.Kind {
	case feed.Everything:
		t.found.forgetAll()
	case feed.Tenant:
		t.forget(c.Tenant)
	}
}

func (t *Tenants) forget(id authmethods.TenantID) {
	t.found.forget(func(have authmethods.Tenant) bool { return have.ID == id })
}

package store

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/token"
)

const (
	defaultMethodLimit = 50
	callbackLength     = 7
	maxHosts           = 50
)

// NewTenant is what a new tenant is made of.
type NewTenant struct {
	Slug  string
	Name  string // empty: the slug
	Hosts []string
	// CallbackA and CallbackB are the pair in the redirect URI; both empty: random.
	// An installation that moves here keeps its own.
	CallbackA, CallbackB string
	MethodLimit          int64 // 0: 50
}

// Create makes a tenant. Slugs, hosts and callback pairs that any tenant ever had
// are refused.
func (t *Tenants) Create(ctx context.Context, actor authmethods.Actor, n NewTenant) (authmethods.Tenant, error) {
	row, hosts, err := n.row()
	if err != nil {
		return authmethods.Tenant{}, err
	}
	if err := t.insert(ctx, actor, row, hosts); err != nil {
		return authmethods.Tenant{}, err
	}
	t.forget(row.ID)
	return t.load(ctx, lookup{byID, string(row.ID)})
}

// row is the tenant as it is stored, with its hosts.
func (n NewTenant) row() (row *tenantRow, hosts []string, err error) {
	row = &tenantRow{
		ID: authmethods.TenantID(token.NewID("tn")), Slug: n.Slug, Name: strings.TrimSpace(n.Name),
		CallbackA: n.CallbackA, CallbackB: n.CallbackB, MethodLimit: n.MethodLimit,
	}
	if row.Name == "" {
		row.Name = row.Slug
	}
	if row.MethodLimit == 0 {
		row.MethodLimit = defaultMethodLimit
	}
	if n.CallbackA == "" && n.CallbackB == "" {
		row.CallbackA, row.CallbackB = token.RandomSlug(callbackLength), token.RandomSlug(callbackLength)
	}
	hosts, f := checkTenant(row, n.Hosts)
	return row, hosts, f.Problem()
}

func checkTenant(row *tenantRow, given []string) (hosts []string, f authmethods.Faults) {
	switch {
	case !authmethods.ValidSlug(row.Slug):
		f.Add("/slug", "A slug is 1 to 63 characters: a-z, 0-9 and, inside, hyphens.")
	case authmethods.TakenSlug(row.Slug):
		f.Add("/slug", "This slug is reserved.")
	}
	f.Add("/name", wrongName(row.Name))
	for _, part := range []struct{ pointer, value string }{{"/callback_a", row.CallbackA}, {"/callback_b", row.CallbackB}} {
		if !authmethods.ValidCallbackPart(part.value) {
			f.Add(part.pointer, "Each half of the pair is 5 to 64 letters, digits, hyphens or underscores.")
		}
	}
	if row.MethodLimit < 0 {
		f.Add("/method_limit", "This is a number above 0.")
	}
	if len(given) > maxHosts {
		f.Add("/hosts", "At most "+strconv.Itoa(maxHosts)+" hosts.")
		return nil, f
	}
	seen := map[string]bool{}
	for i, raw := range given {
		host, ok := CanonicalHost(raw)
		if !ok {
			f.Add("/hosts/"+strconv.Itoa(i), "This is a host name without port, such as sso.example.com.")
		} else if !seen[host] {
			seen[host] = true
			hosts = append(hosts, host)
		}
	}
	return hosts, f
}

// taken explains that a slug or pair is in use. Which tenant has it is nobody's
// business; the operator finds out with the list of tenants.
func taken(row *tenantRow, err error) error {
	if errors.Is(err, db.ErrDuplicate) {
		return conflict("The slug "+row.Slug+" or the pair "+row.CallbackA+"/"+row.CallbackB+
			" is or was another tenant's. Neither is ever given twice.", err)
	}
	return doing("storing a tenant", err)
}

func hostTaken(host string, err error) error {
	if errors.Is(err, db.ErrDuplicate) {
		return conflict("The host "+host+" is or was another tenant's.", err)
	}
	return doing("storing a host", err)
}

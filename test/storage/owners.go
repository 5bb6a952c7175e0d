package storage

import (
	"maps"
	"slices"
)

// Installation owns the tables that belong to no tenant.
const Installation = "installation"

// owners says which package owns each table: its row types are held against the
// table, and its tests call [Conform] with them.
var owners = map[string]string{
	"key_checks": Installation, "tenants": Installation, "tenant_hosts": Installation, "changes": Installation,
	"budgets": Installation, "duties": Installation,

	"data_keys":    "authmethods/vault",
	"audit_events": "authmethods/audit", "audit_heads": "authmethods/audit",
	"taken_references": "authmethods/store", "methods": "authmethods/store", "method_environments": "authmethods/store",
	"services": "authmethods/store", "permits": "authmethods/store", "api_keys": "authmethods/store",
	"connections": "tokens/store", "grants": "tokens/store", "tokens": "tokens/store",
	"captures": "tokens/store", "consents": "tokens/store", "loans": "tokens/store",
}

// Owner returns the package that owns a table; empty for an unknown one.
func Owner(table string) string { return owners[table] }

// Owned lists the tables that have an owner.
func Owned() []string { return slices.Sorted(maps.Keys(owners)) }

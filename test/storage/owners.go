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
	"budgets": Installation, "duties": Installation, "replicas": Installation, "key_rotations": Installation, "first_links": Installation,

	"data_keys":    "authmethods/vault",
	"audit_events": "authmethods/audit", "audit_heads": "authmethods/audit",
	"taken_references": "authmethods/store", "methods": "authmethods/store", "method_environments": "authmethods/store",
	"services": "authmethods/store", "permits": "authmethods/store", "api_keys": "authmethods/store",
	"freezes":     "authmethods/store",
	"connections": "tokens/store", "grants": "tokens/store", "tokens": "tokens/store",
	"captures": "tokens/store", "consents": "tokens/store", "loans": "tokens/store",
	"restored_grants": "tokens/store", "connection_hours": "tokens/store",
	"roles": "sso/directory", "users": "sso/directory", "user_roles": "sso/directory", "user_connectors": "sso/directory",
	"sso_connectors": "sso/directory", "identities": "sso/directory", "workspace_settings": "sso/directory",
	"sign_ins": "sso/store", "sign_in_starts": "sso/store",
	"sessions": "sso/session", "tickets": "sso/session", "web_keys": "sso/session",
	"passwords": "sso/credentials", "totps": "sso/credentials", "passkeys": "sso/credentials",
	"invitations": "sso/credentials", "throttles": "sso/credentials",
}

// Owner returns the package that owns a table; empty for an unknown one.
func Owner(table string) string { return owners[table] }

// Owned lists the tables that have an owner.
func Owned() []string { return slices.Sorted(maps.Keys(owners)) }

package sso

import (
	"slices"
	"time"

	"latchkey/authmethods"
)

// Role is a set of rights under a name.
type Role struct {
	ID        authmethods.ID // empty for the ready-made ones
	Reference string
	Name      string
	Rights    authmethods.Rights
	Rev       int64
	CreatedAt time.Time
}

// The references of the ready-made roles.
const (
	RoleOperator          = "operator"
	RoleWorkspaceAdmin    = "workspace-admin"
	RoleIntegrationsAdmin = "integrations-admin"
	RoleHelpDesk          = "help-desk"
	RoleAuditor           = "auditor"
	RoleDeveloper         = "developer"
	RoleUser              = "user"
)

// ReadyRoles are the roles that every tenant has. They cannot be changed.
func ReadyRoles() []Role {
	return []Role{
		{Reference: RoleOperator, Name: "Operator", Rights: authmethods.OperatorRights},
		{Reference: RoleWorkspaceAdmin, Name: "Workspace admin", Rights: authmethods.AdminRights},
		{Reference: RoleIntegrationsAdmin, Name: "Integrations admin", Rights: authmethods.Rights{
			authmethods.ViewMethods, authmethods.CreateMethods, authmethods.ModifyMethods, authmethods.DeleteMethods,
			authmethods.ViewServices, authmethods.ViewConnectors,
		}},
		{Reference: RoleHelpDesk, Name: "Help desk", Rights: authmethods.Rights{
			authmethods.ViewUsers, authmethods.CreateUsers, authmethods.ModifyUsers, authmethods.ViewConnectors,
		}},
		{Reference: RoleAuditor, Name: "Auditor", Rights: authmethods.Rights{
			authmethods.ViewMethods, authmethods.ViewConnectors, authmethods.ViewUsers, authmethods.ViewServices,
			authmethods.ViewAudit, authmethods.ViewSettings,
		}},
		{Reference: RoleDeveloper, Name: "Developer", Rights: authmethods.Rights{
			authmethods.ViewMethods, authmethods.ViewServices,
		}},
		{Reference: RoleUser, Name: "User"},
	}
}

// ReadyRole returns the ready-made role with this reference.
func ReadyRole(reference string) (Role, bool) {
	for _, r := range ReadyRoles() {
		if r.Reference == reference {
			return r, true
		}
	}
	return Role{}, false
}

// Administers reports whether rights are enough to put a tenant in order again:
// somebody who has them must always be left.
func Administers(rights authmethods.Rights) bool {
	return rights.Has(authmethods.ViewUsers) && rights.Has(authmethods.ModifyUsers) && rights.Has(authmethods.ModifySettings)
}

// Operates reports whether somebody with these roles has operator rights, which no
// rule gives to anybody: a link to such a user is made by hand.
func Operates(roles []string) bool { return slices.Contains(roles, RoleOperator) }

package authmethods

import "slices"

// Right is permission to do one sort of thing to one module. (OAuth's scopes are
// something else: what a provider lets a token do.)
type Right string

// The rights, by module. They are the words of roles as well.
const (
	ViewMethods    Right = "methods.view"
	CreateMethods  Right = "methods.create"
	ModifyMethods  Right = "methods.modify"
	DeleteMethods  Right = "methods.delete"
	ViewServices   Right = "services.view"
	CreateServices Right = "services.create"
	ModifyServices Right = "services.modify"
	DeleteServices Right = "services.delete"
	ViewAudit      Right = "audit.view"
	ViewSettings   Right = "settings.view"
	ModifySettings Right = "settings.modify"
	// ModifyFreezes lets a tenant's own people stop everything, and go on.
	ModifyFreezes Right = "freezes.modify"

	ViewConnectors   Right = "connectors.view"
	CreateConnectors Right = "connectors.create"
	ModifyConnectors Right = "connectors.modify"
	DeleteConnectors Right = "connectors.delete"
	ViewUsers        Right = "users.view"
	CreateUsers      Right = "users.create"
	ModifyUsers      Right = "users.modify"
	DeleteUsers      Right = "users.delete"

	// Operate is what the operators of the installation have beside everything else,
	// and what it takes to act upon one of them. No role but theirs has it.
	Operate Right = "installation.operate"
	// Borrow lets a service ask for loans at all; what it may borrow is a matter
	// of its permits.
	Borrow Right = "tokens.borrow"
)

// AdminRights are the rights of a tenant's administrator.
var AdminRights = Rights{
	ViewMethods, CreateMethods, ModifyMethods, DeleteMethods,
	ViewConnectors, CreateConnectors, ModifyConnectors, DeleteConnectors,
	ViewUsers, CreateUsers, ModifyUsers, DeleteUsers,
	ViewServices, CreateServices, ModifyServices, DeleteServices,
	ViewAudit, ViewSettings, ModifySettings, ModifyFreezes,
}

// OperatorRights are those of the operators of the installation.
var OperatorRights = append(slices.Clone(AdminRights), Operate)

// Rights is a set of rights.
type Rights []Right

// Has reports whether r is in the set.
func (rs Rights) Has(r Right) bool { return slices.Contains(rs, r) }

package page

// The pages of roles.
var (
	Roles = Admin[RolesPage]("people_roles", "users")
	Role  = Admin[RolePage]("people_role", "users")
)

// RolesPage lists the roles.
type RolesPage struct {
	Crumbs []Crumb
	New    *Action
	Rows   []RoleRow
}

// RoleRow is a role in the list.
type RoleRow struct {
	Name, Reference, Href string
	Ready                 bool
	Rights                int
	Menu                  *Menu
}

// RolePage shows what a role may do, module by module.
type RolePage struct {
	Crumbs      []Crumb
	Title       string
	Lead        string
	Corrections Corrections
	Form        PeopleForm // without Post it cannot be changed
	Fields      []Input
	Modules     []RightsRow
	Submit      string
	Cancel      string
	Delete      string
}

// Faulty reports a form that came back with an error.
func (p RolePage) Faulty() bool { return len(p.Corrections) > 0 }

// RightsRow are the rights in one module.
type RightsRow struct {
	Module string
	Cells  []RightCell
}

// RightCell is one right; without Right there is none of its sort in the module.
type RightCell struct {
	Right    string
	Verb     string
	Held     bool
	Disabled bool
}

package web

import (
	"latchkey/authmethods"
	"latchkey/web/admin/people"
	"latchkey/web/route"
)

// maxListForm is how much a form with a list of people may hold, in bytes.
const maxListForm = 4 << 20

// adminPeopleRoutes are the pages about SSO connectors, users, roles and sign-ins.
func (d Deps) adminPeopleRoutes() route.Table {
	h := &people.Handlers{
		Directory: d.Directory, Sessions: d.Sessions, Credentials: d.Credentials, SignIn: d.SignIn, Methods: d.Store, Catalog: d.Catalog,
		Mail: d.Mail, PublicURL: d.PublicURL,
	}
	t := route.Table{
		{Method: get, Path: "/sso/sign-ins/:id", Listeners: public, Right: authmethods.ViewConnectors, Operation: "showSignIn", Page: true, Handle: h.SignInAttempt},
		{Method: post, Path: "/sso/sign-ins/:id/associate", Listeners: public, Right: authmethods.ModifyUsers, Operation: "associateSignIn", Page: true, MaxBody: maxFormBody, Handle: h.AssociateAttempt},
		{Method: post, Path: "/sso/sign-ins/:id/link", Listeners: public, Right: authmethods.ModifyUsers, Operation: "linkSignInByForm", Page: true, MaxBody: maxFormBody, Handle: h.LinkAttempt},
		{Method: post, Path: "/sso/sign-ins/:id/create", Listeners: public, Right: authmethods.CreateUsers, Operation: "createFromSignIn", Page: true, MaxBody: maxFormBody, Handle: h.CreateFromAttempt},
	}
	t = append(t, connectorPages(h)...)
	t = append(t, userPages(h)...)
	t = append(t, rolePages(h)...)
	for _, a := range people.Actions() {
		t = append(t,
			route.Route{Method: get, Path: a.Path, Listeners: public, Right: a.Right, Operation: "ask" + a.Operation, Page: true, Handle: h.Ask(a)},
			route.Route{Method: post, Path: a.Path, Listeners: public, Right: a.Right, Operation: "do" + a.Operation, Page: true, MaxBody: maxFormBody, Handle: h.Do(a)})
	}
	return t
}

func connectorPages(h *people.Handlers) route.Table {
	const at = "/sso/:id"
	return route.Table{
		{Method: get, Path: "/sso", Listeners: public, Right: authmethods.ViewConnectors, Operation: "showConnectors", Page: true, Handle: h.Connectors},
		{Method: get, Path: "/sso/new", Listeners: public, Right: authmethods.CreateConnectors, Operation: "askConnector", Page: true, Handle: h.NewConnector},
		{Method: post, Path: "/sso/new", Listeners: public, Right: authmethods.CreateConnectors, Operation: "makeConnector", Page: true, MaxBody: maxFormBody, Handle: h.CreateConnector},
		{Method: get, Path: at, Listeners: public, Right: authmethods.ViewConnectors, Operation: "showConnector", Page: true, Handle: h.Connector},
		{Method: get, Path: at + "/edit", Listeners: public, Right: authmethods.ModifyConnectors, Operation: "editConnector", Page: true, Handle: h.EditConnector},
		{Method: post, Path: at + "/edit", Listeners: public, Right: authmethods.ModifyConnectors, Operation: "saveConnector", Page: true, MaxBody: maxFormBody, Handle: h.ChangeConnector},
		{Method: get, Path: at + "/tester", Listeners: public, Right: authmethods.ViewConnectors, Operation: "showMappingTester", Page: true, Handle: h.Tester},
		{Method: post, Path: at + "/tester", Listeners: public, Right: authmethods.ViewConnectors, Operation: "tryMapping", Page: true, MaxBody: maxAdminBody, Handle: h.Try},
		{Method: get, Path: at + "/check", Listeners: public, Right: authmethods.ViewConnectors, Operation: "checkEveryone", Page: true, Handle: h.Check},
		{Method: post, Path: at + "/check", Listeners: public, Right: authmethods.ViewConnectors, Operation: "checkEveryoneWith", Page: true, MaxBody: maxListForm, Handle: h.CheckWith},
		{Method: get, Path: at + "/people", Listeners: public, Right: authmethods.ViewUsers, Operation: "showAssociated", Page: true, Handle: h.Associated},
		{Method: post, Path: at + "/people", Listeners: public, Right: authmethods.ModifyUsers, Operation: "associatePeople", Page: true, MaxBody: maxAdminBody, Handle: h.Associate},
		{Method: post, Path: at + "/people/remove", Listeners: public, Right: authmethods.ModifyUsers, Operation: "dissociatePeople", Page: true, MaxBody: maxAdminBody, Handle: h.Dissociate},
		{Method: get, Path: at + "/sign-ins", Listeners: public, Right: authmethods.ViewConnectors, Operation: "showSignIns", Page: true, Handle: h.SignIns},
	}
}

func userPages(h *people.Handlers) route.Table {
	const at = "/users/:id"
	return route.Table{
		{Method: get, Path: "/users", Listeners: public, Right: authmethods.ViewUsers, Operation: "showUsers", Page: true, Handle: h.Users},
		{Method: get, Path: "/users/new", Listeners: public, Right: authmethods.CreateUsers, Operation: "askUser", Page: true, Handle: h.NewUser},
		{Method: post, Path: "/users/new", Listeners: public, Right: authmethods.CreateUsers, Operation: "makeUser", Page: true, MaxBody: maxFormBody, Handle: h.CreateUser},
		{Method: get, Path: "/users/import", Listeners: public, Right: authmethods.CreateUsers, Operation: "askImport", Page: true, Handle: h.ShowImport},
		{Method: post, Path: "/users/import", Listeners: public, Right: authmethods.CreateUsers, Operation: "importByForm", Page: true, MaxBody: maxListForm, Handle: h.Import},
		{Method: get, Path: "/users/export", Listeners: public, Right: authmethods.ViewUsers, Operation: "downloadUsers", Page: true, Handle: h.ExportUsers},
		{Method: get, Path: at, Listeners: public, Right: authmethods.ViewUsers, Operation: "showUser", Page: true, Handle: h.User},
		{Method: post, Path: at, Listeners: public, Right: authmethods.ModifyUsers, Operation: "saveUser", Page: true, MaxBody: maxFormBody, Handle: h.ChangeUser},
		{Method: post, Path: at + "/roles", Listeners: public, Right: authmethods.ModifyUsers, Operation: "saveUserRoles", Page: true, MaxBody: maxFormBody, Handle: h.SetRoles},
		{Method: post, Path: at + "/connectors", Listeners: public, Right: authmethods.ModifyUsers, Operation: "associateUser", Page: true, MaxBody: maxFormBody, Handle: h.AddConnector},
	}
}

func rolePages(h *people.Handlers) route.Table {
	return route.Table{
		{Method: get, Path: "/roles", Listeners: public, Right: authmethods.ViewUsers, Operation: "showRoles", Page: true, Handle: h.Roles},
		{Method: get, Path: "/roles/new", Listeners: public, Right: authmethods.ModifySettings, Operation: "askRole", Page: true, Handle: h.NewRole},
		{Method: post, Path: "/roles/new", Listeners: public, Right: authmethods.ModifySettings, Operation: "makeRole", Page: true, MaxBody: maxFormBody, Handle: h.CreateRole},
		{Method: get, Path: "/roles/:id", Listeners: public, Right: authmethods.ViewUsers, Operation: "showRole", Page: true, Handle: h.Role},
		{Method: post, Path: "/roles/:id", Listeners: public, Right: authmethods.ModifySettings, Operation: "saveRole", Page: true, MaxBody: maxFormBody, Handle: h.ChangeRole},
	}
}

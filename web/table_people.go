package web

import (
	"latchkey/authmethods"
	"latchkey/web/api"
	"latchkey/web/route"
)

// How much the bodies of requests about many people may hold.
const (
	maxImportBody = 2 << 20
	maxDryRunBody = 2 << 20
)

// peopleRoutes are about people and how they sign in.
func peopleRoutes(h *api.Handlers) route.Table {
	var t route.Table
	t = append(t, userRoutes(h)...)
	t = append(t, credentialRoutes(h)...)
	t = append(t, connectorRoutes(h)...)
	t = append(t, signInRoutes(h)...)
	t = append(t, roleRoutes(h)...)
	return t
}

func userRoutes(h *api.Handlers) route.Table {
	const users, user = "/api/v1/users", "/api/v1/users/:id"
	return route.Table{
		{Method: get, Path: users, Listeners: public, Right: authmethods.ViewUsers, Operation: "listUsers", Handle: h.ListUsers},
		{Method: post, Path: users, Listeners: public, Right: authmethods.CreateUsers, Operation: "createUser", MaxBody: maxAdminBody, Handle: h.CreateUser},
		{Method: post, Path: users + "/import", Listeners: public, Right: authmethods.CreateUsers, Operation: "importUsers", MaxBody: maxImportBody, Handle: h.ImportUsers},
		{Method: get, Path: users + "/export", Listeners: public, Right: authmethods.ViewUsers, Operation: "exportUsers", Handle: h.ExportUsers},
		{Method: get, Path: user, Listeners: public, Right: authmethods.ViewUsers, Operation: "getUser", Handle: h.GetUser},
		{Method: patch, Path: user, Listeners: public, Right: authmethods.ModifyUsers, Operation: "changeUser", MaxBody: maxAdminBody, Handle: h.ChangeUser},
		{Method: del, Path: user, Listeners: public, Right: authmethods.DeleteUsers, Operation: "deleteUser", Handle: h.DeleteUser},
		{Method: post, Path: user + "/roles", Listeners: public, Right: authmethods.ModifyUsers, Operation: "setUserRoles", MaxBody: maxAdminBody, Handle: h.SetRoles},
		{Method: post, Path: user + "/connectors", Listeners: public, Right: authmethods.ModifyUsers, Operation: "addUserConnector", MaxBody: maxAdminBody, Handle: h.AddConnector},
		{Method: del, Path: user + "/connectors/:connector_id", Listeners: public, Right: authmethods.ModifyUsers, Operation: "removeUserConnector", Handle: h.RemoveConnector},
		{Method: get, Path: user + "/identities", Listeners: public, Right: authmethods.ViewUsers, Operation: "listIdentities", Handle: h.ListIdentities},
		{Method: post, Path: user + "/identities", Listeners: public, Right: authmethods.ModifyUsers, Operation: "pinIdentity", MaxBody: maxAdminBody, Handle: h.PinIdentity},
		{Method: del, Path: user + "/identities/:identity_id", Listeners: public, Right: authmethods.ModifyUsers, Operation: "unpinIdentity", Handle: h.UnpinIdentity},
	}
}

func credentialRoutes(h *api.Handlers) route.Table {
	const user = "/api/v1/users/:id"
	return route.Table{
		{Method: get, Path: user + "/sessions", Listeners: public, Right: authmethods.ViewUsers, Operation: "listSessions", Handle: h.ListSessions},
		{Method: del, Path: user + "/sessions", Listeners: public, Right: authmethods.ModifyUsers, Operation: "endSessions", Handle: h.EndSessions},
		{Method: del, Path: user + "/sessions/:session_id", Listeners: public, Right: authmethods.ModifyUsers, Operation: "endSession", Handle: h.EndSession},
		{Method: post, Path: user + "/invitation", Listeners: public, Right: authmethods.CreateUsers, Operation: "inviteUser", MaxBody: maxAdminBody, Handle: h.Invite},
		{Method: post, Path: user + "/password-reset", Listeners: public, Right: authmethods.ModifyUsers, Operation: "resetPassword", MaxBody: maxAdminBody, Handle: h.ResetPassword},
		{Method: del, Path: user + "/totp", Listeners: public, Right: authmethods.ModifyUsers, Operation: "removeTOTP", Handle: h.RemoveTOTP},
		{Method: get, Path: user + "/passkeys", Listeners: public, Right: authmethods.ViewUsers, Operation: "listPasskeys", Handle: h.ListPasskeys},
		{Method: del, Path: user + "/passkeys/:passkey_id", Listeners: public, Right: authmethods.ModifyUsers, Operation: "removePasskey", Handle: h.RemovePasskey},
	}
}

func connectorRoutes(h *api.Handlers) route.Table {
	const connectors, connector = "/api/v1/sso-connectors", "/api/v1/sso-connectors/:id"
	return route.Table{
		{Method: get, Path: connectors, Listeners: public, Right: authmethods.ViewConnectors, Operation: "listSSOConnectors", Handle: h.ListConnectors},
		{Method: post, Path: connectors, Listeners: public, Right: authmethods.CreateConnectors, Operation: "createSSOConnector", MaxBody: maxAdminBody, Handle: h.CreateConnector},
		{Method: get, Path: connector, Listeners: public, Right: authmethods.ViewConnectors, Operation: "getSSOConnector", Handle: h.GetConnector},
		{Method: patch, Path: connector, Listeners: public, Right: authmethods.ModifyConnectors, Operation: "changeSSOConnector", MaxBody: maxAdminBody, Handle: h.ChangeConnector},
		{Method: del, Path: connector, Listeners: public, Right: authmethods.DeleteConnectors, Operation: "deleteSSOConnector", Handle: h.DeleteConnector},
		{Method: post, Path: connector + "/enable", Listeners: public, Right: authmethods.ModifyConnectors, Operation: "enableSSOConnector", MaxBody: maxAdminBody, Handle: h.EnableConnector},
		{Method: post, Path: connector + "/disable", Listeners: public, Right: authmethods.ModifyConnectors, Operation: "disableSSOConnector", MaxBody: maxAdminBody, Handle: h.DisableConnector},
		{Method: get, Path: connector + "/users", Listeners: public, Right: authmethods.ViewUsers, Operation: "listSSOConnectorUsers", Handle: h.ListAssociated},
		{Method: post, Path: connector + "/users", Listeners: public, Right: authmethods.ModifyUsers, Operation: "associateUsers", MaxBody: maxAdminBody, Handle: h.Associate},
		{Method: del, Path: connector + "/users/:user_id", Listeners: public, Right: authmethods.ModifyUsers, Operation: "dissociateUser", Handle: h.Dissociate},
		{Method: post, Path: connector + "/mapping-test", Listeners: public, Right: authmethods.ViewConnectors, Operation: "testMapping", MaxBody: maxAdminBody, Handle: h.TestMapping},
		{Method: post, Path: connector + "/mapping-dry-run", Listeners: public, Right: authmethods.ViewConnectors, Operation: "dryRunMapping", MaxBody: maxDryRunBody, Handle: h.DryRunMapping},
		{Method: get, Path: connector + "/funnel", Listeners: public, Right: authmethods.ViewConnectors, Operation: "getSignInFunnel", Handle: h.Funnel},
	}
}

func signInRoutes(h *api.Handlers) route.Table {
	const signIns, signIn = "/api/v1/sign-ins", "/api/v1/sign-ins/:id"
	return route.Table{
		{Method: get, Path: signIns, Listeners: public, Right: authmethods.ViewConnectors, Operation: "listSignIns", Handle: h.ListSignIns},
		{Method: get, Path: signIn, Listeners: public, Right: authmethods.ViewConnectors, Operation: "getSignIn", Handle: h.GetSignIn},
		{Method: post, Path: signIn + "/link", Listeners: public, Right: authmethods.ModifyUsers, Operation: "linkSignIn", MaxBody: maxAdminBody, Handle: h.LinkSignIn},
	}
}

func roleRoutes(h *api.Handlers) route.Table {
	const roles, role, settings = "/api/v1/roles", "/api/v1/roles/:id", "/api/v1/settings"
	return route.Table{
		{Method: get, Path: roles, Listeners: public, Right: authmethods.ViewUsers, Operation: "listRoles", Handle: h.ListRoles},
		{Method: post, Path: roles, Listeners: public, Right: authmethods.ModifySettings, Operation: "createRole", MaxBody: maxAdminBody, Handle: h.CreateRole},
		{Method: get, Path: role, Listeners: public, Right: authmethods.ViewUsers, Operation: "getRole", Handle: h.GetRole},
		{Method: patch, Path: role, Listeners: public, Right: authmethods.ModifySettings, Operation: "changeRole", MaxBody: maxAdminBody, Handle: h.ChangeRole},
		{Method: del, Path: role, Listeners: public, Right: authmethods.ModifySettings, Operation: "deleteRole", Handle: h.DeleteRole},
		{Method: get, Path: settings, Listeners: public, Right: authmethods.ViewSettings, Operation: "getSettings", Handle: h.GetSettings},
		{Method: patch, Path: settings, Listeners: public, Right: authmethods.ModifySettings, Operation: "changeSettings", MaxBody: maxAdminBody, Handle: h.ChangeSettings},
	}
}

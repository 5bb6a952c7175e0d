package web

import (
	"latchkey/authmethods"
	"latchkey/web/admin/system"
	"latchkey/web/route"
)

// systemRoutes are the pages for who operates the installation.
func (d Deps) systemRoutes() route.Table {
	h := &system.Handlers{
		Operations: d.Operations, Tenants: d.Tenants, Store: d.Store, Directory: d.Directory, Credentials: d.Credentials, Consents: d.Consents, PublicURL: d.PublicURL,
	}
	const all, one, may = "/system/tenants", "/system/tenants/:slug", authmethods.Operate
	return route.Table{
		{Method: get, Path: "/system", Listeners: public, Right: may, Operation: "showSystem", Page: true, Handle: h.Show},
		{Method: get, Path: "/system/database", Listeners: public, Right: may, Operation: "showDatabase", Page: true, Handle: h.Show},
		{Method: get, Path: "/system/keys", Listeners: public, Right: may, Operation: "showKeyring", Page: true, Handle: h.Show},
		{Method: get, Path: "/system/network", Listeners: public, Right: may, Operation: "showNetwork", Page: true, Handle: h.Show},
		{Method: get, Path: "/system/jobs", Listeners: public, Right: may, Operation: "showJobs", Page: true, Handle: h.Show},
		{Method: get, Path: "/system/configuration", Listeners: public, Right: may, Operation: "showConfiguration", Page: true, Handle: h.Show},
		{Method: get, Path: "/system/upgrade", Listeners: public, Right: may, Operation: "showUpgrade", Page: true, Handle: h.Show},

		{Method: get, Path: all, Listeners: public, Right: may, Operation: "showTenants", Page: true, Handle: h.ListTenants},
		{Method: get, Path: all + "/new", Listeners: public, Right: may, Operation: "showNewTenant", Page: true, Handle: h.NewTenant},
		{Method: post, Path: all + "/new", Listeners: public, Right: may, Operation: "makeTenant", Page: true, MaxBody: maxFormBody, Handle: h.CreateTenant},
		{Method: get, Path: one, Listeners: public, Right: may, Operation: "showTenant", Page: true, Handle: h.ShowTenant},
		{Method: post, Path: one + "/invite", Listeners: public, Right: may, Operation: "inviteAdministrator", Page: true, MaxBody: maxFormBody, Handle: h.Invite},
		{Method: get, Path: one + "/enable", Listeners: public, Right: may, Operation: "showTenantEnabling", Page: true, Handle: h.Ask("enable")},
		{Method: post, Path: one + "/enable", Listeners: public, Right: may, Operation: "enableTenant", Page: true, MaxBody: maxFormBody, Handle: h.Enable},
		{Method: get, Path: one + "/disable", Listeners: public, Right: may, Operation: "showTenantDisabling", Page: true, Handle: h.Ask("disable")},
		{Method: post, Path: one + "/disable", Listeners: public, Right: may, Operation: "disableTenant", Page: true, MaxBody: maxFormBody, Handle: h.Disable},
		{Method: get, Path: one + "/delete", Listeners: public, Right: may, Operation: "showTenantRemoval", Page: true, Handle: h.Ask("delete")},
		{Method: post, Path: one + "/delete", Listeners: public, Right: may, Operation: "removeTenant", Page: true, MaxBody: maxFormBody, Handle: h.Delete},
	}
}

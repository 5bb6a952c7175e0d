package web

import (
	"latchkey/authmethods"
	"latchkey/web/admin/services"
	"latchkey/web/admin/settings"
	"latchkey/web/route"
)

// adminServiceRoutes are the pages of service accounts, of the workspace's settings,
// and the one for developers.
func (d Deps) adminServiceRoutes() route.Table {
	h := &services.Handlers{Store: d.Store, Ledger: d.Ledger, Catalog: d.Catalog, InternalURL: d.InternalURL}
	w := &settings.Handlers{Directory: d.Directory, Sessions: d.Sessions, PublicURL: d.PublicURL}
	const all, one, key = "/service-accounts", "/service-accounts/:id", "/service-accounts/:id/keys/:key_id"
	return route.Table{
		{Method: get, Path: all, Listeners: public, Right: authmethods.ViewServices, Operation: "showServices", Page: true, Handle: h.List},
		{Method: get, Path: all + "/new", Listeners: public, Right: authmethods.CreateServices, Operation: "showNewService", Page: true, Handle: h.New},
		{Method: post, Path: all + "/new", Listeners: public, Right: authmethods.CreateServices, Operation: "makeService", Page: true, MaxBody: maxAdminBody, Handle: h.Create},
		{Method: get, Path: one, Listeners: public, Right: authmethods.ViewServices, Operation: "showService", Page: true, Handle: h.Show},
		{Method: post, Path: one, Listeners: public, Right: authmethods.ModifyServices, Operation: "editService", Page: true, MaxBody: maxFormBody, Handle: h.Change},
		{Method: post, Path: one + "/disable", Listeners: public, Right: authmethods.ModifyServices, Operation: "disableService", Page: true, MaxBody: maxFormBody, Handle: h.Disable},
		{Method: post, Path: one + "/enable", Listeners: public, Right: authmethods.ModifyServices, Operation: "enableService", Page: true, MaxBody: maxFormBody, Handle: h.Enable},
		{Method: get, Path: one + "/delete", Listeners: public, Right: authmethods.DeleteServices, Operation: "showServiceRemoval", Page: true, Handle: h.ShowDelete},
		{Method: post, Path: one + "/delete", Listeners: public, Right: authmethods.DeleteServices, Operation: "removeService", Page: true, MaxBody: maxFormBody, Handle: h.Delete},
		{Method: post, Path: one + "/permits", Listeners: public, Right: authmethods.ModifyServices, Operation: "allowService", Page: true, MaxBody: maxAdminBody, Handle: h.AddPermit},
		{Method: post, Path: one + "/permits/:permit_id/remove", Listeners: public, Right: authmethods.ModifyServices, Operation: "disallowService", Page: true, MaxBody: maxFormBody, Handle: h.RemovePermit},
		{Method: post, Path: one + "/keys", Listeners: public, Right: authmethods.ModifyServices, Operation: "makeKey", Page: true, MaxBody: maxFormBody, Handle: h.Issue},
		{Method: get, Path: key + "/roll", Listeners: public, Right: authmethods.ModifyServices, Operation: "showKeyRoll", Page: true, Handle: h.ShowRoll},
		{Method: post, Path: key + "/roll", Listeners: public, Right: authmethods.ModifyServices, Operation: "rollKey", Page: true, MaxBody: maxFormBody, Handle: h.Roll},
		{Method: get, Path: key + "/revoke", Listeners: public, Right: authmethods.ModifyServices, Operation: "showKeyEnd", Page: true, Handle: h.ShowRevoke},
		{Method: post, Path: key + "/revoke", Listeners: public, Right: authmethods.ModifyServices, Operation: "endKey", Page: true, MaxBody: maxFormBody, Handle: h.Revoke},

		{Method: get, Path: "/developers", Listeners: public, Right: route.Person, Operation: "showDevelopers", Page: true, Handle: h.Developers},

		{Method: get, Path: "/settings", Listeners: public, Right: authmethods.ViewSettings, Operation: "showSettings", Page: true, Handle: w.Show},
		{Method: post, Path: "/settings", Listeners: public, Right: authmethods.ModifySettings, Operation: "editSettings", Page: true, MaxBody: maxAdminBody, Handle: w.Change},
		{Method: get, Path: "/settings/sign-everybody-out", Listeners: public, Right: authmethods.ModifySettings, Operation: "showSignEverybodyOut", Page: true, Handle: w.ShowSignAll},
		{Method: post, Path: "/settings/sign-everybody-out", Listeners: public, Right: authmethods.ModifySettings, Operation: "signEverybodyOut", Page: true, MaxBody: maxFormBody, Handle: w.SignAll},
	}
}

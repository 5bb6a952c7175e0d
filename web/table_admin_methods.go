package web

import (
	"latchkey/authmethods"
	"latchkey/web/admin/methods"
	"latchkey/web/authclients"
	"latchkey/web/route"
)

// adminMethodRoutes are the pages of authentication methods.
func (d Deps) adminMethodRoutes() route.Table {
	h := &methods.Handlers{
		Store: d.Store, Consents: d.Consents, Ledger: d.Ledger, Catalog: d.Catalog, Directory: d.Directory, PublicURL: d.PublicURL,
		Leave: (&authclients.Handlers{Consents: d.Consents, Catalog: d.Catalog, PublicURL: d.PublicURL}).Leave,
	}
	const one = "/methods/:id"
	return route.Table{
		{Method: get, Path: "/methods", Listeners: public, Right: authmethods.ViewMethods, Operation: "showMethods", Page: true, Handle: h.List},
		{Method: get, Path: "/methods/new", Listeners: public, Right: authmethods.CreateMethods, Operation: "showNewMethod", Page: true, Handle: h.New},
		{Method: post, Path: "/methods/new", Listeners: public, Right: authmethods.CreateMethods, Operation: "makeMethod", Page: true, MaxBody: maxAdminBody, Handle: h.Create},
		{Method: get, Path: one, Listeners: public, Right: authmethods.ViewMethods, Operation: "showMethod", Page: true, Handle: h.Show},
		{Method: get, Path: one + "/edit", Listeners: public, Right: authmethods.ModifyMethods, Operation: "showMethodForm", Page: true, Handle: h.Edit},
		{Method: post, Path: one + "/edit", Listeners: public, Right: authmethods.ModifyMethods, Operation: "editMethod", Page: true, MaxBody: maxAdminBody, Handle: h.Change},
		{Method: post, Path: one + "/next-secret", Listeners: public, Right: authmethods.ModifyMethods, Operation: "removeNextSecret", Page: true, MaxBody: maxFormBody, Handle: h.RemoveNext},
		{Method: get, Path: one + "/enable", Listeners: public, Right: authmethods.ModifyMethods, Operation: "showMethodWindow", Page: true, Handle: h.Window},
		{Method: post, Path: one + "/enable", Listeners: public, Right: authmethods.ModifyMethods, Operation: "beginMethod", Page: true, MaxBody: maxFormBody, Handle: h.Enable},
		{Method: get, Path: one + "/code", Listeners: public, Right: authmethods.ModifyMethods, Operation: "showMethodCode", Page: true, Handle: h.ShowCode},
		{Method: post, Path: one + "/code", Listeners: public, Right: authmethods.ModifyMethods, Operation: "pasteMethodCode", Page: true, MaxBody: maxFormBody, Handle: h.Code},
		{Method: get, Path: one + "/help", Listeners: public, Right: authmethods.ViewMethods, Operation: "showMethodHelp", Page: true, Handle: h.Help},
		{Method: get, Path: one + "/test", Listeners: public, Right: authmethods.ModifyMethods, Operation: "showMethodTest", Page: true, Handle: h.ShowTest},
		{Method: post, Path: one + "/test", Listeners: public, Right: authmethods.ModifyMethods, Operation: "testMethod", Page: true, MaxBody: maxFormBody, Handle: h.Test},
		{Method: get, Path: one + "/disable", Listeners: public, Right: authmethods.ModifyMethods, Operation: "showMethodImpact", Page: true, Handle: h.ShowDisable},
		{Method: post, Path: one + "/disable", Listeners: public, Right: authmethods.ModifyMethods, Operation: "disableMethod", Page: true, MaxBody: maxFormBody, Handle: h.Disable},
		{Method: get, Path: one + "/duplicate", Listeners: public, Right: authmethods.CreateMethods, Operation: "showMethodCopy", Page: true, Handle: h.ShowDuplicate},
		{Method: post, Path: one + "/duplicate", Listeners: public, Right: authmethods.CreateMethods, Operation: "copyMethod", Page: true, MaxBody: maxFormBody, Handle: h.Duplicate},
		{Method: get, Path: one + "/delete", Listeners: public, Right: authmethods.DeleteMethods, Operation: "showMethodRemoval", Page: true, Handle: h.ShowDelete},
		{Method: post, Path: one + "/delete", Listeners: public, Right: authmethods.DeleteMethods, Operation: "removeMethod", Page: true, MaxBody: maxFormBody, Handle: h.Delete},
	}
}

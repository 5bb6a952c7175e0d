package web

import (
	"latchkey/authmethods"
	"latchkey/web/admin/audit"
	"latchkey/web/admin/connections"
	"latchkey/web/admin/overview"
	"latchkey/web/page"
	"latchkey/web/route"
)

// connectionPages are the first page, and those about connections, loans and the audit
// log.
func (d Deps) connectionPages() route.Table {
	o := &overview.Handlers{Store: d.Store, Consents: d.Consents, Directory: d.Directory, SignIn: d.SignIn}
	h := &connections.Handlers{Store: d.Store, Consents: d.Consents, Ledger: d.Ledger, Catalog: d.Catalog}
	a := &audit.Handlers{Store: d.Store}
	const one = connections.Path + "/:id"
	return route.Table{
		{Method: get, Path: "/", Listeners: public, Right: route.Person, Operation: "showOverview", Page: true, Handle: o.Show},
		{Method: get, Path: page.SearchPath, Listeners: public, Right: route.Person, Operation: "search", Page: true, Handle: o.Search},
		{Method: post, Path: page.PreferencesPath, Listeners: public, Right: route.Person, Operation: "changeOwnPreferences", Page: true, MaxBody: maxFormBody, Handle: o.Prefer},

		{Method: get, Path: connections.Path, Listeners: public, Right: authmethods.ViewMethods, Operation: "showConnections", Page: true, Handle: h.List},
		{Method: get, Path: one, Listeners: public, Right: authmethods.ViewMethods, Operation: "showConnection", Page: true, Handle: h.Show},
		{Method: post, Path: one + "/test", Listeners: public, Right: authmethods.ModifyMethods, Operation: "submitConnectionTest", Page: true, MaxBody: maxFormBody, Handle: h.Test},
		{Method: get, Path: one + "/refresh", Listeners: public, Right: authmethods.ModifyMethods, Operation: "showConnectionRefresh", Page: true, Handle: h.ShowRefresh},
		{Method: post, Path: one + "/refresh", Listeners: public, Right: authmethods.ModifyMethods, Operation: "submitConnectionRefresh", Page: true, MaxBody: maxFormBody, Handle: h.Refresh},
		{Method: get, Path: one + "/revoke", Listeners: public, Right: authmethods.ModifyMethods, Operation: "showConnectionRevoke", Page: true, Handle: h.ShowRevoke},
		{Method: post, Path: one + "/revoke", Listeners: public, Right: authmethods.ModifyMethods, Operation: "submitConnectionRevoke", Page: true, MaxBody: maxFormBody, Handle: h.Revoke},
		{Method: get, Path: connections.LoansPath, Listeners: public, Right: authmethods.ViewServices, Operation: "showLoans", Page: true, Handle: h.Loans},

		{Method: get, Path: audit.Path, Listeners: public, Right: authmethods.ViewAudit, Operation: "showAudit", Page: true, Handle: a.List},
		{Method: post, Path: audit.Path + "/verify", Listeners: public, Right: authmethods.ViewAudit, Operation: "submitAuditVerify", Page: true, MaxBody: maxFormBody, Handle: a.Verify},
		{Method: get, Path: audit.Path + "/export.csv", Listeners: public, Right: authmethods.ViewAudit, Operation: "exportAuditTable", Page: true, Handle: a.ExportCSV},
		{Method: get, Path: audit.Path + "/export.jsonl", Listeners: public, Right: authmethods.ViewAudit, Operation: "exportAuditLines", Page: true, Handle: a.ExportLines},
	}
}

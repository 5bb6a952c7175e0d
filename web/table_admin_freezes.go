package web

import (
	"latchkey/authmethods"
	"latchkey/web/admin/freezes"
	"latchkey/web/admin/system"
	"latchkey/web/route"
)

// freezePages are the pages on which something is frozen, each below that of what it is
// about.
func (d Deps) freezePages() route.Table {
	h := &freezes.Handlers{Store: d.Store, Tenants: d.Tenants, Outside: system.Within, Patience: d.Patience}
	const method, service, workspace = "/methods/:id/freeze", "/service-accounts/:id/freeze", "/settings/freeze"
	const tenant, everything = "/system/tenants/:slug/freeze", "/system/freeze"
	const may, all = authmethods.ModifyFreezes, authmethods.Operate
	return route.Table{
		{Method: get, Path: method, Listeners: public, Right: may, Operation: "showMethodFreeze", Page: true, Handle: h.Show(h.Method)},
		{Method: post, Path: method, Listeners: public, Right: may, Operation: "freezeMethod", Page: true, MaxBody: maxFormBody, Handle: h.Do(h.Method)},
		{Method: get, Path: service, Listeners: public, Right: may, Operation: "showServiceFreeze", Page: true, Handle: h.Show(h.Service)},
		{Method: post, Path: service, Listeners: public, Right: may, Operation: "freezeService", Page: true, MaxBody: maxFormBody, Handle: h.Do(h.Service)},
		{Method: get, Path: workspace, Listeners: public, Right: may, Operation: "showWorkspaceFreeze", Page: true, Handle: h.Show(h.Workspace)},
		{Method: post, Path: workspace, Listeners: public, Right: may, Operation: "freezeWorkspace", Page: true, MaxBody: maxFormBody, Handle: h.Do(h.Workspace)},
		{Method: get, Path: tenant, Listeners: public, Right: all, Operation: "showTenantFreeze", Page: true, Handle: h.Show(h.Tenant)},
		{Method: post, Path: tenant, Listeners: public, Right: all, Operation: "freezeTenant", Page: true, MaxBody: maxFormBody, Handle: h.Do(h.Tenant)},
		{Method: get, Path: everything, Listeners: public, Right: all, Operation: "showEverythingFreeze", Page: true, Handle: h.Show(h.Everything)},
		{Method: post, Path: everything, Listeners: public, Right: all, Operation: "freezeEverything", Page: true, MaxBody: maxFormBody, Handle: h.Do(h.Everything)},
	}
}

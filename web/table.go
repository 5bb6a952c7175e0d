package web

import (
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"latchkey/authmethods"
	"latchkey/web/api"
	"latchkey/web/authclients"
	"latchkey/web/lend"
	"latchkey/web/page"
	"latchkey/web/route"
)

// How much the bodies of requests may hold.
const (
	maxLendBody  = 64 << 10
	maxBatchBody = 256 << 10
	maxAdminBody = 256 << 10
	maxFormBody  = 16 << 10
)

const (
	get, post, patch, del = "GET", "POST", "PATCH", "DELETE"

	public, internal = route.Public, route.Internal
)

// table puts together everything that is served.
func (d Deps) table(counted *metrics) route.Table {
	var t route.Table
	t = append(t, d.general()...)
	t = append(t, d.lending(counted)...)
	t = append(t, d.consents()...)
	if d.Showcase {
		t = append(t, route.Route{Method: get, Path: "/components", Listeners: public, Right: route.Open, Limit: route.Free, Operation: "showComponents", Page: true, Handle: page.ShowComponents})
	}
	t = append(t, d.loginRoutes()...)
	t = append(t, d.connectionPages()...)
	t = append(t, d.adminServiceRoutes()...)
	t = append(t, d.adminMethodRoutes()...)
	t = append(t, d.adminPeopleRoutes()...)
	t = append(t, d.systemRoutes()...)
	t = append(t, d.freezePages()...)
	h := &api.Handlers{
		Store: d.Store, Consents: d.Consents, Ledger: d.Ledger, Catalog: d.Catalog, PublicURL: d.PublicURL,
		Directory: d.Directory, Sessions: d.Sessions, Credentials: d.Credentials, SignIn: d.SignIn, Mail: d.Mail, Patience: d.Patience,
	}
	t = append(t, methodRoutes(h)...)
	t = append(t, connectionRoutes(h)...)
	t = append(t, serviceRoutes(h)...)
	t = append(t, peopleRoutes(h)...)
	return t
}

func (d Deps) general() route.Table {
	table := route.Table{
		{Method: get, Path: "/livez", Listeners: public | internal, Right: route.Open, Limit: route.Free, Operation: "getLiveness", Quiet: true, Handle: d.livez},
		{Method: get, Path: "/readyz", Listeners: public | internal, Right: route.Open, Operation: "getReadiness", Quiet: true, Handle: d.readyz},
		{Method: get, Path: "/static/:file", Listeners: public, Right: route.Open, Limit: route.Free, Operation: "getStaticFile", Handle: d.static},
		{Method: get, Path: "/api/v1/openapi.yaml", Listeners: public, Right: route.Open, Limit: route.Free, Operation: "getDescription", Handle: d.description},
	}
	metrics := route.Route{Method: get, Path: "/metrics", Listeners: internal, Right: route.Open, Operation: "getMetrics", Quiet: true, Handle: exposition(nil)}
	if d.Metrics != nil {
		metrics.Handle = exposition(promhttp.HandlerFor(d.Metrics, promhttp.HandlerOpts{}))
	}
	return append(table, metrics)
}

func (d Deps) lending(counted *metrics) route.Table {
	h := &lend.Handlers{
		Lender: d.Lender, Services: d.Services, Tenants: d.Tenants, Consents: d.Consents,
		Guess: d.limits.guess, Lent: counted.lent, Rejected: counted.rejected, Log: d.Log,
	}
	return route.Table{
		{Method: post, Path: "/internal/v1/tokens", Listeners: internal, Right: authmethods.Borrow, Operation: "lendToken", Quiet: true, MaxBody: maxLendBody, Handle: h.Token},
		{Method: post, Path: "/internal/v1/tokens/batch", Listeners: internal, Right: authmethods.Borrow, Operation: "lendTokens", Quiet: true, MaxBody: maxBatchBody, Handle: h.Batch},
		{Method: post, Path: "/internal/v1/tokens/:token_id/rejections", Listeners: internal, Right: authmethods.Borrow, Operation: "reportRejection", MaxBody: maxLendBody, Handle: h.Reject},
		{Method: get, Path: "/internal/v1/connections", Listeners: internal, Right: authmethods.Borrow, Operation: "listBorrowable", Handle: h.Connections},
		{Method: post, Path: "/oauth/token", Listeners: internal, Right: route.SubjectToken, Operation: "exchangeToken", MaxBody: maxLendBody, Handle: h.Exchange},
	}
}

func (d Deps) consents() route.Table {
	h := &authclients.Handlers{Consents: d.Consents, Catalog: d.Catalog, PublicURL: d.PublicURL}
	return route.Table{
		{Method: get, Path: "/api/authclients/:a/:b", Listeners: public, Right: route.Browser, Limit: route.Callback, Operation: "completeConsent", Page: true, Handle: h.Callback},
		{Method: get, Path: "/consents/out-of-date", Listeners: public, Right: route.Open, Operation: "showOutOfDate", Page: true, Handle: h.OutOfDate},
		{Method: get, Path: "/consents/:id/start", Listeners: public, Right: route.Ticket, Limit: route.SignIn, Operation: "showConsentStart", Page: true, Handle: h.ShowStart},
		{Method: post, Path: "/consents/:id/start", Listeners: public, Right: route.Ticket, Limit: route.SignIn, Operation: "startConsent", Page: true, MaxBody: maxFormBody, Handle: h.Start},
		{Method: get, Path: "/consents/:id/result", Listeners: public, Right: route.Browser, Operation: "showConsentResult", Page: true, Handle: h.Result},
		{Method: post, Path: "/consents/:id/organization", Listeners: public, Right: route.Browser, Operation: "chooseConsentOrganization", Page: true, MaxBody: maxFormBody, Handle: h.Choose},
	}
}

func methodRoutes(h *api.Handlers) route.Table {
	const methods, method = "/api/v1/auth-methods", "/api/v1/auth-methods/:id"
	return route.Table{
		{Method: get, Path: methods, Listeners: public, Right: authmethods.ViewMethods, Operation: "listAuthMethods", Handle: h.ListMethods},
		{Method: post, Path: methods, Listeners: public, Right: authmethods.CreateMethods, Operation: "createAuthMethod", MaxBody: maxAdminBody, Handle: h.CreateMethod},
		{Method: get, Path: method, Listeners: public, Right: authmethods.ViewMethods, Operation: "getAuthMethod", Handle: h.GetMethod},
		{Method: patch, Path: method, Listeners: public, Right: authmethods.ModifyMethods, Operation: "changeAuthMethod", MaxBody: maxAdminBody, Handle: h.ChangeMethod},
		{Method: del, Path: method, Listeners: public, Right: authmethods.DeleteMethods, Operation: "deleteAuthMethod", Handle: h.DeleteMethod},
		{Method: get, Path: method + "/setup", Listeners: public, Right: authmethods.ViewMethods, Operation: "getAuthMethodSetup", Handle: h.Setup},
		{Method: post, Path: method + "/enable", Listeners: public, Right: authmethods.ModifyMethods, Operation: "enableAuthMethod", MaxBody: maxAdminBody, Handle: h.Enable},
		{Method: post, Path: method + "/disable", Listeners: public, Right: authmethods.ModifyMethods, Operation: "disableAuthMethod", MaxBody: maxAdminBody, Handle: h.Disable},
		{Method: post, Path: method + "/test", Listeners: public, Right: authmethods.ModifyMethods, Operation: "testAuthMethod", MaxBody: maxAdminBody, Handle: h.TestMethod},
		{Method: post, Path: method + "/code", Listeners: public, Right: authmethods.ModifyMethods, Operation: "pasteAuthMethodCode", MaxBody: maxAdminBody, Handle: h.Code},
		{Method: post, Path: method + "/duplicate", Listeners: public, Right: authmethods.CreateMethods, Operation: "duplicateAuthMethod", MaxBody: maxAdminBody, Handle: h.DuplicateMethod},
		{Method: get, Path: method + "/dependents", Listeners: public, Right: authmethods.ViewMethods, Operation: "listAuthMethodDependents", Handle: h.Dependents},
		{Method: get, Path: method + "/history", Listeners: public, Right: authmethods.ViewMethods, Operation: "listAuthMethodHistory", Handle: h.History},
		{Method: get, Path: "/api/v1/integration-types", Listeners: public, Right: authmethods.ViewMethods, Operation: "listIntegrationTypes", Handle: h.ListTypes},
		{Method: get, Path: "/api/v1/integration-types/:id", Listeners: public, Right: authmethods.ViewMethods, Operation: "getIntegrationType", Handle: h.GetType},
		{Method: get, Path: "/api/v1/consents/:id", Listeners: public, Right: authmethods.ViewMethods, Operation: "getConsent", Handle: h.GetConsent},
		{Method: post, Path: "/api/v1/consents/:id/organization", Listeners: public, Right: authmethods.ModifyMethods, Operation: "chooseOrganizationOfConsent", MaxBody: maxAdminBody, Handle: h.ChooseForConsent},
	}
}

func connectionRoutes(h *api.Handlers) route.Table {
	const connections, connection = "/api/v1/connections", "/api/v1/connections/:id"
	return route.Table{
		{Method: get, Path: connections, Listeners: public, Right: authmethods.ViewMethods, Operation: "listConnections", Handle: h.ListConnections},
		{Method: post, Path: connections + "/import", Listeners: public, Right: authmethods.ModifyMethods, Operation: "importConnection", MaxBody: maxAdminBody, Handle: h.Import},
		{Method: get, Path: connection, Listeners: public, Right: authmethods.ViewMethods, Operation: "getConnection", Handle: h.GetConnection},
		{Method: post, Path: connection + "/revoke", Listeners: public, Right: authmethods.ModifyMethods, Operation: "revokeConnection", MaxBody: maxAdminBody, Handle: h.Revoke},
		{Method: post, Path: connection + "/test", Listeners: public, Right: authmethods.ModifyMethods, Operation: "testConnection", MaxBody: maxAdminBody, Handle: h.TestConnection},
		{Method: get, Path: connection + "/organizations", Listeners: public, Right: authmethods.ModifyMethods, Operation: "listConnectionOrganizations", Handle: h.Organizations},
		{Method: post, Path: connection + "/organizations", Listeners: public, Right: authmethods.ModifyMethods, Operation: "chooseConnectionOrganization", MaxBody: maxAdminBody, Handle: h.ChooseOrganization},
	}
}

func serviceRoutes(h *api.Handlers) route.Table {
	const services, service = "/api/v1/service-accounts", "/api/v1/service-accounts/:id"
	const keys, key = "/api/v1/api-keys", "/api/v1/api-keys/:id"
	return route.Table{
		{Method: get, Path: services, Listeners: public, Right: authmethods.ViewServices, Operation: "listServiceAccounts", Handle: h.ListServices},
		{Method: post, Path: services, Listeners: public, Right: authmethods.CreateServices, Operation: "createServiceAccount", MaxBody: maxAdminBody, Handle: h.CreateService},
		{Method: get, Path: service, Listeners: public, Right: authmethods.ViewServices, Operation: "getServiceAccount", Handle: h.GetService},
		{Method: patch, Path: service, Listeners: public, Right: authmethods.ModifyServices, Operation: "changeServiceAccount", MaxBody: maxAdminBody, Handle: h.ChangeService},
		{Method: del, Path: service, Listeners: public, Right: authmethods.DeleteServices, Operation: "deleteServiceAccount", Handle: h.DeleteService},
		{Method: post, Path: service + "/permits", Listeners: public, Right: authmethods.ModifyServices, Operation: "addPermit", MaxBody: maxAdminBody, Handle: h.AddPermit},
		{Method: del, Path: service + "/permits/:permit_id", Listeners: public, Right: authmethods.ModifyServices, Operation: "removePermit", Handle: h.RemovePermit},
		{Method: get, Path: keys, Listeners: public, Right: authmethods.ViewServices, Operation: "listAPIKeys", Handle: h.ListKeys},
		{Method: post, Path: keys, Listeners: public, Right: authmethods.ModifyServices, Operation: "issueAPIKey", MaxBody: maxAdminBody, Handle: h.IssueKey},
		{Method: del, Path: key, Listeners: public, Right: authmethods.ModifyServices, Operation: "revokeAPIKey", Handle: h.RevokeKey},
		{Method: post, Path: key + "/roll", Listeners: public, Right: authmethods.ModifyServices, Operation: "rollAPIKey", MaxBody: maxAdminBody, Handle: h.RollKey},
		{Method: get, Path: "/api/v1/loans", Listeners: public, Right: authmethods.ViewServices, Operation: "listLoans", Handle: h.ListLoans},
		{Method: get, Path: "/api/v1/freezes", Listeners: public, Right: authmethods.ViewMethods, Operation: "listFreezes", Handle: h.ListFreezes},
		{Method: post, Path: "/api/v1/freezes", Listeners: public, Right: authmethods.ModifyFreezes, Operation: "freeze", MaxBody: maxAdminBody, Handle: h.Freeze},
		{Method: del, Path: "/api/v1/freezes/:id", Listeners: public, Right: authmethods.ModifyFreezes, Operation: "unfreeze", Handle: h.Unfreeze},
		{Method: get, Path: "/api/v1/audit-events", Listeners: public, Right: authmethods.ViewAudit, Operation: "listAuditEvents", Handle: h.ListEvents},
	}
}

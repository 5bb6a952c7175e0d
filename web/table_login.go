package web

import (
	"latchkey/authmethods"
	"latchkey/web/live"
	"latchkey/web/login"
	"latchkey/web/page"
	"latchkey/web/route"
)

// loginRoutes are for people who sign in, are signed in, or leave.
func (d Deps) loginRoutes() route.Table {
	h := &login.Handlers{SignIn: d.SignIn, Sessions: d.Sessions, Directory: d.Directory, Credentials: d.Credentials, PublicURL: d.PublicURL}
	f := &login.FirstRun{Tenants: d.Tenants, Directory: d.Directory, Credentials: d.Credentials, PublicURL: d.PublicURL}
	x := &login.Exchange{Sessions: d.Sessions, Tenants: d.Tenants}
	return route.Table{
		{Method: get, Path: "/api/sso/login/:reference", Listeners: public, Right: route.Open, Limit: route.SignIn, Operation: "startSignIn", Page: true, Handle: h.Start},
		{Method: get, Path: "/api/sso/login/oauth/callback", Listeners: public, Right: route.Open, Limit: route.Callback, Operation: "completeSignIn", Page: true, Handle: h.Callback},
		{Method: get, Path: "/sso/:id/try", Listeners: public, Right: authmethods.ViewConnectors, Operation: "trySignIn", Page: true, Handle: h.Try},
		{Method: get, Path: "/api/sso/session", Listeners: public, Right: route.Open, Limit: route.Session, Operation: "getSession", Quiet: true, Handle: h.Session},
		{Method: post, Path: "/api/sso/logout", Listeners: public, Right: route.Open, Operation: "signOut", Page: true, MaxBody: maxFormBody, Handle: h.Logout},
		{Method: post, Path: "/api/sso/logout/:reference", Listeners: public, Right: route.Open, Limit: route.Callback, Operation: "backChannelLogout", MaxBody: maxFormBody, Handle: h.BackChannelLogout},
		{Method: get, Path: "/.well-known/jwks.json", Listeners: public, Right: route.Open, Operation: "getIdentityKeys", Quiet: true, Handle: h.Keys},
		{Method: post, Path: "/internal/v1/sign-ins/exchange", Listeners: internal, Right: authmethods.Borrow, Limit: route.SignIn, Operation: "exchangeTicket", MaxBody: maxFormBody, Handle: x.Redeem},

		{Method: get, Path: "/login", Listeners: public, Right: route.Open, Operation: "showLogin", Page: true, Handle: h.Show},
		{Method: post, Path: "/login", Listeners: public, Right: route.Open, Limit: route.SignIn, Operation: "logIn", Page: true, MaxBody: maxFormBody, Handle: h.Login},
		{Method: get, Path: "/login/code", Listeners: public, Right: route.Open, Operation: "showLoginCode", Page: true, Handle: h.ShowCode},
		{Method: post, Path: "/login/code", Listeners: public, Right: route.Open, Limit: route.SignIn, Operation: "enterLoginCode", Page: true, MaxBody: maxFormBody, Handle: h.Code},
		{Method: get, Path: "/login/password", Listeners: public, Right: route.Open, Operation: "showExpiredPassword", Page: true, Handle: h.ShowChange},
		{Method: post, Path: "/login/password", Listeners: public, Right: route.Open, Limit: route.SignIn, Operation: "replaceExpiredPassword", Page: true, MaxBody: maxFormBody, Handle: h.Change},
		{Method: post, Path: "/login/passkey", Listeners: public, Right: route.Open, Limit: route.SignIn, Operation: "beginPasskeyLogin", Page: true, MaxBody: maxFormBody, Handle: h.BeginPasskeyLogin},
		{Method: post, Path: "/login/passkey/finish", Listeners: public, Right: route.Open, Limit: route.SignIn, Operation: "finishPasskeyLogin", Page: true, MaxBody: maxFormBody, Handle: h.FinishPasskeyLogin},
		{Method: post, Path: "/logout", Listeners: public, Right: route.Open, Operation: "logOut", Page: true, MaxBody: maxFormBody, Handle: h.Logout},
		{Method: get, Path: "/error/:ref", Listeners: public, Right: route.Open, Operation: "showRefusedSignIn", Page: true, Handle: h.Refused},
		{Method: get, Path: "/invitations/:secret", Listeners: public, Right: route.Open, Limit: route.SignIn, Operation: "showInvitation", Page: true, Handle: h.ShowInvitation},
		{Method: post, Path: "/invitations/:secret", Listeners: public, Right: route.Open, Limit: route.SignIn, Operation: "acceptInvitation", Page: true, MaxBody: maxFormBody, Handle: h.Accept},

		{Method: get, Path: login.FirstRunPath, Listeners: public, Right: route.Open, Operation: "showFirstRun", Page: true, Handle: f.Show},
		{Method: post, Path: login.FirstRunPath, Listeners: public, Right: route.Open, Limit: route.SignIn, Operation: "makeFirstWorkspace", Page: true, MaxBody: maxFormBody, Handle: f.Found},

		{Method: get, Path: "/events", Listeners: public, Right: route.Person, Operation: "followChanges", Aside: true, Quiet: true, Handle: (&live.Handlers{Hub: d.Live, Sessions: d.Sessions}).Events},
		{Method: get, Path: page.StayPath, Listeners: public, Right: route.Person, Operation: "getOwnSession", Quiet: true, Handle: h.Stay},
		{Method: get, Path: "/account", Listeners: public, Right: route.Person, Operation: "showAccount", Page: true, Handle: h.Account},
		{Method: post, Path: "/account/password", Listeners: public, Right: route.Person, Operation: "changeOwnPassword", Page: true, MaxBody: maxFormBody, Handle: h.ChangePassword},
		{Method: post, Path: "/account/codes", Listeners: public, Right: route.Person, Operation: "beginCodes", Page: true, MaxBody: maxFormBody, Handle: h.BeginCodes},
		{Method: post, Path: "/account/codes/confirm", Listeners: public, Right: route.Person, Operation: "confirmCodes", Page: true, MaxBody: maxFormBody, Handle: h.ConfirmCodes},
		{Method: post, Path: "/account/codes/remove", Listeners: public, Right: route.Person, Operation: "removeCodes", Page: true, MaxBody: maxFormBody, Handle: h.RemoveCodes},
		{Method: post, Path: "/account/passkeys", Listeners: public, Right: route.Person, Operation: "beginPasskey", Page: true, MaxBody: maxFormBody, Handle: h.BeginPasskey},
		{Method: post, Path: "/account/passkeys/finish", Listeners: public, Right: route.Person, Operation: "finishPasskey", Page: true, MaxBody: maxFormBody, Handle: h.FinishPasskey},
		{Method: post, Path: "/account/passkeys/:id/remove", Listeners: public, Right: route.Person, Operation: "removeOwnPasskey", Page: true, MaxBody: maxFormBody, Handle: h.RemovePasskey},
		{Method: post, Path: "/account/sessions/end", Listeners: public, Right: route.Person, Operation: "endOtherSessions", Page: true, MaxBody: maxFormBody, Handle: h.EndSessions},
		{Method: post, Path: "/account/sessions/:id/end", Listeners: public, Right: route.Person, Operation: "endOwnSession", Page: true, MaxBody: maxFormBody, Handle: h.EndSession},
	}
}

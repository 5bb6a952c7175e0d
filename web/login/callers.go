package login

import (
	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/session"
	"latchkey/web/route"
)

// person is the caller as whom somebody acts upon their own account.
func person(c *route.Call, u *sso.User) authmethods.Caller {
	actor := authmethods.Actor{Kind: authmethods.ActorPerson, ID: u.ID, Name: u.UserName}
	return authmethods.NewCaller(c.Tenant.ID, actor, nil, c.RequestID)
}

// presentCaller is the caller as whom somebody acts who is signed in.
func presentCaller(c *route.Call, p session.Present, rights authmethods.Rights) authmethods.Caller {
	actor := authmethods.Actor{Kind: authmethods.ActorPerson, ID: p.User.ID, Name: p.User.UserName}
	return authmethods.NewCaller(c.Tenant.ID, actor, rights, c.RequestID)
}

// service is the caller as whom a service of the platform acts in a tenant.
func service(c *route.Call, tenant authmethods.TenantID) authmethods.Caller {
	actor := authmethods.Actor{Kind: authmethods.ActorService, ID: c.Service.ID, Name: c.Service.Name}
	return authmethods.NewCaller(tenant, actor, nil, c.RequestID)
}

// founder is the caller as whom somebody makes their own user who just made the first
// tenant, by the link that the installation showed to its operator.
func founder(c *route.Call, tenant authmethods.TenantID) authmethods.Caller {
	return authmethods.NewCaller(tenant, firstActor, authmethods.OperatorRights, c.RequestID)
}

// firstActor is who has the link of an empty installation.
var firstActor = authmethods.Actor{Kind: authmethods.ActorPerson, Name: "first run"}

// provider is the caller as whom sessions end on a provider's word.
func provider(c *route.Call) authmethods.Caller {
	actor := authmethods.Actor{Kind: authmethods.ActorJob, Name: "back-channel logout"}
	return authmethods.NewCaller(c.Tenant.ID, actor, nil, c.RequestID)
}

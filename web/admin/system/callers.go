package system

import (
	"latchkey/authmethods"
	"latchkey/web/route"
)

// Within is the caller as whom an operator acts on a tenant from outside it. The route
// has asked for the right to operate before.
func Within(c *route.Call, tenant authmethods.TenantID) authmethods.Caller {
	return authmethods.NewCaller(tenant, c.Caller.Actor(), authmethods.OperatorRights, c.RequestID)
}

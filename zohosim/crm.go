package zohosim

import (
	"net/http"
	"strings"
)

// crm answers the few CRM calls that show whose token this is and in which environment it works.
func (s *Sim) crm(c *call) {
	a := s.liveAccess(c.bearer())
	if a == nil || a.grant.dc != c.dc || !s.rightCRMHost(c, a.grant) {
		s.crmError(c, nil, http.StatusUnauthorized, "INVALID_TOKEN", "invalid oauth token")
		return
	}
	_, path, _ := strings.Cut(strings.TrimPrefix(c.path, "/crm/v"), "/")
	scope := map[string]string{"org": "ZohoCRM.org.READ", "users": "ZohoCRM.users.READ", "Leads": "ZohoCRM.modules.Leads.READ"}[path]
	o := s.orgs[a.grant.orgs[CRM]]
	switch {
	case scope == "" || c.r.Method != http.MethodGet:
		s.crmError(c, a, http.StatusNotFound, "INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one")
	case !a.scopes.allows(scope):
		s.crmError(c, a, http.StatusUnauthorized, "OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL")
	case o == nil:
		s.crmError(c, a, http.StatusForbidden, "NO_PERMISSION", "permission denied")
	case path == "org":
		s.crmOrg(c, a, o)
	case path == "users":
		s.crmUsers(c, a, o)
	case len(o.leads) == 0:
		s.apiEvent(c, a, "ok")
		c.status = http.StatusNoContent
	default:
		s.apiEvent(c, a, "ok")
		c.json(http.StatusOK, map[string]any{"data": o.leads})
	}
}

// rightCRMHost keeps production, sandbox and developer tokens to the host of their environment.
func (s *Sim) rightCRMHost(c *call, g *grant) bool {
	switch s.environment(g, CRM) {
	case Sandbox:
		return c.host.kind == sandboxHost
	case Developer:
		return c.host.kind == developerHost
	}
	return c.host.kind == apiHost
}

func (s *Sim) crmError(c *call, a *accessToken, status int, code, message string) {
	s.apiEvent(c, a, code)
	c.json(status, map[string]any{"code": code, "details": record{}, "message": message, "status": "error"})
}

func (s *Sim) crmOrg(c *call, a *accessToken, o *orgState) {
	s.apiEvent(c, a, "ok")
	kind := or(o.Environment, Production)
	c.json(http.StatusOK, map[string]any{"org": []record{{"id": o.ID, "zgid": o.ID, "company_name": o.Name,
		"domain_name": o.Portal, "type": kind}}})
}

func (s *Sim) crmUsers(c *call, a *accessToken, o *orgState) {
	var list []record
	for _, u := range s.users {
		if u.org(o.ID) == nil || (c.form.Get("type") == "CurrentUser" && u != a.grant.user) {
			continue
		}
		list = append(list, record{"id": "5545974000000" + u.ZUID, "zuid": u.ZUID, "email": u.Email,
			"first_name": u.FirstName, "last_name": u.LastName, "full_name": u.DisplayName, "status": "active"})
	}
	s.apiEvent(c, a, "ok")
	if len(list) == 0 {
		c.status = http.StatusNoContent
		return
	}
	c.json(http.StatusOK, map[string]any{"users": list})
}

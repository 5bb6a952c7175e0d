package zohosim

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// orgState is an organisation with its records and what it has used up.
type orgState struct {
	Org
	dc       string
	tickets  []record
	contacts []record
	leads    []record
	day      string
	credits  int
	flight   int
}

type record map[string]any

// AddTicket adds a Desk ticket.
func (s *Sim) AddTicket(orgID, subject string) string {
	return s.addRecord(orgID, record{"subject": subject, "status": "Open"}, func(o *orgState) *[]record { return &o.tickets })
}

// AddContact adds a Desk contact.
func (s *Sim) AddContact(orgID, lastName, email string) string {
	return s.addRecord(orgID, record{"lastName": lastName, "email": email}, func(o *orgState) *[]record { return &o.contacts })
}

// AddLead adds a CRM lead.
func (s *Sim) AddLead(orgID, lastName, company string) string {
	return s.addRecord(orgID, record{"Last_Name": lastName, "Company": company}, func(o *orgState) *[]record { return &o.leads })
}

func (s *Sim) addRecord(orgID string, r record, list func(*orgState) *[]record) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.orgs[orgID]
	if o == nil {
		return ""
	}
	return s.keep(r, list(o))
}

func (s *Sim) keep(r record, list *[]record) string {
	id := s.newID()
	r["id"] = id
	*list = append(*list, r)
	if len(*list) > 10_000 { // a simulator left running must not fill up with somebody's tickets
		*list = (*list)[1:]
	}
	return id
}

// deskError is one row of Desk's error table.
func (s *Sim) deskError(c *call, a *accessToken, status int, code, message string) {
	s.apiEvent(c, a, code)
	c.json(status, map[string]any{"errorCode": code, "message": message})
}

func (s *Sim) desk(c *call) {
	a := s.deskToken(c)
	if a == nil {
		return
	}
	path := strings.TrimPrefix(c.path, "/api/v1")
	collection, id, _ := strings.Cut(strings.Trim(path, "/"), "/")
	wanted, known := deskScopes(collection, c.r.Method)
	switch {
	case !known || strings.Contains(id, "/"):
		s.deskError(c, a, http.StatusNotFound, "URL_NOT_FOUND", "The URL you requested could not be found.")
	case len(wanted) == 0:
		s.deskError(c, a, http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "The method is not allowed for this URL.")
	case !a.scopes.allows(wanted...):
		s.deskError(c, a, http.StatusForbidden, "SCOPE_MISMATCH", "The OAuth Token does not contain the scope to perform this operation.")
	case collection == "organizations":
		s.deskOrganizations(c, a, id)
	default:
		if o := s.deskOrg(c, a); o != nil && s.charge(c, a, o, id == "" && collection != "myinfo") {
			s.deskCollection(c, a, o, collection, id)
		}
	}
}

func deskScopes(collection, method string) (wanted []string, known bool) {
	orgs := []string{"Desk.basic.READ", "Desk.organization.READ", "Desk.settings.READ"}
	table := map[string]map[string][]string{
		"organizations":           {"GET": orgs},
		"accessibleOrganizations": {"GET": orgs},
		"myinfo":                  {"GET": {"Desk.basic.READ", "Desk.settings.READ"}},
		"agents":                  {"GET": {"Desk.agents.READ", "Desk.basic.READ", "Desk.settings.READ"}},
		"departments":             {"GET": {"Desk.departments.READ", "Desk.basic.READ", "Desk.settings.READ"}},
		"tickets":                 {"GET": {"Desk.tickets.READ"}, "POST": {"Desk.tickets.CREATE", "Desk.tickets.WRITE"}},
		"contacts":                {"GET": {"Desk.contacts.READ"}, "POST": {"Desk.contacts.CREATE", "Desk.contacts.WRITE"}},
	}
	methods, known := table[collection]
	return methods[method], known
}

// deskToken finds the token of the call, or answers 401. A token of another data centre is as
// unknown as a made-up one.
func (s *Sim) deskToken(c *call) *accessToken {
	if c.bearer() == "" {
		s.deskError(c, nil, http.StatusUnauthorized, "UNAUTHORIZED", "You are not authenticated to perform this operation.")
		return nil
	}
	a := s.liveAccess(c.bearer())
	if a != nil && a.grant.dc == c.dc {
		return a
	}
	if s.sw.DeskHTML401 {
		s.apiEvent(c, nil, "html")
		c.page(http.StatusUnauthorized, pageError, errorPage("en", "expired", ""))
		return nil
	}
	s.deskError(c, nil, http.StatusUnauthorized, "INVALID_OAUTH", "The OAuth Token you provided is invalid.")
	return nil
}

// deskOrg applies the rules of the orgId header and returns the organisation of the token.
func (s *Sim) deskOrg(c *call, a *accessToken) *orgState {
	bound, named := a.grant.orgs[Desk], c.r.Header.Get("orgId")
	if named == "" && s.sw.OrgIDRequired {
		s.deskError(c, a, http.StatusUnprocessableEntity, "UNPROCESSABLE_ENTITY", "The orgId header is missing.")
		return nil
	}
	if named != "" {
		if _, err := strconv.ParseUint(named, 10, 64); err != nil {
			s.deskError(c, a, http.StatusInternalServerError, "INTERNAL_SERVER_ERROR", "An internal server error occurred.")
			return nil
		}
	}
	o := s.orgs[bound]
	if o == nil || (named != "" && named != bound) {
		s.deskError(c, a, http.StatusForbidden, "OAUTH_ORG_MISMATCH", "The OAuthToken is not valid for specified organization.")
		return nil
	}
	if u := a.grant.user; u != nil && !a.grant.orgLevel && u.org(bound) == nil {
		s.deskError(c, a, http.StatusForbidden, "FORBIDDEN", "You are not authorized to access this resource.")
		return nil
	}
	return o
}

// charge takes the credits of a call and its place among the concurrent ones.
func (s *Sim) charge(c *call, a *accessToken, o *orgState, list bool) bool {
	now := s.clock.Now().UTC()
	if today := now.Format(time.DateOnly); o.day != today {
		o.day, o.credits = today, 0
	}
	weight := 1
	if list && c.r.Method == http.MethodGet {
		weight = listWeight(c.form.Get("from"))
	}
	limit, concurrency := or(s.sw.DeskCreditsPerDay, 50_000), or(s.sw.DeskConcurrency, 10)
	if concurrency > 0 && o.flight >= concurrency {
		s.deskError(c, a, http.StatusTooManyRequests, "TOO_MANY_REQUESTS", "The number of concurrent requests has exceeded the limit.")
		return false
	}
	if limit > 0 && o.credits+weight > limit {
		midnight := now.Truncate(24 * time.Hour).Add(24 * time.Hour)
		s.deskError(c, a, http.StatusTooManyRequests, "THRESHOLD_EXCEEDED", "The API credits of the day are used up.")
		c.header.Set("Retry-After", strconv.Itoa(int(midnight.Sub(now)/time.Second)))
		return false
	}
	o.credits += weight
	o.flight++
	c.after = append(c.after, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		o.flight--
	})
	c.header.Set("X-Rate-Limit-Remaining-v3", strconv.Itoa(max(limit-o.credits, 0)))
	c.header.Set("X-Rate-Limit-Request-Weight-v3", strconv.Itoa(weight))
	return true
}

// listWeight is what a page of a list costs: more, the further it reaches into the list.
func listWeight(from string) int {
	offset, _ := strconv.Atoi(from) // no number counts as the first page
	for _, step := range []struct{ from, weight int }{{5000, 100}, {2000, 50}, {1000, 10}, {500, 5}} {
		if offset >= step.from {
			return step.weight
		}
	}
	return 3
}

func (s *Sim) deskOrganizations(c *call, a *accessToken, id string) {
	var list []record
	for _, o := range s.deskOrgsOf(a) {
		list = append(list, s.deskOrganization(o))
		if o.ID == id {
			s.apiEvent(c, a, "ok")
			c.json(http.StatusOK, s.deskOrganization(o))
			return
		}
	}
	if id != "" {
		s.deskError(c, a, http.StatusForbidden, "FORBIDDEN", "You are not authorized to access this resource.")
		return
	}
	s.deskList(c, a, list)
}

// deskOrgsOf lists what /organizations shows: the portals of the user, or the one the grant was
// made for when nobody stands behind it any more.
func (s *Sim) deskOrgsOf(a *accessToken) []Org {
	if a.grant.user != nil && len(a.grant.user.orgsOf(Desk)) > 0 {
		return a.grant.user.orgsOf(Desk)
	}
	if o := s.orgs[a.grant.orgs[Desk]]; o != nil && a.grant.orgLevel {
		return []Org{o.Org}
	}
	return nil
}

func (s *Sim) deskOrganization(o Org) record {
	origin := s.origin(s.centre(s.orgs[o.ID].dc).desk)
	return record{"id": o.ID, "companyName": o.Name, "portalName": o.Portal, "portalURL": origin + "/portal/" + o.Portal,
		"isDefault": s.boolean(o.Default), "isAdminInOrg": s.boolean(o.Admin), "edition": "ENTERPRISE",
		"isSandboxPortal": s.boolean(o.Environment == Sandbox)}
}

func (s *Sim) boolean(b bool) any {
	if s.sw.StringBooleans {
		return strconv.FormatBool(b)
	}
	return b
}

func (s *Sim) deskCollection(c *call, a *accessToken, o *orgState, collection, id string) {
	var list []record
	switch collection {
	case "accessibleOrganizations":
		member := o.Org
		if a.grant.user != nil && a.grant.user.org(o.ID) != nil {
			member = *a.grant.user.org(o.ID)
		}
		list = []record{s.deskOrganization(member)}
	case "myinfo":
		s.deskMyInfo(c, a)
		return
	case "agents":
		for _, u := range s.users {
			if u.org(o.ID) != nil {
				list = append(list, deskAgent(u))
			}
		}
	case "departments":
		list = []record{{"id": "1892000000006907", "name": o.Name, "isEnabled": s.boolean(true), "isDefault": s.boolean(true)}}
	case "tickets", "contacts":
		records, required := &o.tickets, "subject"
		if collection == "contacts" {
			records, required = &o.contacts, "lastName"
		}
		if c.r.Method == http.MethodPost {
			s.deskCreate(c, a, records, required)
			return
		}
		list = *records
	}
	if id == "" {
		s.deskList(c, a, list)
		return
	}
	for _, r := range list {
		if r["id"] == id {
			s.apiEvent(c, a, "ok")
			c.json(http.StatusOK, r)
			return
		}
	}
	s.deskError(c, a, http.StatusNotFound, "URL_NOT_FOUND", "The URL you requested could not be found.")
}

func deskAgent(u *User) record {
	return record{"id": "18920000000" + u.ZUID, "zuid": u.ZUID, "emailId": u.Email, "firstName": u.FirstName,
		"lastName": u.LastName, "name": u.DisplayName, "status": "ACTIVE", "isConfirmed": true,
		"roleId": "1892000000006884", "rolePermissionType": "Admin", "associatedDepartmentIds": []string{"1892000000006907"},
		"profile": record{"id": "1892000000006889", "name": "Support Administrator"}}
}

func (s *Sim) deskMyInfo(c *call, a *accessToken) {
	if a.grant.user == nil {
		s.deskError(c, a, http.StatusForbidden, "FORBIDDEN", "You are not authorized to access this resource.")
		return
	}
	s.apiEvent(c, a, "ok")
	c.json(http.StatusOK, deskAgent(a.grant.user))
}

// deskList answers a page of a list, and 204 when there is nothing on it.
func (s *Sim) deskList(c *call, a *accessToken, list []record) {
	from, _ := strconv.Atoi(c.form.Get("from"))
	limit, err := strconv.Atoi(or(c.form.Get("limit"), "50"))
	if err != nil || limit < 1 || limit > 200 || from < 0 {
		s.apiEvent(c, a, "UNPROCESSABLE_ENTITY")
		c.json(http.StatusUnprocessableEntity, map[string]any{"errorCode": "UNPROCESSABLE_ENTITY", "message": "Extra query parameter",
			"errors": []record{{"fieldName": "/limit", "errorType": "invalid", "errorMessage": ""}}})
		return
	}
	s.apiEvent(c, a, "ok")
	list = list[min(from, len(list)):]
	list = list[:min(limit, len(list))]
	if len(list) == 0 {
		c.status = http.StatusNoContent
		return
	}
	c.json(http.StatusOK, map[string]any{"data": list})
}

func (s *Sim) deskCreate(c *call, a *accessToken, list *[]record, required string) {
	var r record
	if err := json.NewDecoder(c.r.Body).Decode(&r); err != nil || r == nil {
		s.deskError(c, a, http.StatusUnprocessableEntity, "EMPTY_PAYLOAD", "The payload is empty or is not JSON.")
		return
	}
	if text, _ := r[required].(string); text == "" {
		s.apiEvent(c, a, "INVALID_DATA")
		c.json(http.StatusUnprocessableEntity, map[string]any{"errorCode": "INVALID_DATA", "message": "The data is invalid.",
			"errors": []record{{"fieldName": "/" + required, "errorType": "missing", "errorMessage": ""}}})
		return
	}
	s.keep(r, list)
	s.apiEvent(c, a, "ok")
	c.json(http.StatusOK, r)
}

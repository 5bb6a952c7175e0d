package zohosim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Environments of an organisation.
const (
	Production = "production"
	Sandbox    = "sandbox"
	Developer  = "developer"
)

// Products that have organisations.
const (
	Desk = "desk"
	CRM  = "crm"
)

// Client types of the API console.
const (
	ServerClient = "server"
	JSClient     = "client"
	MobileClient = "mobile"
	SelfClient   = "self"
	DeviceClient = "device"
)

// User is a Zoho account. AddUser fills an empty ZUID and DisplayName.
type User struct {
	Email         string `json:"email"`
	DC            string `json:"dc"`
	ZUID          string `json:"zuid"`
	EmailVerified bool   `json:"email_verified"`
	FirstName     string `json:"first_name"`
	LastName      string `json:"last_name"`
	DisplayName   string `json:"display_name"`
	Orgs          []Org  `json:"orgs"`
}

// Org is one organisation (a Desk portal, a CRM org) a user belongs to. The same ID may be given
// to several users, who then share its tickets.
type Org struct {
	ID          string `json:"id"`
	Product     string `json:"product"`
	Name        string `json:"name"`
	Environment string `json:"environment"`
	Portal      string `json:"portal"`
	Default     bool   `json:"default"`
	Admin       bool   `json:"admin"`
}

// Client is an application registered in the API console. Secrets, where it has an entry for a
// data centre, replaces Secret there. An empty EnabledDCs of a multi-DC client means all, and
// empty AllowedScopes means every scope Zoho knows.
type Client struct {
	ID            string            `json:"id"`
	Name          string            `json:"name"`
	Secret        string            `json:"secret"`
	Secrets       map[string]string `json:"secrets"`
	Type          string            `json:"type"`
	HomeDC        string            `json:"home_dc"`
	MultiDC       bool              `json:"multi_dc"`
	EnabledDCs    []string          `json:"enabled_dcs"`
	RedirectURIs  []string          `json:"redirect_uris"`
	AllowedScopes []string          `json:"allowed_scopes"`
	// Owner is the e-mail address of the user a self client belongs to; its client_credentials
	// tokens act for this user's organisations.
	Owner string `json:"owner"`
}

func (u *User) key() string { return u.DC + "/" + u.ZUID }

func (u *User) org(id string) *Org {
	for i := range u.Orgs {
		if u.Orgs[i].ID == id {
			return &u.Orgs[i]
		}
	}
	return nil
}

func (u *User) orgsOf(product string) []Org {
	var list []Org
	for _, o := range u.Orgs {
		if o.Product == product {
			list = append(list, o)
		}
	}
	return list
}

func (c *Client) secret(dc string) string {
	if secret, ok := c.Secrets[dc]; ok {
		return secret
	}
	return c.Secret
}

func (c *Client) enabledIn(dc string) bool {
	if dc == c.HomeDC {
		return true
	}
	return c.MultiDC && (len(c.EnabledDCs) == 0 || slices.Contains(c.EnabledDCs, dc))
}

// AddUser adds an account, or replaces the one with the same e-mail address, and returns it with
// what was filled in.
func (s *Sim) AddUser(u User) (User, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.centre(u.DC) == nil {
		return User{}, fmt.Errorf("adding user %s: unknown data centre %q", u.Email, u.DC)
	}
	if u.ZUID == "" {
		s.nextZUID++
		u.ZUID = strconv.Itoa(s.nextZUID)
	}
	u.DisplayName = or(u.DisplayName, strings.TrimSpace(u.FirstName+" "+u.LastName))
	u.DisplayName = or(u.DisplayName, u.Email)
	u.Orgs = slices.Clone(u.Orgs)
	for i := range u.Orgs {
		o := &u.Orgs[i]
		o.Product, o.Environment = or(o.Product, Desk), or(o.Environment, Production)
		o.Portal = or(o.Portal, strings.ToLower(strings.ReplaceAll(o.Name, " ", "")))
		if s.orgs[o.ID] == nil {
			s.orgs[o.ID] = &orgState{dc: u.DC}
		}
		s.orgs[o.ID].Org = *o
	}
	if i := slices.IndexFunc(s.users, func(have *User) bool { return have.Email == u.Email }); i >= 0 {
		*s.users[i] = u
		return u, nil
	}
	s.users = append(s.users, &u)
	return u, nil
}

// AddClient registers an application, or replaces the one with the same ID.
func (s *Sim) AddClient(c Client) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Type, c.HomeDC, c.Name = or(c.Type, ServerClient), or(c.HomeDC, "us"), or(c.Name, "An application")
	for _, dc := range append([]string{c.HomeDC}, c.EnabledDCs...) {
		if s.centre(dc) == nil {
			return fmt.Errorf("adding client %s: unknown data centre %q", c.ID, dc)
		}
	}
	if c.ID == "" {
		return fmt.Errorf("adding client %s: it has no ID", c.Name)
	}
	if have := s.clients[c.ID]; have != nil {
		*have = c
		return nil
	}
	s.clients[c.ID] = &c
	return nil
}

// user finds an account by e-mail address or ZUID.
func (s *Sim) user(name string) *User {
	for _, u := range s.users {
		if strings.EqualFold(u.Email, name) || u.ZUID == name {
			return u
		}
	}
	return nil
}
